package dev.hivestream.model;

import java.time.Duration;

/**
 * What a saga wants done.
 *
 * @param <C> the commands that it sends
 */
public sealed interface Effect<C> {

    /**
     * A command is sent to an aggregate, and its {@link Signal.Answered answer} comes back under the name of the step.
     *
     * @param step what the saga calls the command: lower-case words joined by hyphens. A step that is sent again is another
     *     command; what the one before still brings is ignored
     * @param id of the aggregate
     * @param command declared by the saga
     */
    record Send<C>(String step, String id, C command) implements Effect<C> {
        public Send {
            Names.require("step", step);
        }
    }

    /**
     * The command of a step is sent once more, with its id: for one whose answer is missing. It takes effect once, however
     * often it is sent. A step that is answered, or was never sent, is left as it is.
     */
    record SendAgain<C>(String step) implements Effect<C> {}

    /**
     * A deadline is set, or moved if there is one of that name.
     *
     * @param name declared by the saga
     * @param after how long after the signal
     */
    record SetDeadline<C>(String name, Duration after) implements Effect<C> {}

    /** A deadline is cancelled, if there is one of that name. */
    record CancelDeadline<C>(String name) implements Effect<C> {}

    /**
     * The instance waits for longer than it should: a person ought to look at it. It stays active, and is overdue until it
     * goes on: until an event or an answer comes.
     */
    record Overdue<C>(String reason) implements Effect<C> {}

    /**
     * The instance has come to its end: its deadlines are cancelled, and what comes later is ignored.
     *
     * @param compensated whether it ended by undoing what it had done
     */
    record End<C>(boolean compensated) implements Effect<C> {}

    /** See {@link Send}. */
    static <C> Effect<C> send(String step, String id, C command) {
        return new Send<>(step, id, command);
    }

    /** See {@link SendAgain}. */
    static <C> Effect<C> sendAgain(String step) {
        return new SendAgain<>(step);
    }

    /** See {@link SetDeadline}. */
    static <C> Effect<C> deadline(String name, Duration after) {
        return new SetDeadline<>(name, after);
    }

    /** See {@link CancelDeadline}. */
    static <C> Effect<C> cancelDeadline(String name) {
        return new CancelDeadline<>(name);
    }

    /** See {@link Overdue}. */
    static <C> Effect<C> overdue(String reason) {
        return new Overdue<>(reason);
    }

    /** The instance has done what it was for. */
    static <C> Effect<C> complete() {
        return new End<>(false);
    }

    /** The instance has undone what it had done. */
    static <C> Effect<C> compensated() {
        return new End<>(true);
    }
}
