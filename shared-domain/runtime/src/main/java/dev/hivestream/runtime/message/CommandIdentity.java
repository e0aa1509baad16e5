package dev.hivestream.runtime.message;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What makes a command the same command when it comes again: the hash of its source and id, and the hash of its type and
 * body. Described in docs/formats.md.
 *
 * @param id of format 2, of source and id; of format 1, of the id alone
 * @param body of format 2, the first 64 bits of SHA-256(type, 0, canonical JSON); of format 1, those of SHA-256(ce_saga), or 0
 *     for a command that no saga sent
 * @param legacy whether the command was decided under the rules of format 1
 */
public record CommandIdentity(CommandHash id, long body, boolean legacy) {

    /** A command of format 2. */
    public static CommandIdentity of(CommandHash id, String type, byte[] canonicalBody) {
        return new CommandIdentity(id, CommandHash.first64(type, canonicalBody), false);
    }

    /**
     * A command of format 1.
     *
     * @param saga the header ce_saga, null if it has none
     */
    public static CommandIdentity legacy(byte[] commandId, byte @Nullable [] saga) {
        return new CommandIdentity(CommandHash.legacy(commandId), saga == null ? 0 : CommandHash.first64(saga), true);
    }

    /** As {@link #legacy(byte[], byte[])}. */
    public static CommandIdentity legacy(String commandId) {
        return legacy(commandId.getBytes(StandardCharsets.UTF_8), null);
    }
}
