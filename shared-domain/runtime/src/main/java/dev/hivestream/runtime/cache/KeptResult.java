package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Result;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A result that Redis keeps for a while, because neither the events nor the snapshot tell it: a rejection, a failure, or an
 * acceptance without events.
 *
 * @param body the hash of the command's type and body, empty if it has none
 * @param result what became of the command
 */
public record KeptResult(String body, Result result) {

    private static final byte[] BODY = ascii("{\"body\":\"");
    private static final byte[] RESULT = ascii("\",\"result\":");

    /** The name that it is kept under, in the results of its partition. */
    public static String field(String aggregateId, CommandHash command) {
        return Keys.encode(aggregateId) + ":" + CommandIdentity.text(command);
    }

    /** The stored form. */
    public static byte[] write(String body, byte[] result) {
        byte[] hash = ascii(body);
        return ByteBuffer.allocate(BODY.length + hash.length + RESULT.length + result.length + 1).put(BODY).put(hash)
                .put(RESULT).put(result).put((byte) '}').array();
    }

    /** Reads the stored form; null if it is something else. */
    public static @Nullable KeptResult read(byte @Nullable [] stored) {
        try {
            return stored == null ? null : Json.TOLERANT.readValue(stored, KeptResult.class);
        } catch (JacksonException e) {
            return null;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
