package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.cache.StoredKey.Kind;
import dev.hivestream.runtime.cache.StoredKey.OfGeneration;
import dev.hivestream.runtime.cache.StoredKey.OfPartition;
import dev.hivestream.runtime.cache.StoredKey.OfType;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.message.StoredFormat;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names of all keys in Redis, and how they are read. A slot's keys share a hash tag, so one script is atomic over them in
 * a cluster too.
 *
 * <p>Ids are chosen by clients, so they are {@linkplain #encode encoded}: no id contains what separates the parts of a key, or
 * what a pattern of Redis gives a meaning. Keys are parsed from the left, and a key that these methods cannot have built is
 * not a key of the cache.
 */
public final class Keys {

    /** The prefix of the lock registry's keys. */
    public static final String LOCKS = "hive:lock";

    private static final String FORMAT = "hive:" + StoredFormat.NUMBER + ":{";
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private static final String TYPE = "([a-z][a-z0-9-]{0,62})";
    private static final String PARTITION = "(0|[1-9][0-9]{0,8})";
    private static final Pattern GENERATION = Pattern.compile("[A-Za-z0-9.-]{1,100}");
    private static final Pattern OF_GENERATION = Pattern.compile("hive:" + StoredFormat.NUMBER + ":\\{" + TYPE + ":"
            + PARTITION + "}:(" + GENERATION.pattern() + "):(checkpoint|[sc]:[A-Za-z0-9_.%-]*|i:[A-Za-z0-9-]+)");

    private static final Pattern OLD_OF_TYPE = Pattern
            .compile("hive:(generation|building):" + TYPE + ":([0-9a-f]{12})");
    private static final Pattern OLD_OF_PARTITION = Pattern
            .compile("hive:\\{" + TYPE + ":" + PARTITION + "}:(active|r:.*)", Pattern.DOTALL);
    private static final Pattern OLD_OF_GENERATION = Pattern.compile("hive:\\{" + TYPE + ":" + PARTITION
            + "}:([A-Za-z0-9._-]{1,100}):(watermark|s:.*|i:.*)", Pattern.DOTALL);

    private Keys() {}

    /** A hash: fingerprint to the generation that readers use. */
    public static byte[] active(Slot slot) {
        return utf8(tag(slot) + "active");
    }

    public static byte[] checkpoint(Slot slot, String generation) {
        return utf8(tag(slot) + generation + ":checkpoint");
    }

    public static byte[] snapshot(Slot slot, String generation, String id) {
        return utf8(snapshots(slot, generation) + encode(id));
    }

    /** What the keys of all snapshots begin with; the encoded id follows. */
    static String snapshots(Slot slot, String generation) {
        return tag(slot) + generation + ":s:";
    }

    /** The block of remembered commands that a snapshot names. */
    public static byte[] commands(Slot slot, String generation, String id) {
        return utf8(commands(slot, generation) + encode(id));
    }

    /** What the keys of all blocks begin with; the encoded id follows. */
    static String commands(Slot slot, String generation) {
        return tag(slot) + generation + ":c:";
    }

    /** A sorted set: where snapshots are found by order. */
    public static byte[] index(Slot slot, String generation, String set) {
        return utf8(tag(slot) + generation + ":i:" + set);
    }

    /** A hash: aggregate id and command to kept result. */
    public static byte[] results(Slot slot) {
        return utf8(tag(slot) + "results");
    }

    /** A list: the fields of {@link #results}, oldest first. */
    public static byte[] resultsOrder(Slot slot) {
        return utf8(tag(slot) + "results:order");
    }

    /** A set: the names of all generations of a type. */
    public static byte[] generations(String type) {
        return utf8(tag(type) + "generations");
    }

    /** A hash: fingerprint to the generation wanted. */
    public static byte[] wanted(String type) {
        return utf8(tag(type) + "wanted");
    }

    /** A hash: fingerprint to the generation that a rebuild has begun and not ended. */
    public static byte[] building(String type) {
        return utf8(tag(type) + "building");
    }

    /** The lock of a partition, behind {@link #LOCKS}. */
    public static String lock(Slot slot) {
        return slot.toString();
    }

    /** The lock of one aggregate, behind {@link #LOCKS}; no id gives the lock of a partition. */
    public static String lock(String type, String id) {
        return type + ":a:" + encode(id);
    }

    /** The claim of an app's instance on its name; no type's keys begin like this. */
    static byte[] instance(String application, String instance) {
        return utf8("hive:" + StoredFormat.NUMBER + ":instance:" + encode(application) + ":" + encode(instance));
    }

    /** What matches all keys of a type's partitions, and those of other programs that begin alike. */
    static byte[] anyOf(String type) {
        return utf8(FORMAT + type + ":*");
    }

    /** Likewise for keys of format 1; none of the patterns has a wildcard but at its end. */
    static byte[][] anyOfFormat1(String type) {
        return new byte[][]{utf8("hive:{" + type + ":*"), utf8("hive:generation:" + type + ":*"),
                utf8("hive:building:" + type + ":*")};
    }

    /** Whether a generation may have this name. */
    public static boolean isGeneration(String name) {
        return GENERATION.matcher(name).matches();
    }

    /**
     * An id as part of a key: of its bytes in UTF-8, {@code A-Z a-z 0-9 _ . -} stay, and every other one is {@code %XX} with
     * upper-case digits. An unpaired surrogate is a question mark, as in the key of a record.
     */
    public static String encode(String id) {
        for (int i = 0; i < id.length(); i++) {
            if (!stays(id.charAt(i))) {
                return encoded(id);
            }
        }
        return id;
    }

    private static String encoded(String id) {
        StringBuilder encoded = new StringBuilder(id.length() + 16);
        for (byte one : id.getBytes(StandardCharsets.UTF_8)) {
            if (stays((char) (one & 0xff))) {
                encoded.append((char) one);
            } else {
                HEX.toHexDigits(encoded.append('%'), one);
            }
        }
        return encoded.toString();
    }

    private static boolean stays(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-';
    }

    /**
     * The id that {@link #encode} was given, or null if the text is not what it gives: a character that has to be encoded, a
     * byte that must not be, lower-case digits, or bytes that are not UTF-8.
     */
    public static @Nullable String decode(String encoded) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(encoded.length());
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c != '%') {
                if (!stays(c)) {
                    return null;
                }
                bytes.write(c);
                continue;
            }
            if (i + 2 >= encoded.length() || !isHex(encoded.charAt(i + 1)) || !isHex(encoded.charAt(i + 2))) {
                return null;
            }
            int value = HexFormat.fromHexDigits(encoded, i + 1, i + 3);
            if (stays((char) value)) {
                return null;
            }
            bytes.write(value);
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static boolean isHex(char c) {
        return c >= '0' && c <= '9' || c >= 'A' && c <= 'F';
    }

    /** Reads a key of a generation in this format; null if it is another key. */
    public static @Nullable OfGeneration parse(byte[] key) {
        // a byte is a character: anything outside ASCII matches nothing
        String text = new String(key, StandardCharsets.ISO_8859_1);
        if (!text.startsWith(FORMAT)) {
            return null;
        }
        Matcher parts = OF_GENERATION.matcher(text);
        return parts.matches() ? ofGeneration(slot(parts), parts.group(3), parts.group(4)) : null;
    }

    private static @Nullable OfGeneration ofGeneration(Slot slot, String generation, String rest) {
        if (rest.equals("checkpoint")) {
            return new OfGeneration(slot, generation, Kind.CHECKPOINT, "");
        }
        String name = rest.substring(2);
        if (rest.startsWith("i:")) {
            return new OfGeneration(slot, generation, Kind.INDEX, name);
        }
        String id = decode(name);
        return id == null
                ? null
                : new OfGeneration(slot, generation, rest.startsWith("s:") ? Kind.SNAPSHOT : Kind.COMMANDS, id);
    }

    /** Reads a key of format 1, whose ids are not encoded; null if it is not one. Results of commands are {@link Kind#RESULTS}. */
    public static @Nullable StoredKey parseFormat1(byte[] key) {
        String text = new String(key, StandardCharsets.ISO_8859_1);
        Matcher parts = OLD_OF_PARTITION.matcher(text);
        if (parts.matches()) {
            return new OfPartition(slot(parts), parts.group(3).equals("active") ? Kind.ACTIVE : Kind.RESULTS);
        }
        parts = OLD_OF_GENERATION.matcher(text);
        if (parts.matches()) {
            String rest = parts.group(4);
            return rest.equals("watermark")
                    ? new OfGeneration(slot(parts), parts.group(3), Kind.CHECKPOINT, "")
                    : new OfGeneration(slot(parts), parts.group(3), rest.startsWith("s:") ? Kind.SNAPSHOT : Kind.INDEX,
                            new String(rest.substring(2).getBytes(StandardCharsets.ISO_8859_1),
                                    StandardCharsets.UTF_8));
        }
        parts = OLD_OF_TYPE.matcher(text);
        if (parts.matches()) {
            return new OfType(parts.group(2), parts.group(1).equals("generation") ? Kind.WANTED : Kind.BUILDING);
        }
        return null;
    }

    private static Slot slot(Matcher parts) {
        return new Slot(parts.group(1), Integer.parseInt(parts.group(2)));
    }

    private static String tag(Slot slot) {
        return FORMAT + slot + "}:";
    }

    private static String tag(String type) {
        return FORMAT + type + "}:";
    }

    private static byte[] utf8(String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }
}
