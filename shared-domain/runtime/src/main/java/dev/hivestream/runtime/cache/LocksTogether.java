package dev.hivestream.runtime.cache;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Locks as a {@link org.springframework.integration.redis.util.RedisLockRegistry} stores them, the name of its holder at
 * the lock's key, but a thousand with one script: the registry needs two round trips for each. Either all are taken or
 * none, so nobody waits for somebody who waits. In Redis Cluster, where the keys lie in different slots, a script takes
 * one. Thread-safe.
 */
public final class LocksTogether {

    private static final Logger LOG = LoggerFactory.getLogger(LocksTogether.class);
    private static final int AT_ONCE = 1_000;

    private static final RedisScripts.Script TAKE = RedisScripts.script("""
            for i = 1, #KEYS do
                if not redis.call('SET', KEYS[i], ARGV[1], 'NX', 'PX', ARGV[2]) then
                    for j = 1, i - 1 do redis.call('DEL', KEYS[j]) end
                    return i
                end
            end
            return 0
            """);
    private static final RedisScripts.Script RENEW = RedisScripts.script("""
            for i = 1, #KEYS do
                if redis.call('GET', KEYS[i]) ~= ARGV[1] then return i end
                redis.call('PEXPIRE', KEYS[i], ARGV[2])
            end
            return 0
            """);
    private static final RedisScripts.Script RELEASE = RedisScripts.script("""
            for i = 1, #KEYS do
                if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
            end
            return 0
            """);

    private final RedisScripts scripts;
    private final String prefix;
    private final byte[] ttl;
    private final Duration retryDelay;
    private final int atOnce;

    /**
     * Of a registry's keys.
     *
     * @param registryKey as the registry has it
     * @param retryDelay after which a lock that another owner holds is asked for again
     */
    public LocksTogether(RedisConnectionFactory connections, String registryKey, Duration ttl, Duration retryDelay) {
        this.scripts = new RedisScripts(connections);
        this.prefix = registryKey + ":";
        this.ttl = Long.toString(ttl.toMillis()).getBytes(StandardCharsets.US_ASCII);
        this.retryDelay = retryDelay;
        this.atOnce = connections instanceof LettuceConnectionFactory lettuce && lettuce.isClusterAware()
                ? 1
                : AT_ONCE;
    }

    /** Of keys that are all different. */
    Guard.Locks of(List<String> keys) {
        return new Taken(keys);
    }

    private final class Taken implements Guard.Locks {

        private final List<String> keys;
        private final byte[] holder = UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII);
        /** So many of the keys may be ours. */
        private int asked;

        private Taken(List<String> keys) {
            this.keys = keys;
        }

        @Override
        public void acquire(Duration patience) {
            long end = System.nanoTime() + patience.toNanos();
            for (int held = take(); held >= 0; held = take()) {
                release();
                if (System.nanoTime() > end) {
                    throw Guard.Busy.of(keys.get(held));
                }
                try {
                    Thread.sleep(retryDelay);
                } catch (InterruptedException e) {
                    throw Guard.Busy.interrupted(keys.get(held));
                }
            }
        }

        /** The place of a key that somebody else holds, or -1 if all are ours. */
        private int take() {
            while (asked < keys.size()) {
                int from = asked;
                asked = Math.min(keys.size(), from + atOnce);
                long held = run(TAKE, from, asked);
                if (held > 0) {
                    return from + (int) held - 1;
                }
            }
            return -1;
        }

        @Override
        public boolean renew() {
            for (int from = 0; from < asked; from += atOnce) {
                if (run(RENEW, from, Math.min(asked, from + atOnce)) > 0) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public void release() {
            try {
                for (int from = 0; from < asked; from += atOnce) {
                    run(RELEASE, from, Math.min(asked, from + atOnce));
                }
            } catch (RuntimeException e) {
                LOG.debug("Locks were not released and end with their ttl", e);
            }
            asked = 0;
        }

        private long run(RedisScripts.Script script, int from, int to) {
            byte[][] arguments = new byte[to - from + 2][];
            for (int i = from; i < to; i++) {
                arguments[i - from] = (prefix + keys.get(i)).getBytes(StandardCharsets.UTF_8);
            }
            arguments[to - from] = holder;
            arguments[to - from + 1] = ttl;
            return scripts.<Long>run(script, ReturnType.INTEGER, to - from, arguments);
        }
    }
}
