package dev.hivestream.runtime.message;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The first 96 bits of the SHA-256 of a command's source and id, by which an aggregate recognises the command. An id of any
 * length takes 16 characters in the stored form. Two ids do not collide by accident, and finding an id that collides with a
 * given one takes about 2^96 attempts. Making two ids of one's own that collide takes about 2^48 attempts and harms only their
 * sender, since the source is part of the hash.
 *
 * @param head the first 64 bits
 * @param tail the other 32
 */
public record CommandHash(long head, int tail) {

    private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(CommandHash::sha256);

    /** The hash of a command of format 2: SHA-256(source, 0, id). */
    public static CommandHash of(String source, String commandId) {
        MessageDigest digest = SHA_256.get();
        digest.update(source.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        return of(digest.digest(commandId.getBytes(StandardCharsets.UTF_8)));
    }

    /** The hash of a command of format 1, which was recognised by its id alone. */
    public static CommandHash legacy(byte[] commandId) {
        return of(SHA_256.get().digest(commandId));
    }

    private static CommandHash of(byte[] digest) {
        return new CommandHash(long64(digest, 0), (int) long64(digest, Integer.BYTES));
    }

    /** The first 64 bits of the SHA-256 of some bytes. */
    static long first64(byte[] text) {
        return long64(SHA_256.get().digest(text), 0);
    }

    /** The first 64 bits of SHA-256(type, 0, body). */
    static long first64(String type, byte[] body) {
        MessageDigest digest = SHA_256.get();
        digest.update(type.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        return long64(digest.digest(body), 0);
    }

    private static long long64(byte[] bytes, int from) {
        long number = 0;
        for (int i = from; i < from + Long.BYTES; i++) {
            number = number << 8 | bytes[i] & 0xff;
        }
        return number;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
