package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.ReadVersions;
import dev.hivestream.runtime.log.Recorded;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.VersionViolation;
import dev.hivestream.runtime.log.VersionViolations;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Instance;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Compares one slot of a generation with a fold of its log, while both may go on. The log is folded in memory up to the
 * checkpoint, and each snapshot must be at least there; one that is further is compared once the fold has reached its
 * version. Behind the checkpoint, the versions alone are read, up to the end that the log had at the start; where this code is
 * tried, those events are folded as well. If the aggregates do not fit into memory, the log is read several times, for a part
 * of them each. Not thread-safe.
 *
 * @param <S> state
 * @param <E> events
 */
final class Comparison<S, E> {

    private static final int LOADED_AT_ONCE = 1_000;
    private static final int HELD_BYTES = 200;
    /** What {@link ReadVersions} takes of an aggregate, at most. */
    private static final int READ_BYTES = 48;

    /** What each comparison works with. */
    record Parts(Cache cache, Replay replay, Log log, Progress progress, Stopping stopping, int remembered,
            long memory) {}

    /**
     * What is compared.
     *
     * @param generation with its checkpoint and snapshots; null compares nothing and folds the whole log
     * @param trial whether this code is tried: states alone count, and not what else is in a snapshot, which other code wrote,
     *     and sagas are asked what they would have done
     * @param only these ids, or null for all
     */
    record Scope(@Nullable String generation, boolean trial, @Nullable Set<String> only) {}

    /** An event that cannot be read or folded. */
    record Problem(long offset, String id, String reason) {}

    private record Ahead<S>(Snapshot<S> fold, StoredSnapshot stored, long version) {}

    private final Parts with;
    private final Folded<S, E> served;
    private final Slot slot;
    private final Scope scope;
    private final Fold<S, E> fold;

    private final List<Difference> differences = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final EffectDifferences effects = new EffectDifferences();
    private final VersionViolations violations = new VersionViolations(Verify.NAMED);
    /** In each part the log is read from its beginning. */
    private final ReadVersions read = new ReadVersions();
    private final Map<String, Ahead<S>> ahead = new LinkedHashMap<>();
    private final IdSet known = new IdSet();
    private long events;
    private long reached;
    /** Versions are counted up to here. */
    private long counted;
    private long behind;
    private Position command = Position.NONE;
    private @Nullable Checkpoint checkpoint;
    /** What readers used when the checkpoint was read. */
    private @Nullable String active;

    Comparison(Parts with, Folded<S, E> served, Slot slot, Scope scope) {
        this.with = with;
        this.served = served;
        this.slot = slot;
        this.scope = scope;
        Replay.Poisoned poisoned = (event, id, reason, fault) -> problems.add(new Problem(event.offset(), id, reason));
        this.fold = scope.trial()
                ? served.fold(with.remembered(), poisoned, this::otherwise)
                : served.fold(with.remembered(), poisoned);
    }

    Slot slot() {
        return slot;
    }

    /** The generation that is compared, or null. */
    @Nullable
    String generation() {
        return scope.generation();
    }

    List<Difference> differences() {
        return differences;
    }

    List<Problem> problems() {
        return problems;
    }

    /** What this code would have done otherwise than the log says. */
    EffectDifferences effects() {
        return effects;
    }

    /** Of the order of versions in the log, up to its end. */
    VersionViolations violations() {
        return violations;
    }

    long events() {
        return events;
    }

    long aggregates() {
        return known.size();
    }

    /** The checkpoint that the snapshots were compared at; null if there is none. */
    @Nullable
    Checkpoint checkpoint() {
        return checkpoint;
    }

    /** How many events the log had behind the checkpoint. */
    long behind() {
        return behind;
    }

    /** Folds the log up to the checkpoint and compares. */
    void compare() {
        Difference wrong = null;
        if (scope.generation() == null) {
            reached = with.log().end(slot);
        } else {
            wrong = readCheckpoint();
        }
        counted = scope.only() == null ? Math.max(reached, with.log().committedEnd(slot)) : reached;
        with.progress().reach(slot, 0, counted);
        int parts = 1;
        while (!compareInParts(parts)) {
            parts *= 2;
            differences.clear();
            problems.clear();
            effects.clear();
            violations.clear();
            ahead.clear();
            known.clear();
        }
        if (wrong != null) {
            differences.addFirst(wrong);
        }
        if (checkpoint != null && !scope.trial() && !checkpoint.commandPosition().isSame(command)) {
            differences.add(new Difference(slot.toString(), null, "the checkpoint has the command position "
                    + checkpoint.command() + ", but the highest in the log up to the checkpoint is " + command, null,
                    null,
                    List.of()));
        }
    }

