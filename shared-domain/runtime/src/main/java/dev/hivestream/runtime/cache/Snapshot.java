package dev.hivestream.runtime.cache;

import org.jspecify.annotations.Nullable;

/**
 * An aggregate as of a version: the fold of its first {@code version} events, and the commands that they came from, the
 * latest of them. Mutable and not thread-safe: it belongs to the batch or the catch-up step that loaded it.
 *
 * @param <S> the aggregate's state
 */
public final class Snapshot<S> {

    /**
     * The versions that a command's events have.
     *
     * @param first of its first event
     * @param last of its last event
     */
    public record Versions(long first, long last) {}

    private final Remembered commands;
    private long version;
    private S state;
    private @Nullable String poison;

    Snapshot(long version, S state, Remembered commands, @Nullable String poison) {
        this.version = version;
        this.state = state;
        this.commands = commands;
        this.poison = poison;
    }

    /** An aggregate without events. */
    public static <S> Snapshot<S> initial(S state) {
        return new Snapshot<>(0, state, new Remembered(), null);
    }

    public long version() {
        return version;
    }

    public S state() {
        return state;
    }

    /** Why the aggregate's events cannot be folded beyond {@link #version}, or null. */
    public @Nullable String poison() {
        return poison;
    }

    /** The recent commands. */
    Remembered commands() {
        return commands;
    }

    /** What a recent command came to, or null if its events are not among those remembered. */
    public @Nullable Versions versionsOf(String commandId) {
        return versionsOf(CommandHash.of(commandId));
    }

    /** As {@link #versionsOf(String)}. */
    public @Nullable Versions versionsOf(CommandHash command) {
        return commands.versionsOf(command);
    }

    /**
     * Goes one event further.
     *
     * @param next the state after the event
     * @param commandId the command that it came from
     * @param remembered how many commands are kept
     */
    public void advance(S next, String commandId, int remembered) {
        advance(next, CommandHash.of(commandId), remembered);
    }

    /** As {@link #advance(Object, String, int)}. */
    public void advance(S next, CommandHash command, int remembered) {
        version++;
        state = next;
        commands.add(command, version, remembered);
    }

    /** How many commands it remembers. */
    public int remembered() {
        return commands.size();
    }

    /** Roughly what the state takes of so many bytes that are stored. */
    public int stateBytes(int stored) {
        return Math.max(0, stored - commands.size() * Remembered.TYPICAL_BYTES);
    }

    /** The bytes that it takes in memory beside its state. */
    public int bytes() {
        return 32 + commands.bytes();
    }

    /** Keeps the aggregate out: its version and state stay what they are. The first reason stays. */
    public void poison(String reason) {
        if (poison == null) {
            poison = reason;
        }
    }

    /** A copy that can go its own way. This one is changed no more, and not copied again before the copy is done with. */
    public Snapshot<S> copy() {
        return new Snapshot<>(version, state, commands.copy(), poison);
    }

    /** An id as it is stored. */
    static String hash(String commandId) {
        return Remembered.text(CommandHash.of(commandId));
    }
}
