package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.StartRefused;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A place in the log's past.
 *
 * @param time up to and including which events count, or null
 * @param offset that is the first not to count, of each partition, or null
 * @param offsets likewise, by partition; a partition that is not named counts whole
 */
record When(@Nullable Instant time, @Nullable Long offset, Map<Integer, Long> offsets) {

    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");
    private static final Pattern PAIRS = Pattern.compile("\\d{1,9}=\\d{1,18}(,\\d{1,9}=\\d{1,18})*");
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'")
            .withZone(ZoneOffset.UTC);

    /**
     * Reads {@code 2026-01-31T12:00:00Z}, {@code 1200}, or {@code 0=1200,1=900}.
     *
     * @throws StartRefused if it is neither
     */
    static When parse(String option, String text) {
        if (NUMBER.matcher(text).matches()) {
            return new When(null, Long.valueOf(text), Map.of());
        }
        if (PAIRS.matcher(text).matches()) {
            Map<Integer, Long> offsets = new TreeMap<>();
            for (String pair : text.split(",", -1)) {
                int equals = pair.indexOf('=');
                offsets.put(Integer.valueOf(pair.substring(0, equals)), Long.valueOf(pair.substring(equals + 1)));
            }
            return new When(null, null, offsets);
        }
        try {
            return new When(OffsetDateTime.parse(text).toInstant(), null, Map.of());
        } catch (DateTimeParseException e) {
            throw new StartRefused("--" + option + " is '" + text
                    + "'; give a time with its zone (2026-01-31T12:00:00Z, 2026-01-31T13:00:00+01:00) or a number");
        }
    }

    /** As part of a generation's name. */
    String stamp() {
        if (time != null) {
            return STAMP.format(time);
        }
        return offset != null ? "offset-" + offset : "offsets-" + Integer.toHexString(offsets.hashCode());
    }
}
