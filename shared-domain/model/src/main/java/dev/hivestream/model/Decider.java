package dev.hivestream.model;

/**
 * The domain logic of an aggregate as three pure functions.
 *
 * <p>Pure means: the same arguments give the same answer, on every thread and at any time. No clock, no random numbers,
 * no input or output. The runtime calls {@code decide} again after a crash and folds {@code evolve} over the whole log
 * when a cache is rebuilt, so anything else would let the cache and the log disagree.
 *
 * <p>Follows Jérémie Chassaing, "Functional Event Sourcing Decider" (2021).
 *
 * @param <C> commands, usually a sealed interface of records
 * @param <S> state, a record or a sealed interface of records
 * @param <E> events, usually a sealed interface of records
 */
public interface Decider<C, S, E> {

    /** The state before the first event. */
    S initialState();

    /**
     * Decides what a command does to a state. A refusal is a value, {@link Decision#reject}; an exception is a bug and is
     * handled as one: the command is tried again a few times, then dead-lettered.
     */
    Decision<E> decide(C command, S state);

    /** The state after an event. Total: an event that was once accepted can always be folded. */
    S evolve(S state, E event);
}
