package dev.hivestream.runtime.log;

import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Indexed;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One slot of one generation while its log is folded into it. Snapshots are kept in memory, up to a bound, and written in
 * steps of bounded size. The steps are a chain: each stores the checkpoint's position with a new nonce, on condition that
 * the stored bytes are those of the step before, and the last step advances the position. So a step that was lost, to a
 * failover of Redis or to another writer, is noticed by the next one, which changes nothing; what is in memory is dropped
 * then, and the fold resumes from what is stored. Killed in between, it leaves snapshots that are ahead of the checkpoint,
 * which the next fold skips by their version. Not thread-safe.
 *
 * @param <S> state
 * @param <E> events
 */
public final class SlotFold<S, E> {

    private static final Logger LOG = LoggerFactory.getLogger(SlotFold.class);
    private static final int STEP_SNAPSHOTS = 500;
    private static final int STEP_BYTES = 1024 * 1024;
    private static final int LOADED_AT_ONCE = 1_000;
    private static final long FIRST_REST_MILLIS = 20;
    private static final long LONGEST_REST_MILLIS = 2_000;
    private static final int LONGEST_REST_BITS = 7;
    /** What the map, the id and the headers of the objects take, roughly. */
    private static final int HELD_BYTES = 140;
    /** Objects take more than the JSON that they are written as, roughly so many times. */
    private static final int STATE_FACTOR = 2;
    /** Before it was written for the first time. */
    private static final int STATE_UNKNOWN = 200;

    private final Folded<S, E> served;
    private final Slot slot;
    private final String generation;
    private final Cache cache;
    private final Fold<S, E> fold;
    private final Replay.Poisoned found;
    private final Set<String> suspects;
    private long memory;
    private final TopicPartition events;
    private final boolean anew;

    private final Map<String, Held<S>> aggregates = new HashMap<>();
    private final Set<String> loaded = new LinkedHashSet<>();
    private long bytes;
    private int round;
    /** Whether every aggregate with events is in memory, so that one that is not has none. */
    private boolean whole;
    /** What this pass has read of aggregates that are not in memory any more. */
    private final ReadVersions letGo = new ReadVersions();
    /** Whether {@link #letGo} was forgotten. */
    private boolean isReleased;
    /** Whether this pass has read the log from its beginning, so that it has read all versions of every snapshot. */
    private boolean isComplete;

    private @Nullable Checkpoint at;
    /** What the last step stores, as long as its outcome is not known. */
    private @Nullable Checkpoint intended;
    /** Where a write has got to. */
    private @Nullable Iterator<Map.Entry<String, Held<S>>> unwritten;
    /** Writes that were overtaken since the last one that was completed. */
    private int overtaken;
    /** Asked by others too, for progress. */
    private volatile long next;
    /** Leader epoch of what was read last, or {@link Position#UNKNOWN_EPOCH}. */
    private int epoch = Position.UNKNOWN_EPOCH;
    private Position command = Position.NONE;
    private long written = System.nanoTime();

    /** What became of a step. */
    enum Step {
        /** Snapshots were written, and more are left. */
        WRITTEN,
        /** The position has advanced. */
        ADVANCED,
        /** Something else than the step before is stored; nothing was changed. */
        OVERTAKEN
    }

    private static final class Held<S> {
        private final Snapshot<S> snapshot;
        private int state;
        private boolean changed;
        private int round;
        /** Of what this pass has read of it. */
        private final VersionOrder order = new VersionOrder();

        private Held(Snapshot<S> snapshot, int state, int round) {
            this.snapshot = snapshot;
            this.state = state;
            this.round = round;
        }

        private long bytes() {
            return snapshot.bytes() + state;
        }

        private void written() {
            snapshot.stored();
            changed = false;
        }
    }

    SlotFold(Folded<S, E> served, Slot slot, String generation, Cache cache, Fold<S, E> fold,
            Replay.Poisoned found, Set<String> suspects, long memory, boolean anew) {
        this.anew = anew;
        this.served = served;
        this.slot = slot;
        this.generation = generation;
        this.cache = cache;
        this.fold = fold;
        this.found = found;
        this.suspects = suspects;
        this.memory = memory;
        this.events = new TopicPartition(served.log(), slot.partition());
    }

    /** Changes what its snapshots may take, in bytes, roughly. */
    public void limit(long bytesAtMost) {
        memory = bytesAtMost;
    }

