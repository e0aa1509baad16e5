package dev.hivestream.runtime.saga;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.hivestream.runtime.cache.SnapshotCodec;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A saga instance: the author's state, and what the runtime keeps beside it. The fold of the instance's history; immutable.
 *
 * @param state the author's
 * @param status how it stands; see {@link #shown()} for what people see
 * @param overdue why a person should look at it, if so
 * @param parked why it was parked, if so
 * @param unsent if it is parked only because other code had parked it or could not go on: the version from which on what
 *     was recorded as sent was not; {@link Long#MAX_VALUE} if all of it was
 * @param broken why this code cannot fold what other code handled, if so: the state is that before, and stays
 * @param held messages that came since it was parked, in order; without {@code unsent} the first is the one that it failed on
 * @param later messages that came after those that are held, if there are any
 * @param early messages that came before it started, in order
 * @param steps commands that were sent, by step; gone when the instance has ended
 * @param deadlines that are pending, by name
 * @param settings how often deadlines were set: numbers them
 * @param started when the message that it started with was put into the inbox, in milliseconds; 0 if it has not started
 * @param changed when its last message was
 * @param correlation of its first message; what follows from deadlines and from people has it too
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Instance<S>(S state, Status status, @Nullable String overdue, @Nullable String parked,
        @Nullable Long unsent, @Nullable String broken, List<Held> held, @Nullable Later later,
        List<Held> early, Map<String, Step> steps,
        Map<String, Deadline> deadlines, long settings, long started, long changed, @Nullable String correlation) {

    /** How an instance stands. */
    public enum Status {
        /** It goes on. */
        ACTIVE,
        /** It has done what it was for. */
        COMPLETED,
        /** It has undone what it had done. */
        COMPENSATED,
        /** A person has ended it. */
        ENDED
    }

    /**
     * A message that waits.
     *
     * @param headers by name
     * @param payload JSON; null if the record has none
     */
    public record Held(Map<String, String> headers, @Nullable String payload) {}

    /**
     * Messages that wait in the history, since enough are held.
     *
     * @param count how many
     * @param fed the version at which the history has the one that was put into the inbox again last; before the first, the
     *     version before it
     * @param feeding whether they are put into the inbox again
     */
    public record Later(long count, long fed, boolean feeding) {}

    /**
     * A command that was sent.
     *
     * @param commandId the same for all copies
     * @param type its wire name
     * @param id of the aggregate
     * @param payload JSON; empty once it is answered
     * @param attempt how many copies were sent
     * @param since the version of the message that the last copy was sent for
     * @param answered whether all of them are decided
     * @param best the best outcome that was heard of: a copy may be rejected or failed where another is accepted
     */
    public record Step(String commandId, String type, String id, String payload, int attempt, long since,
            boolean answered, @Nullable Best best) {

        Step heard(@Nullable Best outcome) {
            return new Step(commandId, type, id, payload, attempt, since, false, outcome);
        }

        Step answered(Best outcome) {
            return new Step(commandId, type, id, "", attempt, since, true, outcome);
        }

        Step again(long version) {
            return new Step(commandId, type, id, payload, attempt + 1, version, false, best);
        }
    }

    /**
     * An outcome.
     *
     * @param outcome accepted, rejected or failed
     */
    public record Best(String outcome, @Nullable String code, @Nullable String reason) {}

    /**
     * A pending deadline.
     *
     * @param due in milliseconds
     * @param setting its number: one that was set before is stale
     */
    public record Deadline(long due, long setting) {}

    public Instance {
        held = List.copyOf(held);
        early = List.copyOf(early);
        steps = Collections.unmodifiableMap(new LinkedHashMap<>(steps));
        deadlines = Collections.unmodifiableMap(new LinkedHashMap<>(deadlines));
    }

    static <S> Instance<S> initial(S state) {
        return new Instance<>(state, Status.ACTIVE, null, null, null, null, List.of(), null, List.of(), Map.of(),
                Map.of(), 0,
                0, 0, null);
    }

    /** What is left of it in the cache once it has come to its end; null before. */
    SnapshotCodec.@Nullable Tombstone tombstone() {
        return isEnded() ? new SnapshotCodec.Tombstone(shown(), changed) : null;
    }

    /** One of which nothing but its end is known. */
    static <S> Instance<S> ended(S state, SnapshotCodec.Tombstone tombstone) {
        return initial(state).started(tombstone.at(), null)
                .ended(Status.valueOf(tombstone.ended().toUpperCase(java.util.Locale.ROOT))).changed(tombstone.at());
    }

    /** Whether it has started: until then it only keeps messages that came early. */
    @JsonIgnore
    public boolean hasStarted() {
        return started != 0;
    }

    /** Whether it has come to its end, whichever. */
    @JsonIgnore
    public boolean isEnded() {
        return status != Status.ACTIVE;
    }

    /** Whether it stands still until a person or other code lets it go on. */
    @JsonIgnore
    public boolean isStill() {
        return parked != null || broken != null;
    }

    /** Why it stands still; null if it does not. */
    @JsonIgnore
    public @Nullable String why() {
        return parked != null ? parked : broken;
    }

    /**
     * What people see: {@code active}, {@code parked}, {@code overdue}, {@code completed}, {@code compensated}, {@code ended};
     * {@code waiting} while messages wait for its start, and {@code none} before.
     */
    @JsonIgnore
    public String shown() {
        return isEnded()
                ? status.name().toLowerCase(java.util.Locale.ROOT)
                : !hasStarted()
                        ? early.isEmpty() ? "none" : "waiting"
                        : isStill() ? "parked" : overdue != null ? "overdue" : "active";
    }

    Instance<S> parked(@Nullable String why, List<Held> waiting) {
        return new Instance<>(state, status, overdue, why, why == null ? null : unsent, broken, waiting, later, early,
                steps,
                deadlines, settings, started, changed, correlation);
    }

    Instance<S> parkedByOthers(String why, long from) {
        return new Instance<>(state, status, overdue, why, from, broken, held, later, early, steps, deadlines, settings,
                started, changed, correlation);
    }

    Instance<S> broken(String why) {
        return new Instance<>(state, status, overdue, parked, unsent, broken == null ? why : broken, held, later, early,
                steps,
                deadlines, settings, started, changed, correlation);
    }

    Instance<S> held(List<Held> waiting) {
        return new Instance<>(state, status, overdue, parked, unsent, broken, waiting, later, early, steps, deadlines,
                settings, started, changed, correlation);
    }

    Instance<S> later(@Nullable Later others) {
        return new Instance<>(state, status, overdue, parked, unsent, broken, held, others, early, steps, deadlines,
                settings, started, changed, correlation);
    }

    Instance<S> early(List<Held> waiting) {
        return new Instance<>(state, status, overdue, parked, unsent, broken, held, later, waiting, steps, deadlines,
                settings,
                started, changed, correlation);
    }

    Instance<S> started(long when, @Nullable String first) {
        return new Instance<>(state, status, overdue, parked, unsent, broken, held, later, early, steps, deadlines,
                settings,
                Math.max(1, when), changed, first);
    }

    Instance<S> changed(long when) {
        return new Instance<>(state, status, overdue, parked, unsent, broken, held, later, early, steps, deadlines,
                settings,
                started, Math.max(changed, when), correlation);
    }

    Instance<S> step(String name, Step step) {
        Map<String, Step> more = new LinkedHashMap<>(steps);
        more.put(name, step);
        return new Instance<>(state, status, overdue, parked, unsent, broken, held, later, early, more, deadlines,
                settings,
                started, changed, correlation);
    }

    Instance<S> deadline(String name, @Nullable Long due) {
        Map<String, Deadline> others = new LinkedHashMap<>(deadlines);
        if (due == null) {
            others.remove(name);
        } else {
            others.put(name, new Deadline(due, settings + 1));
        }
        return new Instance<>(state, status, overdue, parked, unsent, broken, held, later, early, steps, others,
                settings + (due == null ? 0 : 1), started, changed, correlation);
    }

    Instance<S> state(S next) {
        return new Instance<>(next, status, overdue, parked, unsent, broken, held, later, early, steps, deadlines,
                settings,
                started, changed, correlation);
    }

    Instance<S> overdue(@Nullable String why) {
        return new Instance<>(state, status, why, parked, unsent, broken, held, later, early, steps, deadlines,
                settings,
                started, changed, correlation);
    }

    Instance<S> ended(Status how) {
        return new Instance<>(state, how, null, null, null, null, List.of(), null, List.of(), Map.of(), Map.of(),
                settings,
                started, changed, correlation);
    }
}
