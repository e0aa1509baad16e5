package dev.hivestream.runtime.cache;

import com.fasterxml.jackson.annotation.JsonCreator;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Up to where a slot's cache reflects the log. Stored beside the snapshots and changed with them by one script; two
 * checkpoints are the same only if they are the same bytes.
 *
 * @param next the log position to fold next
 * @param epoch leader epoch of what was read last before {@code next}, by which a reader notices that the log was truncated;
 *     {@link Position#UNKNOWN_EPOCH} after a batch, since a producer is not told the epoch of what it appends
 * @param command the highest command position among the events folded, {@link Position#NONE} if there are none
 * @param commandEpoch leader epoch of the command at that position, {@link Position#UNKNOWN_EPOCH} if its events do not say
 * @param nonce made anew at each write, so that a cache that was replaced or mended is noticed even at the same position
 */
public record Checkpoint(long next, int epoch, String command, int commandEpoch, String nonce) {

    public Checkpoint {
        Position.parse(command);
    }

    /** As stored; without an epoch it is not known. */
    @JsonCreator
    static Checkpoint stored(long next, @Nullable Integer epoch, String command, @Nullable Integer commandEpoch,
            String nonce) {
        return new Checkpoint(next, epoch == null ? Position.UNKNOWN_EPOCH : epoch, command,
                commandEpoch == null ? Position.UNKNOWN_EPOCH : commandEpoch, nonce);
    }

    /** A new checkpoint with a nonce of its own, at a position whose leader epoch is not known. */
    public static Checkpoint at(long next, Position command) {
        return at(next, Position.UNKNOWN_EPOCH, command);
    }

    /** A new checkpoint with a nonce of its own. */
    public static Checkpoint at(long next, int epoch, Position command) {
        return new Checkpoint(next, epoch, command.toString(), command.epoch(), fresh());
    }

    /** The same position with another nonce. */
    public Checkpoint renewed() {
        return new Checkpoint(next, epoch, command, commandEpoch, fresh());
    }

    private static String fresh() {
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }

    /** The highest command position folded. */
    public Position commandPosition() {
        return Position.parse(command).at(commandEpoch);
    }

    /** Whether another checkpoint of the same log reflects more of it. */
    public boolean isBehind(Checkpoint other) {
        Position position = other.commandPosition();
        return next < other.next || !position.equals(Position.NONE) && !commandPosition().covers(position);
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
