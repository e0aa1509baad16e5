package dev.hivestream.runtime.saga;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A saga instance: the author's state, and what the runtime keeps beside it. The fold of the instance's inbox; immutable.
 *
 * @param state the author's
 * @param status how it stands; see {@link #shown()} for what people see
 * @param overdue why a person should look at it, if so
 * @param parked why it was parked, if so
 * @param unsent if it is parked only because other code had parked it: the version from which on what this code sent was
 *     not
 * @param held messages that came since it was parked, in order; the first is the one that it failed on
 * @param steps commands that were sent, by step; gone when the instance has ended
 * @param deadlines that are pending, by name
 * @param settings how often deadlines were set: numbers them
 * @param started when its first message was put into the inbox, in milliseconds
 * @param changed when its last message was
 * @param correlation of its first message; what follows from deadlines and from people has it too
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Instance<S>(S state, Status status, @Nullable String overdue, @Nullable String parked,
        @Nullable Long unsent, List<Held> held, Map<String, Step> steps, Map<String, Deadline> deadlines, long settings,
        long started, long changed, @Nullable String correlation) {

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
        steps = Collections.unmodifiableMap(new LinkedHashMap<>(steps));
        deadlines = Collections.unmodifiableMap(new LinkedHashMap<>(deadlines));
    }

    static <S> Instance<S> initial(S state) {
        return new Instance<>(state, Status.ACTIVE, null, null, null, List.of(), Map.of(), Map.of(), 0, 0, 0, null);
    }

    /** Whether it has come to its end, whichever. */
    @JsonIgnore
    public boolean isEnded() {
        return status != Status.ACTIVE;
    }

    /** What people see: {@code active}, {@code parked}, {@code overdue}, {@code completed}, {@code compensated}, {@code ended}. */
    @JsonIgnore
    public String shown() {
        return isEnded()
                ? status.name().toLowerCase(java.util.Locale.ROOT)
                : parked != null ? "parked" : overdue != null ? "overdue" : "active";
    }

    Instance<S> parked(@Nullable String why, List<Held> waiting) {
        return new Instance<>(state, status, overdue, why, why == null ? null : unsent, waiting, steps, deadlines,
                settings,
                started, changed, correlation);
    }

    Instance<S> parkedByOthers(String why, long from) {
        return new Instance<>(state, status, overdue, why, from, List.of(), steps, deadlines, settings, started,
                changed, correlation);
    }

    Instance<S> changed(long when, @Nullable String first) {
        return new Instance<>(state, status, overdue, parked, unsent, held, steps, deadlines, settings,
                started == 0 ? when : started, Math.max(changed, when),
                started == 0 ? first : correlation);
    }

    Instance<S> step(String name, Step step) {
        Map<String, Step> more = new LinkedHashMap<>(steps);
        more.put(name, step);
        return new Instance<>(state, status, overdue, parked, unsent, held, more, deadlines, settings, started,
                changed, correlation);
    }

    Instance<S> deadline(String name, @Nullable Long due) {
        Map<String, Deadline> others = new LinkedHashMap<>(deadlines);
        if (due == null) {
            others.remove(name);
        } else {
            others.put(name, new Deadline(due, settings + 1));
        }
        return new Instance<>(state, status, overdue, parked, unsent, held, steps, others,
                settings + (due == null ? 0 : 1),
                started, changed, correlation);
    }

    Instance<S> state(S next) {
        return new Instance<>(next, status, overdue, parked, unsent, held, steps, deadlines, settings, started,
                changed, correlation);
    }

    Instance<S> overdue(@Nullable String why) {
        return new Instance<>(state, status, why, parked, unsent, held, steps, deadlines, settings, started, changed,
                correlation);
    }

    Instance<S> ended(Status how) {
        return new Instance<>(state, how, null, null, null, List.of(), Map.of(), Map.of(), settings, started, changed,
                correlation);
    }
}
