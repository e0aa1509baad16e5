package dev.hivestream.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The steps that a saga instance has done so far, to be undone in reverse: a part of its state. Immutable.
 *
 * @param done by name, in the order in which they were done
 */
public record Steps(List<String> done) {

    /** Nothing is done yet. */
    public static final Steps NONE = new Steps(List.of());

    public Steps {
        done = List.copyOf(done);
    }

    /** One more is done. */
    public Steps and(String step) {
        List<String> more = new ArrayList<>(done);
        more.add(step);
        return new Steps(more);
    }

    /** Whether there is nothing to undo. */
    public boolean none() {
        return done.isEmpty();
    }

    /** The step to undo first. */
    public String last() {
        return done.getLast();
    }

    /** The last one is undone: for who undoes one step after the other, each when the one before is answered. */
    public Steps withoutLast() {
        return new Steps(done.subList(0, done.size() - 1));
    }

    /**
     * Undoes all of them at once, the last one first.
     *
     * @param undo what undoes a step
     */
    public <C> List<Effect<C>> undo(Function<String, Effect<C>> undo) {
        return done.reversed().stream().map(undo).toList();
    }
}
