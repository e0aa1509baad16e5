package dev.hivestream.runtime.cache;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
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

    private final LinkedHashMap<String, Versions> commands;
    private long version;
    private S state;
    private @Nullable String poison;

    Snapshot(long version, S state, LinkedHashMap<String, Versions> commands, @Nullable String poison) {
        this.version = version;
        this.state = state;
        this.commands = commands;
        this.poison = poison;
    }

    /** An aggregate without events. */
    public static <S> Snapshot<S> initial(S state) {
        return new Snapshot<>(0, state, new LinkedHashMap<>(), null);
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

    /** The recent commands, oldest first: hash of the id to the versions of its events. */
    Map<String, Versions> commands() {
        return commands;
    }

    /** What a recent command came to, or null if its events are not among those remembered. */
    public @Nullable Versions versionsOf(String commandId) {
        return commands.isEmpty() ? null : commands.get(hash(commandId));
    }

    /**
     * Goes one event further.
     *
     * @param next the state after the event
     * @param commandId the command that it came from
     * @param remembered how many commands are kept
     */
    public void advance(S next, String commandId, int remembered) {
        version++;
        state = next;
        String hash = hash(commandId);
        Versions known = commands.get(hash);
        commands.put(hash, new Versions(known == null ? version : known.first(), version));
        for (Iterator<String> oldest = commands.keySet().iterator(); commands.size() > remembered;) {
            oldest.next();
            oldest.remove();
        }
    }

    /** Keeps the aggregate out: its version and state stay what they are. The first reason stays. */
    public void poison(String reason) {
        if (poison == null) {
            poison = reason;
        }
    }

    /** A copy that can go its own way. */
    public Snapshot<S> copy() {
        return new Snapshot<>(version, state, new LinkedHashMap<>(commands), poison);
    }

    /** 96 bits of SHA-256: an id of any length takes 16 characters, and nobody can make two that collide. */
    static String hash(String commandId) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(commandId.getBytes(StandardCharsets.UTF_8));
            byte[] head = new byte[12];
            System.arraycopy(digest, 0, head, 0, head.length);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(head);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
