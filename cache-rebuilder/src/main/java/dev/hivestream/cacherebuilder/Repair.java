package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Guard;
import dev.hivestream.runtime.cache.Keys;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Mends a slot's cache while its owner may be at work. What is right is folded from the log first; then the guard is
 * taken, the fold goes on to the stored checkpoint, and snapshots and a new checkpoint are written, on condition that the
 * checkpoint is still that one. The new checkpoint's nonce tells the owner.
 */
final class Repair {

    private static final Logger LOG = LoggerFactory.getLogger(Repair.class);
    private static final int ATTEMPTS = 5;
    private static final int MENDED_AT_ONCE = 500;

    private final Cache cache;
    private final Guard guard;
    private final Replay replay;
    private final Log log;
    private final Folder folder;
    private final HiveProperties hive;
    private final RebuilderProperties properties;

    Repair(Cache cache, Guard guard, Replay replay, Log log, Folder folder, HiveProperties hive,
            RebuilderProperties properties) {
        this.cache = cache;
        this.guard = guard;
        this.replay = replay;
        this.log = log;
        this.folder = folder;
        this.hive = hive;
        this.properties = properties;
    }

    /** Mends the snapshots of some ids, and the checkpoint. */
    <S, E> void mend(Folded<S, E> served, Slot slot, String generation, Set<String> ids) {
        boolean mended = false;
        for (int attempt = 0; attempt < ATTEMPTS && !mended; attempt++) {
            var right = new Right<>(served, slot);
            right.foldTo(place(slot, stored(slot, generation)), ids);
            Guard.Held held = guard.lock(List.of(Keys.lock(slot)));
            try {
                mended = write(right, slot, generation, ids);
            } finally {
                held.release();
            }
        }
        if (!mended) {
            LOG.warn("{} was not mended: its owner was always faster", slot);
        }
        // a checkpoint that was set back, or starts at 0, is still behind
        folder.fold(Map.of(replay.slot(served, slot, generation, properties.memoryBytes() / properties.workers(),
                Replay.Poisoned.KEEP_OUT, true), log.end(slot)));
    }

    /** The position of the checkpoint; the beginning of the log if the checkpoint is invalid. */
    private long place(Slot slot, byte @Nullable [] stored) {
        Checkpoint checkpoint = read(stored);
        long end = log.end(slot);
        return checkpoint == null || checkpoint.next() > end ? 0 : checkpoint.next();
    }

    private byte @Nullable [] stored(Slot slot, String generation) {
        return cache.load(slot, "", generation, List.of()).checkpoint();
    }

    /** False if the checkpoint changed meanwhile. */
    private <S, E> boolean write(Right<S, E> right, Slot slot, String generation, Set<String> ids) {
        byte[] expected = stored(slot, generation);
        long place = place(slot, expected);
        if (place < right.reached) {
            return false;
        }
        right.foldTo(place, ids);
        Checkpoint next = Checkpoint.at(place, right.command);
        Map<String, @Nullable StoredSnapshot> step = new LinkedHashMap<>();
        for (String id : ids) {
            Snapshot<S> snapshot = right.snapshots.get(id);
            step.put(id,
                    snapshot == null || Comparison.isNone(snapshot) ? null : right.served.snapshots().write(snapshot));
            if (step.size() == MENDED_AT_ONCE) {
                // each step has its own nonce: if a failover loses a step, the next one fails
                Checkpoint part = next.renewed();
                if (!cache.mend(slot, generation, expected, part, step)) {
                    return false;
                }
                expected = part.bytes();
                step.clear();
            }
        }
        return cache.mend(slot, generation, expected, next, step);
    }

    private static @Nullable Checkpoint read(byte @Nullable [] stored) {
        try {
            return stored == null ? null : Checkpoint.read(stored);
        } catch (JacksonException e) {
            return null;
        }
    }

    /** What the log says of some aggregates, up to a position. */
    private final class Right<S, E> {
        private final Folded<S, E> served;
        private final Slot slot;
        private final Fold<S, E> fold;
        private final Map<String, Snapshot<S>> snapshots = new HashMap<>();
        private Position command = Position.NONE;
        private long reached;

        private Right(Folded<S, E> served, Slot slot) {
            this.served = served;
            this.slot = slot;
            this.fold = served.fold(hive.decide().remembered(), Replay.Poisoned.KEEP_OUT);
        }

        private void foldTo(long end, Set<String> ids) {
            replay.read(log.events(slot), reached, end, records -> {
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    command = Fold.advance(command, record);
                    String id = Fold.id(record);
                    if (id != null && ids.contains(id)) {
                        fold.apply(snapshots.computeIfAbsent(id, first -> served.snapshots().read(first, null)),
                                record);
                    }
                }
                return true;
            });
            reached = Math.max(reached, end);
        }
    }
}
