package dev.hivestream.runtime.cache;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
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
        private List<Supplier<Long>> taking = List.of();
        private List<Supplier<Long>> releasing = List.of();
        /** Some of the locks may be ours. */
        private boolean asked;

        private Taken(List<String> keys) {
            this.keys = keys;
        }

        @Override
        public void ask() {
            asked = true;
            taking = ask(TAKE);
        }

        @Override
        public boolean acquire(Duration patience) {
            long end = System.nanoTime() + patience.toNanos();
            boolean atOnce = true;
            for (int theirs = theirs(taking); theirs >= 0; theirs = theirs(taking)) {
                release();
                if (System.nanoTime() > end) {
                    throw Guard.Busy.of(keys.get(theirs));
                }
                try {
                    Thread.sleep(retryDelay);
                } catch (InterruptedException e) {
                    throw Guard.Busy.interrupted(keys.get(theirs));
                }
                atOnce = false;
                ask();
            }
            return atOnce;
        }

        @Override
        public boolean renew() {
            return theirs(ask(RENEW)) < 0;
        }

        @Override
        public void askToRelease() {
            if (asked) {
                asked = false;
                try {
                    releasing = ask(RELEASE);
                } catch (RuntimeException e) {
                    notReleased(e);
                }
            }
        }

        @Override
        public void release() {
            askToRelease();
            try {
                for (Supplier<Long> answer : releasing) {
                    Long _ = answer.get();
                }
            } catch (RuntimeException e) {
                notReleased(e);
            }
            releasing = List.of();
        }

        private static void notReleased(RuntimeException why) {
            LOG.debug("Locks were not released and end with their ttl", why);
        }

        private List<Supplier<Long>> ask(RedisScripts.Script script) {
            List<Supplier<Long>> answers = new ArrayList<>();
            for (int from = 0; from < keys.size(); from += atOnce) {
                List<String> some = keys.subList(from, Math.min(keys.size(), from + atOnce));
                byte[][] arguments = new byte[some.size() + 2][];
                for (int i = 0; i < some.size(); i++) {
                    arguments[i] = (prefix + some.get(i)).getBytes(StandardCharsets.UTF_8);
                }
                arguments[some.size()] = holder;
                arguments[some.size() + 1] = ttl;
                answers.add(scripts.ask(script, ReturnType.INTEGER, some.size(), arguments));
            }
            return answers;
        }

        /** The place of a key that somebody else holds, or -1 if all are ours. */
        private int theirs(List<Supplier<Long>> answers) {
            for (int i = 0; i < answers.size(); i++) {
                long theirs = answers.get(i).get();
                if (theirs > 0) {
                    return i * atOnce + (int) theirs - 1;
                }
            }
            return -1;
        }
    }
}
