package dev.hivestream.runtime.cache;

import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisScriptingAsyncCommands;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceExceptionConverter;
import org.springframework.data.redis.core.script.DigestUtils;

/**
 * Runs scripts in Redis, which knows them by their hash from the second time on. With Lettuce several can be under way:
 * they run in the order in which they were asked for. Thread-safe.
 */
final class RedisScripts {

    private static final LettuceExceptionConverter TRANSLATION = new LettuceExceptionConverter();

    /** A script in Lua, and its hash. */
    @SuppressWarnings("ArrayRecordComponent")
    record Script(byte[] text, String sha) {}

    private final RedisConnectionFactory connections;
    private final long patienceNanos;

    RedisScripts(RedisConnectionFactory connections) {
        this.connections = connections;
        this.patienceNanos = connections instanceof LettuceConnectionFactory lettuce
                ? TimeUnit.MILLISECONDS.toNanos(lettuce.getTimeout())
                : 0;
    }

    static Script script(String text) {
        return new Script(text.getBytes(StandardCharsets.UTF_8), DigestUtils.sha1DigestAsHex(text));
    }

    /**
     * Runs one.
     *
     * @param keys how many of the arguments are keys; they come first
     * @throws DataAccessException if Redis does not answer, or the script fails
     */
    <T> T run(Script script, ReturnType type, int keys, byte[][] arguments) {
        return this.<T>ask(script, type, keys, arguments).get();
    }

    /**
     * Asks for one, without waiting; whoever takes the answer waits for it, as long as a command may take since it was
     * asked for.
     *
     * @return gives the answer, or throws as {@link #run}; to be asked once
     * @throws DataAccessException if there is no connection
     */
    <T> Supplier<T> ask(Script script, ReturnType type, int keys, byte[][] arguments) {
        long until = System.nanoTime() + patienceNanos;
        RedisFuture<T> answer = send(script, type, keys, arguments);
        return answer == null
                ? () -> wait(script, type, keys, arguments)
                : () -> await(answer, until, script, type, keys, arguments);
    }

    /** Null if the client can only wait. */
    @SuppressWarnings("unchecked")
    private <T> @Nullable RedisFuture<T> send(Script script, ReturnType type, int keys, byte[][] arguments) {
        try (RedisConnection redis = connections.getConnection()) {
            return redis.getNativeConnection() instanceof RedisScriptingAsyncCommands<?, ?> commands
                    ? ((RedisScriptingAsyncCommands<byte[], byte[]>) commands).evalsha(script.sha(), output(type),
                            Arrays.copyOf(arguments, keys), Arrays.copyOfRange(arguments, keys, arguments.length))
                    : null;
        }
    }

    private static ScriptOutputType output(ReturnType type) {
        return switch (type) {
            case INTEGER -> ScriptOutputType.INTEGER;
            case MULTI -> ScriptOutputType.MULTI;
            case VALUE -> ScriptOutputType.VALUE;
            case BOOLEAN -> ScriptOutputType.BOOLEAN;
            case STATUS -> ScriptOutputType.STATUS;
        };
    }

    private <T> T await(RedisFuture<T> future, long until, Script script, ReturnType type, int keys,
            byte[][] arguments) {
        try {
            return required(LettuceFutures.awaitOrCancel(future, Math.max(1, until - System.nanoTime()),
                    TimeUnit.NANOSECONDS));
        } catch (RedisNoScriptException e) {
            return wait(script, type, keys, arguments);
        } catch (RuntimeException e) {
            DataAccessException translated = TRANSLATION.convert(e);
            throw translated == null ? e : translated;
        }
    }

    private <T> T wait(Script script, ReturnType type, int keys, byte[][] arguments) {
        try (RedisConnection redis = connections.getConnection()) {
            try {
                return RedisScripts.<T>required(
                        redis.scriptingCommands().evalSha(script.sha(), type, keys, arguments));
            } catch (NonTransientDataAccessException e) {
                if (!String.valueOf(e.getMostSpecificCause().getMessage()).startsWith("NOSCRIPT")) {
                    throw e;
                }
                return RedisScripts.<T>required(redis.scriptingCommands().eval(script.text(), type, keys, arguments));
            }
        }
    }

    private static <T> T required(@Nullable T answer) {
        if (answer == null) {
            throw new IllegalStateException("A script answered nothing");
        }
        return answer;
    }
}
