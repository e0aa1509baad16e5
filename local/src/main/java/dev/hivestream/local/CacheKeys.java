package dev.hivestream.local;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The keys of the cache, written down once more from {@code docs/formats.md}, so that checks do not believe what they check. */
public final class CacheKeys {

    private static final String PREFIX = "hive:2:{";
    private static final Pattern KEY = Pattern.compile("hive:2:\\{([a-z][a-z0-9-]*:[0-9]+)}:([A-Za-z0-9.-]+)"
            + "(?::(?:(checkpoint)|s:([A-Za-z0-9_.%-]*)))?");

    private CacheKeys() {}

    /** A hash: fingerprint to the generation that readers use. */
    public static String active(String type, int partition) {
        return PREFIX + type + ":" + partition + "}:active";
    }

    public static String checkpoint(String type, int partition, String generation) {
        return PREFIX + type + ":" + partition + "}:" + generation + ":checkpoint";
    }

    public static String snapshot(String type, int partition, String generation, String id) {
        return PREFIX + type + ":" + partition + "}:" + generation + ":s:" + encode(id);
    }

    /** A hash: fingerprint to the generation wanted. */
    public static String wanted(String type) {
        return PREFIX + type + "}:wanted";
    }

    /** A set: the names of a type's generations. */
    public static String generations(String type) {
        return PREFIX + type + "}:generations";
    }

    /** Of the bytes in UTF-8, those of letters and digits of ASCII and of {@code _.-} stay; others are {@code %XX}. */
    public static String encode(String id) {
        StringBuilder encoded = new StringBuilder();
        for (byte one : id.getBytes(StandardCharsets.UTF_8)) {
            String asText = String.valueOf((char) (one & 0xff));
            encoded.append(asText.matches("[A-Za-z0-9_.-]") ? asText : "%%%02X".formatted(one & 0xff));
        }
        return encoded.toString();
    }

    private static String decode(String encoded) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < encoded.length(); i++) {
            if (encoded.charAt(i) == '%') {
                bytes.write(Integer.parseInt(encoded.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.write(encoded.charAt(i));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /**
     * A key of one partition that a check looks at.
     *
     * @param slot {@code account:3}
     * @param generation null if it is the pointer of the readers
     * @param id null if it is the pointer or a checkpoint
     */
    public record Key(String slot, @Nullable String generation, @Nullable String id) {}

    /** Reads a key; null if it is another one, or none of the cache's. */
    public static @Nullable Key parse(String key) {
        Matcher parts = KEY.matcher(key);
        if (!parts.matches()) {
            return null;
        }
        String id = parts.group(4);
        if (id != null) {
            return new Key(parts.group(1), parts.group(2), decode(id));
        }
        if (parts.group(3) != null) {
            return new Key(parts.group(1), parts.group(2), null);
        }
        return parts.group(2).equals("active") ? new Key(parts.group(1), null, null) : null;
    }
}