    /** Lets go of what is in memory and was written. */
    public void release() {
        whole = false;
        evict(held -> !held.changed);
        letGo.clear();
        isReleased = true;
    }

    /** The partition that is folded. */
    public TopicPartition events() {
        return events;
    }

    public Slot slot() {
        return slot;
    }

    public String generation() {
        return generation;
    }

    /** The position to fold next. */
    public long next() {
        return next;
    }

    /** Leader epoch of what is before {@link #next}, or {@link Position#UNKNOWN_EPOCH}. */
    int epoch() {
        return epoch;
    }

    /**
     * The log lost events that had been committed, and the cache reflects them.
     *
     * @param why what the log has instead
     * @return to be thrown
     */
    RuntimeException leadsLog(String why, @Nullable Throwable cause) {
        String reflects = "The cache of " + slot + " in " + generation + " reflects " + events + " up to " + next
                + (epoch < 0 ? "" : " in leader epoch " + epoch) + ", but " + why
                + ": the log lost committed events";
        return anew
                ? new StartRefused(reflects + ". To build another generation: rebuild --restart")
                : new SnapshotCodec.Unreadable(reflects, cause);
    }

    /** The checkpoint that is stored, as far as is known. */
    public @Nullable Checkpoint checkpoint() {
        return at;
    }

    /**
     * Takes up the work where the stored checkpoint says; what is in memory stays if it is the checkpoint known here.
     *
     * @throws SnapshotCodec.Unreadable if something else is in the checkpoint's place
     */
    public void take() {
        Checkpoint stored;
        try {
            stored = readable();
        } catch (SnapshotCodec.Unreadable e) {
            begin(e);
            return;
        }
        if (stored != null && stored.equals(at)) {
            return;
        }
        if (stored != null && at != null && stored.equals(intended) && stored.next() == at.next()) {
            // a step whose outcome is unknown; its snapshots are written again
            at = stored;
            intended = null;
            unwritten = null;
            return;
        }
        // what was folded since is not in it: then all is read again from there
        if (stored != null && stored.equals(intended) && stored.next() == next) {
            reached(stored);
            return;
        }
        if (stored != null) {
            begin(stored, false);
            return;
        }
        Checkpoint beginning = Checkpoint.at(0, Position.NONE);
        if (cache.write(slot, generation, null, beginning, Map.of(), List.of())) {
            begin(beginning, true);
        } else {
            take();
        }
    }

    /**
     * The stored checkpoint. One that says the same in other bytes than are written here is rewritten: no write on condition
     * of it would ever succeed.
     */
    private @Nullable Checkpoint readable() {
        byte[] found = cache.load(slot, "", generation, List.of()).checkpoint();
        if (found == null) {
            return null;
        }
        Checkpoint stored = Cache.readCheckpoint(slot, generation, found);
        if (Arrays.equals(found, stored.bytes())) {
            return stored;
        }
        Checkpoint same = stored.renewed();
        return cache.mend(slot, generation, found, same, Map.of()) ? same : readable();
    }

    /**
     * Resumes after another fold has written the slot. Waits while that fold is between its steps, which all have the same
     * position: two folds that write their steps at the same time could break each other's chain forever. The wait grows with
     * each write that was overtaken.
     *
     * @param stop polled while waiting
     */
    public void retake(BooleanSupplier stop) {
        long rest = Math.min(LONGEST_REST_MILLIS, FIRST_REST_MILLIS << Math.min(overtaken, LONGEST_REST_BITS));
        try {
            Checkpoint before = at;
            Checkpoint now = cache.checkpoint(slot, generation);
            while (before != null && now != null && now.next() == before.next() && !now.equals(before)
                    && !stop.getAsBoolean()) {
                TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextLong(rest / 2, rest));
                before = now;
                now = cache.checkpoint(slot, generation);
            }
        } catch (SnapshotCodec.Unreadable e) {
            LOG.debug("The checkpoint of {} cannot be read; take() handles that", slot, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("Interrupted while waiting for another writer of " + slot);
        }
        take();
    }

