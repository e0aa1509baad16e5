package dev.hivestream.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process across aggregates (a process manager), the dual of a {@link Decider}: facts come in, commands go out. Each
 * instance has an id, a state, and its signals in one order.
 *
 * <p>All four functions are pure, as those of a decider are: the runtime folds {@code evolve} over all
 * messages of the past when a cache is rebuilt. {@code react} decides on new messages only: what it answered is recorded, and
 * stands whatever it becomes later. The time is the signal's; there is no other. An exception is a bug: the instance
 * that it happened to is parked with the reason, and goes on where it stood when somebody says so.
 *
 * <p>Follows Hector Garcia-Molina and Kenneth Salem, "Sagas" (1987), for compensation, and Gregor Hohpe and Bobby Woolf,
 * "Enterprise Integration Patterns" (2003), for the process manager.
 *
 * @param <E> the events that it reacts to, of one aggregate or of many
 * @param <S> state, a record or a sealed interface of records
 * @param <C> the commands that it sends, to one aggregate or to many
 */
public interface Saga<E, S, C> {

    /**
     * The id of the instance that an event is about; null if the event is none of its business. Asked for declared events
     * only, before it is put into an inbox: its time says nothing. An event that follows from a command of an instance goes to that instance if this gives null.
     */
    @Nullable
    String correlate(Signal.Happened<E> event);

    /** The state before the first signal. */
    S initialState();

    /** The state after a signal. */
    S evolve(S state, Signal<E> signal);

    /**
     * What is to be done now.
     *
     * @param state after the signal
     */
    List<Effect<C>> react(S state, Signal<E> signal);
}
