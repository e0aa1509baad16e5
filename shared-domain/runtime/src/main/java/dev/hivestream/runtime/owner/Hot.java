package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.cache.Snapshot;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of a partition that were used last, as they are in the cache as long as it has the checkpoint that is
 * expected: a batch that finds it there need not read them again. Belongs to the partition's user.
 */
final class Hot {

    /** Objects around what takes so many bytes as JSON. */
    private static final long OVERHEAD = 300;

    private record Kept(Snapshot<?> snapshot, long bytes) {}

    private final LongSupplier limit;
    private final LinkedHashMap<String, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    /** @param limit roughly what all snapshots may take in memory, in bytes */
    Hot(LongSupplier limit) {
        this.limit = limit;
    }

    /** The snapshot of an id, which must not be changed; null if it is not here. */
    @Nullable
    Snapshot<?> get(String id) {
        Kept found = kept.get(id);
        return found == null ? null : found.snapshot;
    }

    boolean has(String id) {
        return kept.containsKey(id);
    }

    /**
     * Keeps a snapshot, and lets those go that were not used for longest.
     *
     * @param json how long it is as it is stored
     */
    void put(String id, Snapshot<?> snapshot, int json) {
        Kept after = new Kept(snapshot, OVERHEAD + snapshot.stateBytes(json) + snapshot.bytes());
        Kept before = kept.put(id, after);
        bytes += after.bytes - (before == null ? 0 : before.bytes);
        Iterator<Map.Entry<String, Kept>> oldest = kept.entrySet().iterator();
        while (bytes > limit.getAsLong() && oldest.hasNext()) {
            bytes -= oldest.next().getValue().bytes;
            oldest.remove();
        }
    }
}
