package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Up to where a slot's cache reflects the log. Stored beside the snapshots and changed with them by one script; two
 * checkpoints are the same only if they are the same bytes.
 *
 * @param next the log position to fold next
 * @param command the highest command position among the events folded, {@link Position#NONE} if there are none
 * @param nonce made anew at each write, so that a cache that was replaced or mended is noticed even at the same position
 */
public record Checkpoint(long next, String command, String nonce) {

    public Checkpoint {
        Position.parse(command);
    }

    /** A new checkpoint with a nonce of its own. */
    public static Checkpoint at(long next, Position command) {
        return new Checkpoint(next, command.toString(),
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
     */
    public static Checkpoint read(byte[] stored) {
        return Json.TOLERANT.readValue(stored, Checkpoint.class);
    }

    @Override
    public String toString() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }
}
