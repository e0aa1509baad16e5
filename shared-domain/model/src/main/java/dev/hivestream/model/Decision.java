package dev.hivestream.model;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What a {@link Decider} made of a command.
 *
 * @param <E> the aggregate's events
 */
public sealed interface Decision<E> {

    /**
     * The command is accepted.
     *
     * @param events the facts that follow from it, in order; none means that there is nothing to change
     */
    record Accepted<E>(List<E> events) implements Decision<E> {
        public Accepted {
            events = List.copyOf(events);
        }
    }

    /**
     * The command is refused by a rule of the domain.
     *
     * @param code what clients branch on: lower-case words joined by hyphens, up to 64 characters
     * @param reason what a person reads
     */
    record Rejected<E>(String code, String reason) implements Decision<E> {
        private static final Pattern CODE = Pattern.compile("[a-z][a-z0-9-]{0,63}");

        public Rejected {
            if (!CODE.matcher(code).matches()) {
                throw new IllegalArgumentException("The rejection code '" + code
                        + "' is not of the form lower-case-words-joined-by-hyphens (64 characters at most)");
            }
        }
    }

    /** Accepts with these events, in this order. */
    @SafeVarargs
    static <E> Decision<E> accept(E... events) {
        return new Accepted<>(List.of(events));
    }

    /** Accepts with these events, in this order. */
    static <E> Decision<E> accept(List<E> events) {
        return new Accepted<>(events);
    }

    /** Refuses; {@code code} as {@link Rejected#code()} wants it. */
    static <E> Decision<E> reject(String code, String reason) {
        return new Rejected<>(code, reason);
    }
}