    /** Begins at the log's beginning; what is stored is written over, whatever it is. */
    private void begin(SnapshotCodec.Unreadable damage) {
        if (!anew) {
            throw damage;
        }
        LOG.warn("Rebuilding {} in {} from the log: {}", slot, generation, damage.getMessage());
        Checkpoint beginning = Checkpoint.at(0, Position.NONE);
        if (!cache.mend(slot, generation, cache.load(slot, "", generation, List.of()).checkpoint(), beginning,
                Map.of())) {
            take();
            return;
        }
        begin(beginning, true);
    }

    private void begin(Checkpoint stored, boolean fromNothing) {
        aggregates.clear();
        bytes = 0;
        intended = null;
        unwritten = null;
        letGo.clear();
        isReleased = false;
        isComplete = fromNothing;
        whole = fromNothing;
        at = stored;
        next = stored.next();
        epoch = stored.epoch();
        command = stored.commandPosition();
        written = System.nanoTime();
    }

    /** As {@link #fold(List, long, int)}, up to the last of the records. */
    public boolean fold(List<ConsumerRecord<byte[], byte[]>> records, long position) {
        return fold(records, position,
                records.isEmpty()
                        ? Position.UNKNOWN_EPOCH
                        : records.getLast().leaderEpoch().orElse(Position.UNKNOWN_EPOCH));
    }

    /**
     * Folds records in memory.
     *
     * @param position behind the last of them, which may be beyond it: markers of transactions are no records
     * @param leaderEpoch of what is before the position, or {@link Position#UNKNOWN_EPOCH}
     * @return false if the stored checkpoint changed meanwhile: {@link #take()} and read from there again
     * @throws SnapshotCodec.Unreadable if a stored snapshot cannot be read
     */
    public boolean fold(List<ConsumerRecord<byte[], byte[]>> records, long position, int leaderEpoch) {
        unwritten = null;
        try {
            if (!load(records)) {
                overtaken++;
                return false;
            }
        } catch (SnapshotCodec.Unreadable e) {
            begin(e);
            return false;
        }
        for (ConsumerRecord<byte[], byte[]> event : records) {
            String id = Fold.id(event);
            Recorded recorded = new Recorded(event);
            if (id == null) {
                LOG.error("The record at {}/{}/{} has no key and belongs to no aggregate; it is passed over",
                        event.topic(), event.partition(), event.offset());
            } else {
                apply(id, recorded);
            }
            command = recorded.advance(command);
        }
        next = position;
        epoch = leaderEpoch;
        return true;
    }

    private void apply(String id, Recorded event) {
        Held<S> held = aggregates.get(id);
        if (held == null) {
            held = hold(id, served.snapshots().read(id, null), 0);
        }
        check(held, id, event);
        long before = held.bytes();
        held.round = round;
        if (fold.apply(held.snapshot, event)) {
            held.changed = true;
            if (held.state == 0) {
                held.state = STATE_UNKNOWN;
            }
        }
        bytes += held.bytes() - before;
    }

    private void check(Held<S> held, String id, Recorded event) {
        long version = fold.version(event);
        if (version < 0) {
            return;
        }
        long stored = held.snapshot.version();
        if (isReleased && isComplete && version <= stored && held.order.read() == 0) {
            held.order.resume(stored);
        }
        held.order.next(event.record(), id, version, stored, held.snapshot.poison() != null, found::outOfOrder);
    }

    private Held<S> hold(String id, Snapshot<S> snapshot, int stored) {
        unwritten = null;
        Held<S> held = new Held<>(snapshot, stored == 0 ? 0 : state(snapshot, stored), round);
        held.order.resume(letGo.of(id));
        aggregates.put(id, held);
        bytes += HELD_BYTES + id.length() + held.bytes();
        return held;
    }

    /** Reads what is stored of the records' aggregates that are not in memory. */
    private boolean load(List<ConsumerRecord<byte[], byte[]>> records) {
        if (whole) {
            return true;
        }
        loaded.clear();
        for (ConsumerRecord<byte[], byte[]> event : records) {
            String id = Fold.id(event);
            if (id != null && !aggregates.containsKey(id)) {
                loaded.add(id);
            }
        }
        List<String> wanted = new ArrayList<>(loaded);
        for (int from = 0; from < wanted.size(); from += LOADED_AT_ONCE) {
            List<String> ids = wanted.subList(from, Math.min(from + LOADED_AT_ONCE, wanted.size()));
            Cache.Loaded found = cache.load(slot, "", generation, ids);
            if (!found.isAt(at)) {
                return false;
            }
            for (int i = 0; i < ids.size(); i++) {
                StoredSnapshot stored = found.snapshots().get(i);
                if (stored != null) {
                    hold(ids.get(i), served.snapshots().read(ids.get(i), stored), stored.json().length);
                }
            }
        }
        return true;
    }

