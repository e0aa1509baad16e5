package dev.hivestream.runtime.message;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The form of ids that come from outside. */
public final class Ids {

    /** The longest aggregate or command id, in UTF-16 characters. */
    public static final int MAX_LENGTH = 200;

    private Ids() {}

    /**
     * An id, if it is one.
     *
     * @param what it is the id of, for the message
     * @throws Malformed if it is missing, blank, too long, or has control characters
     */
    public static String require(String what, @Nullable String id) throws Malformed {
        if (id == null || id.isBlank()) {
            throw new Malformed("The " + what + " is missing or blank");
        }
        if (id.length() > MAX_LENGTH) {
            throw new Malformed("The " + what + " has " + id.length() + " characters; " + MAX_LENGTH + " are allowed");
        }
        if (id.chars().anyMatch(c -> Character.isISOControl(c) || c == '\uFFFD')) {
            throw new Malformed("The " + what + " has a control character or is not UTF-8");
        }
        return id;
    }

    /**
     * An id from its UTF-8 bytes.
     *
     * @throws Malformed as {@link #require(String, String)}
     */
    public static String require(String what, byte @Nullable [] utf8) throws Malformed {
        if (utf8 == null) {
            throw new Malformed("The " + what + " is missing");
        }
        if (isPlain(utf8)) {
            return new String(utf8, StandardCharsets.ISO_8859_1);
        }
        try {
            return require(what, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString());
        } catch (CharacterCodingException e) {
            throw new Malformed("The " + what + " is not UTF-8");
        }
    }

    /** As nearly all ids are: printable ASCII without a space, and not too long. */
    private static boolean isPlain(byte[] utf8) {
        for (byte character : utf8) {
            if (character <= ' ' || character == 0x7f) {
                return false;
            }
        }
        return utf8.length > 0 && utf8.length <= MAX_LENGTH;
    }
}
