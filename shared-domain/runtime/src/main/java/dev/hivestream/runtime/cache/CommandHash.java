package dev.hivestream.runtime.cache;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What snapshots remember of a command's id: 96 bits of its SHA-256. An id of any length takes 16 characters in the stored
 * form, and nobody can make two that collide.
 *
 * @param head the first 64 bits
 * @param tail the other 32
 */
public record CommandHash(long head, int tail) {

    private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(CommandHash::sha256);

    /** Of an id. */
    public static CommandHash of(String commandId) {
        return of(commandId.getBytes(StandardCharsets.UTF_8));
    }

    /** Of an id as it is in the log: UTF-8. */
    public static CommandHash of(byte[] commandId) {
        byte[] digest = SHA_256.get().digest(commandId);
        long head = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            head = head << 8 | digest[i] & 0xff;
        }
        return new CommandHash(head, (digest[8] & 0xff) << 24 | (digest[9] & 0xff) << 16 | (digest[10] & 0xff) << 8
                | digest[11] & 0xff);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
