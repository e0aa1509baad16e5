package dev.hivestream.runtime.cache;

import java.nio.charset.StandardCharsets;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.core.script.DigestUtils;

/** Runs scripts in Redis, which knows them by their hash from the second time on. Thread-safe. */
final class RedisScripts {

    /** A script in Lua, and its hash. */
    @SuppressWarnings("ArrayRecordComponent")
    record Script(byte[] text, String sha) {}

    private final RedisConnectionFactory connections;

    RedisScripts(RedisConnectionFactory connections) {
        this.connections = connections;
    }

    static Script script(String text) {
        return new Script(text.getBytes(StandardCharsets.UTF_8), DigestUtils.sha1DigestAsHex(text));
    }

    /**
     * Runs one.
     *
     * @param keys how many of the arguments are keys; they come first
     * @throws org.springframework.dao.DataAccessException if Redis does not answer, or the script fails
     */
    <T> T run(Script script, ReturnType type, int keys, byte[][] arguments) {
        try (RedisConnection redis = connections.getConnection()) {
            T answer;
            try {
                answer = redis.scriptingCommands().evalSha(script.sha(), type, keys, arguments);
            } catch (NonTransientDataAccessException e) {
                if (!String.valueOf(e.getMostSpecificCause().getMessage()).startsWith("NOSCRIPT")) {
                    throw e;
                }
                answer = redis.scriptingCommands().eval(script.text(), type, keys, arguments);
            }
            if (answer == null) {
                throw new IllegalStateException("A script answered nothing");
            }
            return answer;
        }
    }
}
