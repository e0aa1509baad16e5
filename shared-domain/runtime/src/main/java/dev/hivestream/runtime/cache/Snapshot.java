package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
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

    private final RecentCommands commands;
    private long version;
    private S state;
    private @Nullable String poison;

    Snapshot(long version, S state, RecentCommands commands, @Nullable String poison) {
        this.version = version;
        this.state = state;
        this.commands = commands;
        this.poison = poison;
    }

    /** An aggregate without events. */
    public static <S> Snapshot<S> initial(S state) {
        return new Snapshot<>(0, state, new RecentCommands(), null);
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
    RecentCommands commands() {
        return commands;
    }

    /**
     * A recent command that had events.
     *
     * @param versions of its events
     * @param body as in {@link CommandIdentity#body}
     */
    public record Recalled(Versions versions, long body) {}

    /** The recent command of format 2 with this source and id, or null if it is not among those remembered. */
    public @Nullable Recalled recall(CommandHash id) {
        return commands.recall(id);
    }

    /**
     * The versions of the recent command of format 1 with this id, sent by this saga or by none; null if it is not among
     * those remembered.
     */
    public @Nullable Versions recallLegacy(CommandIdentity command) {
        return commands.versionsOf(command);
    }

    /** The versions that a message with this cause had; null if it is not among those remembered. */
    public @Nullable Versions versionsOf(String cause) {
        return recallLegacy(CommandIdentity.legacy(cause));
    }

    /**
     * Goes one event further.
     *
     * @param next the state after the event
     * @param cause what it came from
     * @param remembered how many causes are kept
     */
    public void advance(S next, String cause, int remembered) {
        advance(next, CommandIdentity.legacy(cause), remembered);
    }

    /**
     * As {@link #advance(Object, String, int)}.
     *
     * @throws IllegalStateException if there have been more events than a snapshot can count; nothing is changed then
     */
    public void advance(S next, CommandIdentity command, int remembered) {
        commands.add(command, version + 1, remembered);
        version++;
        state = next;
    }

    /** How many commands it remembers. */
    public int remembered() {
        return commands.size();
    }

    /** Roughly what the state takes of so many bytes that are stored. */
    public int stateBytes(int stored) {
        return Math.max(0, stored - commands.bytesInSnapshot());
    }

    /** Takes note that it is stored as it was written last. Until then its block is written again with each snapshot. */
    public void stored() {
        commands.stored();
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
}
