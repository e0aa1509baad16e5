package dev.hivestream.local.check;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/**
 * An event as the log has it. Headers that are missing are empty, a missing version is 0.
 *
 * @param id of the aggregate
 * @param commandId of the command that it came from
 * @param commandHash of that command's source and id, as in {@code ce_command}; empty in events of format 1
 * @param commandPosition where that command stands in its topic
 * @param payload as text
 */
public record Event(String aggregate, int partition, long offset, String id, long version, String type,
        String commandId, String commandHash, String commandPosition, String payload) {

    private static final int HASH_BYTES = 12;

    /** The hash of a command's source and id, written down once more from {@code docs/formats.md}. */
    public static String hash(String source, String commandId) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest((source + "\0" + commandId).getBytes(UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(digest, HASH_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    /** {@code account:3}, as the keys of the cache name it. */
    public String slot() {
        return aggregate + ":" + partition;
    }

    @Override
    public String toString() {
        return aggregate + " '" + id + "' version " + version + " at " + partition + "/" + offset;
    }
}
