package dev.hivestream.model;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What comes to a saga instance.
 *
 * @param <E> the events that the saga reacts to
 */
public sealed interface Signal<E> {

    /** When it was put into the instance's inbox; the only clock that a saga has. */
    Instant time();

    /**
     * Something happened to an aggregate.
     *
     * @param aggregate the aggregate type
     * @param id the aggregate's id
     */
    record Happened<E>(E event, String aggregate, String id, Instant time) implements Signal<E> {}

    /**
     * A command that the instance sent is decided, for certain: if copies of it were sent, all are. Each command has one
     * answer. Where it was accepted with events that the saga reacts to, those come too; which is first is not promised.
     *
     * @param step what the saga called the command
     */
    record Answered<E>(String step, Answer answer, Instant time) implements Signal<E> {}

    /** A deadline that the instance had set, and neither moved nor cancelled since, is over. It comes once. */
    record DeadlineReached<E>(String name, Instant time) implements Signal<E> {}

    /** What became of a command. A time-out is none of these: the command may still be accepted. */
    sealed interface Answer {

        /** The command is accepted and its events, if it has any, are in the log. */
        record Accepted() implements Answer {}

        /**
         * A rule refused it; nothing has changed.
         *
         * @param code the domain's
         * @param reason for people
         */
        record Rejected(String code, @Nullable String reason) implements Answer {}

        /**
         * It could not be decided (a bug, a message that cannot be read) and never will be; nothing has changed.
         *
         * @param code the runtime's: {@code hive.fault}, {@code hive.malformed}, {@code hive.poisoned}
         * @param reason for people
         */
        record Failed(String code, @Nullable String reason) implements Answer {}
    }
}
