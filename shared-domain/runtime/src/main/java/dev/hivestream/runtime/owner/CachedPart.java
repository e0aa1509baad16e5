package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.CatchUp;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.trace.Traces;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A part of a batch with what the cache holds of the ids that its records are about. Not thread-safe.
 *
 * @param <S> what is cached
 */
public abstract class CachedPart<S> implements Attempt.Part {

    private static final Logger LOG = LoggerFactory.getLogger(CachedPart.class);

    private final SnapshotCodec<S> codec;
    private final Ownership.Owned owned;
    private final CatchUp.Reflected reflected;
    private final Traces traces;
    private final List<Traces.Handling> handlings = new ArrayList<>();
    private Traces.@Nullable Handling handling;
    private final List<Incoming> records = new ArrayList<>();
    private final Map<String, Snapshot<S>> snapshots = new HashMap<>();
    private Map<String, byte @Nullable []> stored = Map.of();

    /** @throws NotReady if what the cache reflects is not known now */
    protected CachedPart(SnapshotCodec<S> codec, Ownership.Owned owned, Traces traces) {
        this.codec = codec;
        this.owned = owned;
        this.traces = traces;
        this.reflected = owned.reflected();
    }

    @Override
    public final Ownership.Owned owned() {
        return owned;
    }

    /** What the cache reflected when the batch began. */
    protected final CatchUp.Reflected reflected() {
        return reflected;
    }

    @Override
    public final void add(Incoming record) {
        records.add(record);
    }

    /** The records, in order. */
    protected final List<Incoming> records() {
        return records;
    }

    @Override
    public final Set<String> ids() {
        Set<String> ids = new LinkedHashSet<>();
        for (Incoming record : records) {
            try {
                ids.add(Ids.require("key", record.key()));
            } catch (Malformed e) {
                LOG.debug("{} has no key that is an id", record);
            }
        }
        return ids;
    }

    @Override
    public final boolean load(Cache cache) {
        Set<String> ids = ids();
        Cache.Loaded loaded = cache.load(owned.slot(), reflected.fingerprint(), reflected.generation(), ids);
        Map<String, byte @Nullable []> byId = new HashMap<>();
        int i = 0;
        for (String id : ids) {
            byId.put(id, loaded.snapshots().get(i++));
        }
        stored = byId;
        return loaded.isAt(reflected.watermark()) && reflected.generation().equals(loaded.active());
    }

    /**
     * The snapshot of an id, as this batch has left it.
     *
     * @throws SnapshotCodec.Unreadable if it was changed behind our back
     */
    protected final Snapshot<S> snapshot(String id) {
        return snapshots.computeIfAbsent(id, missing -> codec.read(missing, stored.get(missing)));
    }

    /** Goes back to what was loaded. */
    protected final void startOver() {
        snapshots.clear();
        // never ended, never told
        handlings.clear();
    }

    /** Begins with a record; gives it as the cause of what follows from it. */
    protected final Incoming traced(Incoming record) {
        handling = traces.begin("process", record);
        if (handling == null) {
            return record;
        }
        handlings.add(handling);
        return handling.record();
    }

    /** What became of the record that was begun with last. */
    protected final void outcome(String outcome) {
        if (handling != null) {
            handling.outcome(outcome);
        }
    }

    @Override
    public final void ended(boolean committed) {
        handlings.forEach(ended -> ended.end(committed));
    }
}