    /** Gives what is wrong with it, or null. */
    private @Nullable Difference readCheckpoint() {
        Checkpoint stored;
        try {
            stored = read();
        } catch (SnapshotCodec.Unreadable e) {
            return wrong("the checkpoint cannot be read");
        }
        if (stored == null) {
            return wrong("no checkpoint: the partition was not built in this generation");
        }
        // read after the checkpoint: the log is never behind it and may have grown since
        long logEnd = with.log().end(slot);
        checkpoint = stored;
        reached = Math.min(stored.next(), logEnd);
        return stored.next() > logEnd
                ? wrong("the checkpoint is at " + stored.next() + ", but the log ends at " + logEnd)
                : null;
    }

    /** The stored checkpoint, with the generation that readers use at the same moment. */
    private @Nullable Checkpoint read() {
        String generation = String.valueOf(scope.generation());
        Cache.Loaded found = with.cache().load(slot, generation.substring(generation.lastIndexOf('-') + 1), generation,
                List.of());
        active = found.active();
        return found.checkpoint() == null ? null : Cache.readCheckpoint(slot, generation, found.checkpoint());
    }

    /**
     * Adds a difference if what was compared is not stored any more: Redis was emptied, set back or replaced meanwhile, so that
     * a part of the cache was perhaps not compared. A checkpoint that has moved on is that of an owner at work.
     *
     * @param generation that would be compared now, or null
     */
    void requireStillStored(@Nullable String generation) {
        if (!Objects.equals(generation, scope.generation())) {
            differences.add(wrong("the comparison began with " + scope.generation() + ", and " + generation
                    + " is active now: Redis was emptied or replaced meanwhile, or a generation was activated"));
            return;
        }
        Checkpoint compared = checkpoint;
        if (compared == null) {
            return;
        }
        String activeThen = active;
        Checkpoint now;
        try {
            now = read();
        } catch (SnapshotCodec.Unreadable e) {
            differences.add(wrong("the checkpoint cannot be read any more"));
            return;
        }
        if (now == null || !Objects.equals(active, activeThen) || now.isBehind(compared)
                || now.next() == compared.next() && !now.equals(compared)) {
            differences.add(wrong("the comparison began at checkpoint " + compared + ", active " + activeThen
                    + ", and ended at " + now + ", active " + active
                    + ": Redis was emptied, set back or replaced meanwhile"));
        }
    }

    private Difference wrong(String what) {
        return new Difference(slot.toString(), null, what, null, null, List.of());
    }

    /** False if the aggregates of one part do not fit into memory. */
    private boolean compareInParts(int parts) {
        for (int part = 0; part < parts; part++) {
            int which = part;
            Map<String, Snapshot<S>> snapshots = new HashMap<>();
            Predicate<String> of = id -> Math.floorMod(id.hashCode(), parts) == which && isAsked(id);
            long[] bytes = {0};
            if (!fold(of, snapshots, bytes)) {
                return false;
            }
            compare(snapshots);
            if (scope.trial() && scope.only() == null) {
                if (!foldBehind(of, snapshots, bytes)) {
                    return false;
                }
                snapshots.forEach(this::findBroken);
            }
        }
        return true;
    }