    /** Whether it is time to write: there is no more room. */
    boolean isFull() {
        return bytes > memory;
    }

    /** How long ago the last write was. */
    long nanosSinceWrite() {
        return System.nanoTime() - written;
    }

    /**
     * Writes what changed, and the checkpoint with it.
     *
     * @return false if the stored checkpoint changed meanwhile: {@link #retake} and read from there again
     */
    public boolean write() {
        Step step;
        do {
            step = writeStep();
        } while (step == Step.WRITTEN);
        return step == Step.ADVANCED;
    }

    /** Writes as much of what changed as one step may take. */
    Step writeStep() {
        Checkpoint from = Objects.requireNonNull(at, "take() comes first");
        if (next == from.next()) {
            return Step.ADVANCED;
        }
        if (unwritten == null) {
            unwritten = aggregates.entrySet().iterator();
        }
        Iterator<Map.Entry<String, Held<S>>> rest = unwritten;
        // if this fails, the next one begins with all that is not known to be written
        unwritten = null;
        Map<String, StoredSnapshot> step = new LinkedHashMap<>();
        List<Held<S>> steps = new ArrayList<>();
        List<Indexed> index = new ArrayList<>();
        int size = 0;
        while (rest.hasNext() && step.size() < STEP_SNAPSHOTS && size <= STEP_BYTES) {
            Map.Entry<String, Held<S>> entry = rest.next();
            if (entry.getValue().changed) {
                StoredSnapshot encoded = encode(entry.getKey(), entry.getValue());
                size += encoded.bytes();
                step.put(entry.getKey(), encoded);
                steps.add(entry.getValue());
                index.addAll(served.index(entry.getKey(), entry.getValue().snapshot.state()));
            }
        }
        Checkpoint to = rest.hasNext() ? from.renewed() : Checkpoint.at(next, epoch, command);
        intended = to;
        if (!cache.write(slot, generation, from, to, step, index)) {
            overtaken++;
            return Step.OVERTAKEN;
        }
        if (to.next() == from.next()) {
            at = to;
            intended = null;
            steps.forEach(Held::written);
            unwritten = rest;
            return Step.WRITTEN;
        }
        overtaken = 0;
        reached(to);
        return Step.ADVANCED;
    }

    private void reached(Checkpoint stored) {
        at = stored;
        intended = null;
        unwritten = null;
        written = System.nanoTime();
        aggregates.values().stream().filter(held -> held.changed).forEach(Held::written);
        if (bytes > memory / 4 * 3) {
            whole = false;
            evict(held -> held.round != round);
            evict(held -> bytes > memory / 2);
        }
        round++;
    }

    private void evict(java.util.function.Predicate<Held<S>> which) {
        unwritten = null;
        for (Iterator<Map.Entry<String, Held<S>>> all = aggregates.entrySet().iterator(); all.hasNext();) {
            Map.Entry<String, Held<S>> one = all.next();
            if (which.test(one.getValue())) {
                bytes -= HELD_BYTES + one.getKey().length() + one.getValue().bytes();
                letGo.read(one.getKey(), one.getValue().order.read());
                all.remove();
            }
        }
    }

    private static int state(Snapshot<?> snapshot, int stored) {
        return STATE_FACTOR * snapshot.stateBytes(stored);
    }

    private StoredSnapshot encode(String id, Held<S> held) {
        SnapshotCodec<S> codec = served.snapshots();
        Snapshot<S> snapshot = held.snapshot;
        try {
            StoredSnapshot encoded = codec.write(snapshot);
            if (suspects.contains(slot + ":" + id)) {
                codec.read(id, encoded);
            }
            int state = state(snapshot, encoded.json().length);
            bytes += state - held.state;
            held.state = state;
            return encoded;
        } catch (Throwable e) {
            LOG.error("The state of '{}' at version {} cannot be written and read back; the aggregate is kept out", id,
                    snapshot.version(), DomainFault.of(e));
            snapshot.poison("The state at version " + snapshot.version() + " cannot be written as JSON and read back");
            return codec.write(snapshot);
        }
    }
}
