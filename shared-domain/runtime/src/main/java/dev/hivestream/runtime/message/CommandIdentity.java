package dev.hivestream.runtime.message;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * What makes a command the same command when it comes again: the hash of its source and id, and the hash of its type and
 * body. Events carry it in the header {@link Header#COMMAND}, which docs/formats.md describes.
 *
 * @param id of format 2, of source and id; of format 1, of the id alone
 * @param body of format 2, the first 64 bits of SHA-256(type, 0, canonical JSON); of format 1, those of SHA-256(ce_saga), or 0
 *     for a command that no saga sent
 * @param legacy whether the command was decided under the rules of format 1
 */
public record CommandIdentity(CommandHash id, long body, boolean legacy) {

    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();
    private static final Base64.Decoder DECODER = Base64.getUrlDecoder();
    private static final int LARGEST_EPOCH = 999_999_999;
    private static final int ID_CHARACTERS = 16;
    private static final int BODY_CHARACTERS = 11;
    /** {@code 2/} */
    private static final int ID_AT = 2;
    private static final int BODY_AT = ID_AT + ID_CHARACTERS + 1;
    private static final int EPOCH_AT = BODY_AT + BODY_CHARACTERS + 1;

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

    /**
     * The value of {@link Header#COMMAND}.
     *
     * @param epoch the leader epoch of the command's record, or {@link Position#UNKNOWN_EPOCH}
     */
    public byte[] header(int epoch) {
        if (legacy) {
            return epochHeader(epoch);
        }
        return Outgoing.utf8(StoredFormat.NUMBER + "/" + text(id) + "/" + bodyText() + "/" + (epoch < 0 ? "" : epoch));
    }

    /** The value of {@link Header#COMMAND} on a result that does not identify the body of its command. */
    public static byte[] header(CommandHash id) {
        return Outgoing.utf8(StoredFormat.NUMBER + "/" + text(id) + "//");
    }

    /** The hash of an id in its stored form: 16 characters of URL-safe Base64. */
    public static String text(CommandHash id) {
        return ENCODER.encodeToString(
                ByteBuffer.allocate(Long.BYTES + Integer.BYTES).putLong(id.head()).putInt(id.tail()).array());
    }

    /** The hash of the body in its stored form: 11 characters of URL-safe Base64. */
    public String bodyText() {
        return ENCODER.encodeToString(ByteBuffer.allocate(Long.BYTES).putLong(body).array());
    }

    /**
     * Reads the value of {@link Header#COMMAND}.
     *
     * @return null if it names no command: it was decided under the rules of format 1
     */
    public static @Nullable CommandIdentity read(byte[] header) {
        CommandHash id = readId(header);
        if (id == null || header.length < EPOCH_AT - 1) {
            return null;
        }
        try {
            ByteBuffer bytes = DECODER.decode(ByteBuffer.wrap(header, BODY_AT, BODY_CHARACTERS));
            return new CommandIdentity(id, bytes.getLong(), false);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Reads the hash of the id only; null if there is none. */
    public static @Nullable CommandHash readId(byte @Nullable [] header) {
        if (header == null || header.length < BODY_AT || header[ID_AT - 1] != '/' || header[BODY_AT - 1] != '/') {
            return null;
        }
        try {
            ByteBuffer bytes = DECODER.decode(ByteBuffer.wrap(header, ID_AT, ID_CHARACTERS));
            return new CommandHash(bytes.getLong(), bytes.getInt());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The value of the header {@link Header#COMMAND} where it says nothing but the leader epoch. */
    public static byte[] epochHeader(int epoch) {
        return Outgoing.utf8(StoredFormat.NUMBER + "///" + (epoch < 0 ? "" : epoch));
    }

    /** Reads the leader epoch of the command's record, or {@link Position#UNKNOWN_EPOCH}. */
    public static int readEpoch(byte[] header) {
        int slashes = 0;
        for (int i = 0; i < header.length; i++) {
            if (header[i] == '/' && ++slashes == 3) {
                long epoch = Header.number(header, i + 1);
                return epoch > LARGEST_EPOCH ? Position.UNKNOWN_EPOCH : (int) epoch;
            }
        }
        return Position.UNKNOWN_EPOCH;
    }
}
