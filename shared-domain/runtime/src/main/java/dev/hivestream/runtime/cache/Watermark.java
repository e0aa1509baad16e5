package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Up to where a slot's cache reflects the log. Stored beside the snapshots and changed with them by one script; two
 * watermarks are the same only if they are the same bytes.
 *
 * @param next the log position to fold next
 * @param command the highest command position among the events folded, {@link Position#NONE} if there are none
 * @param nonce made anew at each write, so that a cache that was replaced or mended is noticed even at the same position
 */
public record Watermark(long next, String command, String nonce) {

    /** A new watermark with a nonce of its own. */
    public static Watermark at(long next, Position command) {
        return new Watermark(next, command.toString(),
                HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()));
    }

    /** The highest command position folded. */
    public Position commandPosition() {
        return Position.parse(command);
    }

    /** What is stored. */
    public byte[] bytes() {
        return Json.TOLERANT.writeValueAsBytes(this);
    }

    /**
     * Reads what {@link #bytes} wrote.
     *
     * @throws tools.jackson.core.JacksonException if it is something else
     * @throws IllegalArgumentException if its command position is something else
     */
    public static Watermark read(byte[] stored) {
        Watermark watermark = Json.TOLERANT.readValue(stored, Watermark.class);
        Position.parse(watermark.command);
        return watermark;
    }

    @Override
    public String toString() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }
}
