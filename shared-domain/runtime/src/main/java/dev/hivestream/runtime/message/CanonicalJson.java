package dev.hivestream.runtime.message;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The canonical form of a JSON value: no white space, members sorted by UTF-16 code units,
 * strings with the escapes of RFC 8785 and no others. Unlike there, the literals of numbers stay as they are: 1.0 is not 1.
 * Duplicate members, unpaired surrogates, other encodings than UTF-8 and a byte order mark have no such form. Test vectors are in docs/formats.md. Thread-safe.
 */
public final class CanonicalJson {

    /** The quick check does not handle deeper objects: it would need more state than it saves. */
    private static final int DEPTH = 16;
    private static final char BYTE_ORDER_MARK = '\uFEFF';
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private CanonicalJson() {}

    /**
     * Gives the canonical form of a JSON value, which is the same array if it has that form already.
     *
     * @throws Malformed if the text is not JSON, has duplicate members, or text that UTF-8 cannot represent
     */
    public static byte[] of(byte[] json) throws Malformed {
        requireUtf8(json);
        return isCanonical(json) ? json : rewrite(json);
    }

    /** A parser would read UTF-16, UTF-32 and invalid UTF-8 too. */
    private static void requireUtf8(byte[] json) throws Malformed {
        boolean ascii = true;
        for (byte one : json) {
            if (one == 0) {
                throw new Malformed("not JSON (UTF-8): it contains a zero byte");
            }
            ascii &= one > 0;
        }
        if (ascii) {
            return;
        }
        try {
            if (StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).charAt(0) == BYTE_ORDER_MARK) {
                throw new Malformed("not JSON (UTF-8): it begins with a byte order mark");
            }
        } catch (CharacterCodingException e) {
            throw new Malformed("not JSON (UTF-8): it is in another encoding", e);
        }
    }

    /**
     * Whether a JSON text has the canonical form, as far as one pass can tell: escapes and names that are not ASCII are left
     * to the parser. A text that is not JSON may pass; it is rejected when the command is read.
     */
    private static boolean isCanonical(byte[] json) {
        int[] names = new int[DEPTH];
        int[] lengths = new int[DEPTH];
        long objects = 0;
        int depth = -1;
        boolean nameNext = false;
        for (int i = 0; i < json.length; i++) {
            switch (json[i]) {
                case '{', '[' -> {
                    if (++depth == DEPTH) {
                        return false;
                    }
                    boolean object = json[i] == '{';
                    objects = object ? objects | 1L << depth : objects & ~(1L << depth);
                    lengths[depth] = -1;
                    nameNext = object;
                }
                case '}', ']' -> {
                    if (--depth < -1) {
                        return false;
                    }
                    nameNext = false;
                }
                case ',' -> nameNext = depth >= 0 && (objects & 1L << depth) != 0;
                case '"' -> {
                    int end = endOfString(json, i + 1, nameNext);
                    if (end < 0) {
                        return false;
                    }
                    if (nameNext) {
                        if (lengths[depth] >= 0
                                && compare(json, names[depth], lengths[depth], i + 1, end - i - 1) >= 0) {
                            return false;
                        }
                        names[depth] = i + 1;
                        lengths[depth] = end - i - 1;
                        nameNext = false;
                    }
                    i = end;
                }
                case ' ', '\t', '\n', '\r' -> {
                    return false;
                }
                default -> {
                    // a literal
                }
            }
        }
        return depth == -1 && json.length > 0;
    }

    /** The place of the closing quote; -1 if the string has an escape, or is a name with other characters than ASCII. */
    private static int endOfString(byte[] json, int from, boolean name) {
        for (int i = from; i < json.length; i++) {
            byte character = json[i];
            if (character == '"') {
                return i;
            }
            if (character == '\\' || name && character < 0) {
                return -1;
            }
        }
        return -1;
    }

    private static int compare(byte[] json, int first, int firstLength, int second, int secondLength) {
        int both = Math.min(firstLength, secondLength);
        for (int i = 0; i < both; i++) {
            int difference = json[first + i] - json[second + i];
            if (difference != 0) {
                return difference;
            }
        }
        return firstLength - secondLength;
    }

    private static byte[] rewrite(byte[] json) throws Malformed {
        try (JsonParser parser = Json.STRICT.createParser(json)) {
            Value root = new Value(parser);
            ByteArrayOutputStream canonical = new ByteArrayOutputStream(json.length);
            write(root.value, canonical);
            return canonical.toByteArray();
        } catch (JacksonException e) {
            throw new Malformed(Codec.explain(e), e);
        }
    }

    /** Reads one value without recursion: its depth is the client's choice, up to what the parser allows. */
    private static final class Value {
        private @Nullable Object value;
        private final Deque<Object> open = new ArrayDeque<>();
        private final Deque<String> names = new ArrayDeque<>();

        private Value(JsonParser parser) throws Malformed {
            boolean any = false;
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (any && open.isEmpty()) {
                    throw new Malformed("not JSON (UTF-8): unexpected text after the value");
                }
                any = true;
                switch (token) {
                    case START_OBJECT -> open.push(new TreeMap<String, Object>());
                    case START_ARRAY -> open.push(new ArrayList<>());
                    case END_OBJECT, END_ARRAY -> add(open.pop());
                    case PROPERTY_NAME -> names.push(parser.currentName());
                    case VALUE_STRING -> add(new Text(parser.getString()));
                    default -> add(parser.getString());
                }
            }
            if (!any) {
                throw new Malformed("not JSON (UTF-8): the text is empty");
            }
        }

        @SuppressWarnings("unchecked")
        private void add(Object element) {
            switch (open.peek()) {
                case null -> value = element;
                case List<?> list -> ((List<Object>) list).add(element);
                case Map<?, ?> map -> ((Map<String, Object>) map).put(names.pop(), element);
                default -> throw new IllegalStateException("Only objects and arrays are open");
            }
        }
    }

    /** A string, as distinct from the literal of a number, of a boolean or of null. */
    private record Text(String text) {}

    private static void write(@Nullable Object value, ByteArrayOutputStream to) throws Malformed {
        switch (value) {
            case Text(String text) -> write(text, to);
            case List<?> list -> {
                char before = '[';
                for (Object element : list) {
                    to.write(before);
                    write(element, to);
                    before = ',';
                }
                if (list.isEmpty()) {
                    to.write('[');
                }
                to.write(']');
            }
            case Map<?, ?> map -> {
                char before = '{';
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    to.write(before);
                    write((String) member.getKey(), to);
                    to.write(':');
                    write(member.getValue(), to);
                    before = ',';
                }
                if (map.isEmpty()) {
                    to.write('{');
                }
                to.write('}');
            }
            case null -> throw new Malformed("not JSON (UTF-8): the text is empty");
            default -> to.writeBytes(value.toString().getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static void write(String text, ByteArrayOutputStream to) throws Malformed {
        StringBuilder escaped = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            switch (character) {
                case '"' -> escaped.append("\\\"");
                case '\\' -> escaped.append("\\\\");
                case '\b' -> escaped.append("\\b");
                case '\t' -> escaped.append("\\t");
                case '\n' -> escaped.append("\\n");
                case '\f' -> escaped.append("\\f");
                case '\r' -> escaped.append("\\r");
                default -> {
                    if (character < ' ') {
                        escaped.append("\\u00").append(HEX[character >> 4]).append(HEX[character & 15]);
                    } else if (!Character.isSurrogate(character)) {
                        escaped.append(character);
                    } else if (Character.isHighSurrogate(character) && i + 1 < text.length()
                            && Character.isLowSurrogate(text.charAt(i + 1))) {
                        escaped.append(character).append(text.charAt(++i));
                    } else {
                        throw new Malformed("a string contains an unpaired surrogate");
                    }
                }
            }
        }
        to.writeBytes(escaped.append('"').toString().getBytes(StandardCharsets.UTF_8));
    }
}
