package dev.hivestream.runtime.message;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Validates the ids of aggregates, saga instances and commands. The same rule applies over HTTP and on topics, so that an id
 * that is accepted in one place is accepted in all others. {@link #require(String, String)} validates new ids;
 * {@link #requireRecorded(String, byte[])} applies the weaker rule of format 1 to ids that are in a log already.
 */
public final class Ids {

    /** The longest aggregate or command id, in UTF-16 characters. */
    public static final int MAX_LENGTH = 200;

    /** Web servers and proxies do not pass these on in a path, or read them as something else, encoded or not. */
    private static final String NOT_IN_PATHS = "/\\;%";

    private Ids() {}

    /**
     * An id, if it is one.
     *
     * @param what it is the id of, for the message
     * @throws Malformed if it is missing, blank or too long, is {@code .} or {@code ..}, begins or ends with white space, or
     *         contains a character that ids must not contain
     */
    public static String require(String what, @Nullable String id) throws Malformed {
        String recorded = requireRecorded(what, id);
        if (isSimple(recorded)) {
            return recorded;
        }
        if (recorded.equals(".") || recorded.equals("..")) {
            throw new Malformed("The " + what + " is '" + recorded + "', which is not a valid path segment");
        }
        if (recorded.codePoints().allMatch(c -> isSpace(c) || Character.getType(c) == Character.FORMAT)) {
            throw new Malformed("The " + what + " is missing or blank");
        }
        if (isSpace(recorded.codePointAt(0)) || isSpace(recorded.codePointBefore(recorded.length()))) {
            throw new Malformed("The " + what + " must not begin or end with white space");
        }
        for (int i = 0, c; i < recorded.length(); i += Character.charCount(c)) {
            c = recorded.codePointAt(i);
            if (!isAllowed(c)) {
                throw new Malformed("The " + what + " contains " + shown(c) + " at index " + i
                        + "; ids must not contain / \\ ; %, control characters or unpaired surrogates");
            }
        }
        return recorded;
    }

    /**
     * An id from its UTF-8 bytes.
     *
     * @throws Malformed as {@link #require(String, String)}
     */
    public static String require(String what, byte @Nullable [] utf8) throws Malformed {
        return require(what, requireRecorded(what, utf8));
    }

    /**
     * An id from its UTF-8 bytes, as a log of format 1 may have it: what was accepted when it was written is folded for
     * ever.
     *
     * @throws Malformed if it is missing, blank or too long, is not UTF-8, or has control characters
     */
    public static String requireRecorded(String what, byte @Nullable [] utf8) throws Malformed {
        if (utf8 == null) {
            throw new Malformed("The " + what + " is missing");
        }
        if (isPlain(utf8)) {
            return new String(utf8, StandardCharsets.ISO_8859_1);
        }
        return requireRecorded(what, decode(what, utf8));
    }

    /**
     * An id as a log of format 1 may have it.
     *
     * @throws Malformed as {@link #requireRecorded(String, byte[])}
     */
    public static String requireRecorded(String what, @Nullable String id) throws Malformed {
        if (id == null || id.isBlank()) {
            throw new Malformed("The " + what + " is missing or blank");
        }
        if (id.length() > MAX_LENGTH) {
            throw new Malformed("The " + what + " has " + id.length() + " characters; the limit is " + MAX_LENGTH);
        }
        if (id.chars().anyMatch(c -> Character.isISOControl(c) || c == '\uFFFD')) {
            throw new Malformed("The " + what + " contains a control character or is not UTF-8");
        }
        return id;
    }

    /**
     * Text that is passed on, and under which nothing is kept or read, such as a correlation id.
     *
     * @throws Malformed if it is blank or too long, or has control characters
     */
    public static String requireText(String what, @Nullable String text) throws Malformed {
        String recorded = requireRecorded(what, text);
        if (recorded.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
            throw new Malformed("The " + what + " contains an unpaired surrogate");
        }
        return recorded;
    }

    /** Escapes foreign text for a log line: characters that would end the line or control a terminal. */
    public static String printable(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            int type = Character.getType(c);
            if (type == Character.CONTROL || type == Character.SURROGATE || type == Character.LINE_SEPARATOR
                    || type == Character.PARAGRAPH_SEPARATOR || isDirection(c)) {
                printable.append(String.format("\\u%04x", c));
            } else {
                printable.appendCodePoint(c);
            }
        });
        return printable.toString();
    }

    /**
     * Reads UTF-8.
     *
     * @throws Malformed if it is something else
     */
    public static String decode(String what, byte[] utf8) throws Malformed {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new Malformed("The " + what + " is not UTF-8");
        }
    }

    /** The fast path for most ids: letters, digits and a few harmless characters. */
    private static boolean isSimple(String id) {
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
                    || c == ':')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isAllowed(int c) {
        return NOT_IN_PATHS.indexOf(c) < 0 && switch (Character.getType(c)) {
            case Character.CONTROL, Character.SURROGATE, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                false;
            default -> c != 0xFFFD && !isDirection(c);
        };
    }

    /** Bidirectional formatting characters, which reorder the rest of a line in logs and terminals. */
    private static boolean isDirection(int c) {
        return c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069;
    }

    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c);
    }

    private static String shown(int c) {
        return c > ' ' && c < 0x7f ? "'" + (char) c + "'" : String.format("U+%04X", c);
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