    /**
     * Folds what lies behind the checkpoint, to find the events that this code cannot read or fold; false if that takes more
     * memory than there is.
     */
    private boolean foldBehind(Predicate<String> which, Map<String, Snapshot<S>> snapshots, long[] bytes) {
        if (behind == 0) {
            return true;
        }
        // those go on from the checkpoint once more, to be compared
        ahead.keySet().forEach(id -> snapshots.computeIfPresent(id, (_, snapshot) -> snapshot.copy()));
        boolean[] fits = {true};
        with.replay().read(with.log().events(slot), reached, counted, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                String id = Fold.id(record);
                if (id != null && which.test(id)) {
                    bytes[0] += apply(snapshots, id, record);
                }
            }
            fits[0] = bytes[0] < with.memory();
            return fits[0] && !stopped();
        });
        return fits[0];
    }

    private boolean isAsked(String id) {
        return scope.only() == null || scope.only().contains(id);
    }

    /**
     * Folds the log up to the checkpoint, and reads the versions behind it; false if that takes more memory than there is.
     */
    private boolean fold(Predicate<String> which, Map<String, Snapshot<S>> into, long[] bytes) {
        events = 0;
        behind = 0;
        command = Position.NONE;
        read.clear();
        boolean[] fits = {true};
        with.replay().read(with.log().events(slot), 0, counted, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                boolean isBehind = record.offset() >= reached;
                if (isBehind) {
                    behind++;
                } else {
                    command = Fold.advance(command, record);
                    events++;
                }
                String id = Fold.id(record);
                if (id != null && which.test(id)) {
                    bytes[0] += isBehind ? order(id, record, new Recorded(record)) : apply(into, id, record);
                }
            }
            if (!records.isEmpty()) {
                with.progress().advanced(slot, records.size(), records.getLast().offset() + 1);
            }
            fits[0] = bytes[0] < with.memory();
            return fits[0] && !stopped();
        });
        with.progress().advanced(slot, 0, counted);
        return fits[0];
    }

    private boolean stopped() {
        if (with.stopping().isTold()) {
            throw new java.util.concurrent.CancellationException("Stopped while " + slot + " was compared");
        }
        return false;
    }

    /** How many bytes more are held. */
    private long apply(Map<String, Snapshot<S>> into, String id, ConsumerRecord<byte[], byte[]> record) {
        Snapshot<S> snapshot = into.get(id);
        long before = 0;
        if (snapshot == null) {
            snapshot = served.snapshots().read(id, null);
            into.put(id, snapshot);
            before = -READ_BYTES;
        } else {
            before = HELD_BYTES + 2L * id.length() + snapshot.bytes();
        }
        Recorded recorded = new Recorded(record);
        if (record.offset() < reached) {
            long _ = order(id, record, recorded);
        }
        if (snapshot.poison() != null) {
            decode(id, record);
        } else {
            fold.apply(snapshot, recorded);
        }
        return HELD_BYTES + 2L * id.length() + snapshot.bytes() - before;
    }

    /** Compares a version with those before it; gives how many bytes more are held. */
    private long order(String id, ConsumerRecord<byte[], byte[]> record, Recorded recorded) {
        long version = fold.version(recorded);
        if (version < 0) {
            return 0;
        }
        long before = read.of(id);
        VersionViolation violation = VersionViolation.of(record, id, version, before);
        if (violation != null) {
            violations.add(violation);
        }
        read.read(id, version);
        return before == 0 && version > 0 ? READ_BYTES : 0;
    }

    /** What comes after an event that could not be folded cannot be folded either, but read. */
    private void decode(String id, ConsumerRecord<byte[], byte[]> record) {
        try {
            var _ = fold.read(record);
        } catch (Malformed | RuntimeException e) {
            problems.add(new Problem(record.offset(), id, "The event at " + record.topic() + "/" + record.partition()
                    + "/" + record.offset() + " cannot be read: " + e.getMessage()));
        }
    }

    private void otherwise(ConsumerRecord<byte[], byte[]> record, List<String> recorded, List<String> now) {
        effects.add(slot.toString(), String.valueOf(Fold.id(record)), record.offset(),
                new Recorded(record).versionOr(0),
                String.valueOf(Header.text(record.headers(), Header.TYPE)), recorded, now);
    }

    private void findBroken(String id, Snapshot<S> snapshot) {
        if (snapshot.state() instanceof Instance<?> instance && instance.broken() != null) {
            effects.addBroken(slot.toString(), id, instance.broken());
        }
    }

    /** Whether the log has nothing of it. */
    static boolean isNone(Snapshot<?> snapshot) {
        return snapshot.version() == 0 && snapshot.poison() == null;
    }

    private void compare(Map<String, Snapshot<S>> snapshots) {
        // of a saga there may be records that concern no instance
        snapshots.values().removeIf(Comparison::isNone);
        List<String> ids = new ArrayList<>(snapshots.keySet());
        if (scope.only() != null) {
            Set<String> all = new LinkedHashSet<>(ids);
            all.addAll(scope.only());
            ids = new ArrayList<>(all);
        }
        for (String id : ids) {
            known.add(id);
        }
        if (checkpoint == null) {
            // not built: nothing in it can be right
            return;
        }
        each(ids, (id, stored) -> {
            Snapshot<S> expected = snapshots.get(id);
            compare(id, expected == null ? served.snapshots().read(id, null) : expected, stored, false);
        });
    }

    private void each(List<String> ids, java.util.function.BiConsumer<String, @Nullable StoredSnapshot> each) {
        for (int from = 0; from < ids.size(); from += LOADED_AT_ONCE) {
            List<String> some = ids.subList(from, Math.min(ids.size(), from + LOADED_AT_ONCE));
            List<@Nullable StoredSnapshot> stored = with.cache()
                    .load(slot, "", String.valueOf(scope.generation()), some).snapshots();
            for (int i = 0; i < some.size(); i++) {
                each.accept(some.get(i), stored.get(i));
            }
        }
    }

    /** @param last whether the log has been read to its end, so that a snapshot that is further is wrong */
    private void compare(String id, Snapshot<S> expected, @Nullable StoredSnapshot stored, boolean last) {
        boolean none = isNone(expected);
        if (stored == null) {
            if (!none) {
                differ(id, "is not in the cache", expected, null, List.of());
            }
            return;
        }
        if (!none && !scope.trial() && served.snapshots().isStored(expected, stored, with.remembered())) {
            return;
        }
        JsonNode actual = Difference.tree(stored.json());
        if (actual == null || !actual.path("version").isIntegralNumber()) {
            differ(id, "the snapshot cannot be read", expected, null, List.of());
            return;
        }
        long version = actual.path("version").asLong();
        if (version > expected.version()) {
            if (!last) {
                ahead.put(id, new Ahead<>(expected, stored, version));
            } else if (none) {
                differ(id, "should not be in the cache: the log has no event of it", expected, version, List.of());
            } else {
                differ(id, "is at version " + version + ", but the log ends at version " + expected.version(), expected,
                        version, List.of());
            }
        } else if (version < expected.version()) {
            differ(id, "is at version " + version + ", but the log up to the checkpoint is at version "
                    + expected.version(), expected, version, List.of());
        } else if (none) {
            differ(id, "should not be in the cache: the log has no event of it", expected, version, List.of());
        } else {
            compareTrees(id, expected, stored, actual, version);
        }
    }

    private void compareTrees(String id, Snapshot<S> expected, StoredSnapshot stored, JsonNode json, long version) {
        if (scope.trial() && expected.poison() == null != json.path("poison").isMissingNode()) {
            // whoever keeps it out has stored no state
            differ(id, "is kept out by " + (expected.poison() == null
                    ? "the cache"
                    : "this code: " + expected.poison()), expected, version, List.of());
            return;
        }
        JsonNode actual;
        try {
            actual = scope.trial() ? json : served.snapshots().describe(id, stored, with.remembered());
        } catch (SnapshotCodec.Unreadable e) {
            differ(id, "the snapshot cannot be read", expected, null, List.of());
            return;
        }
        JsonNode wanted = served.snapshots().describe(id, served.snapshots().write(expected), with.remembered());
        List<Difference.Change> changes = scope.trial()
                ? Difference.changes(wanted.path("state"), actual.path("state"))
                : Difference.changes(wanted, actual);
        if (!changes.isEmpty()) {
            differ(id, "differs at version " + version, expected, version, changes);
        }
    }

    private void differ(String id, String what, Snapshot<S> expected, @Nullable Long actual,
            List<Difference.Change> changes) {
        differences.add(new Difference(slot.toString(), id, what, expected.version(), actual, changes));
    }

    /** Whether the fold has seen it, up to a collision in 64 bits. */
    boolean knows(String id) {
        return known.contains(id);
    }

    /** Compares snapshots that are ahead of the checkpoint, or that the fold did not find, with the rest of the log. */
    void finish(Collection<String> unknown) {
        if (checkpoint == null) {
            // not built: nothing in it can be right
            return;
        }
        each(List.copyOf(unknown), (id, stored) -> {
            if (stored != null && !ahead.containsKey(id)) {
                compare(id, served.snapshots().read(id, null), stored, false);
            }
        });
        if (ahead.isEmpty()) {
            return;
        }
        Checkpoint now = with.cache().checkpoint(slot, String.valueOf(scope.generation()));
        long end = with.log().end(slot);
        long[] furthest = {-1};
        String[] whose = {""};
        Map<String, Ahead<S>> open = new HashMap<>(ahead);
        // what cannot be folded was found before
        Fold<S, E> again = served.fold(with.remembered(), (_, _, _, _) -> {});
        with.progress().end(slot, end);
        with.replay().read(with.log().events(slot), reached, end, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                String id = Fold.id(record);
                Ahead<S> one = id == null ? null : open.get(id);
                if (id != null && one != null) {
                    again.apply(one.fold, record);
                    if (one.fold.version() == one.version) {
                        compare(id, one.fold, one.stored, true);
                        open.remove(id);
                        furthest[0] = record.offset();
                        whose[0] = id;
                    }
                }
            }
            if (!records.isEmpty()) {
                with.progress().advanced(slot, records.size(), records.getLast().offset() + 1);
            }
            return !open.isEmpty() && !stopped();
        });
        open.forEach((id, one) -> compare(id, one.fold, one.stored, true));
        if (now != null && furthest[0] >= now.next()) {
            differences.add(wrong("the checkpoint is at " + now.next() + ", behind the snapshot of '" + whose[0]
                    + "', which includes the event at " + furthest[0]));
        }
    }
}
