package dev.hivestream.runtime.cache;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;

/**
 * A claim in Redis on the name of an instance, which detects a second process with the same name: without it the two would
 * fence each other's transactions and report no cause. Nothing depends on the claim: no decision waits for it, and while Redis
 * is unavailable or after it was emptied, a conflict is only detected later. Thread-safe.
 *
 * <p>A claim is renewed with a higher number each time. A process that finds another's claim reports a conflict only once it
 * has seen that claim renewed: one that a killed process left is never renewed, and is taken over when it expires.
 */
public final class InstanceClaim implements SmartLifecycle {

    public static final Duration RENEWED_EVERY = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(InstanceClaim.class);
    private static final int RENEWALS_IN_TTL = 3;
    /** The number of renewals to wait for after a claim was lost with the data of Redis. */
    private static final int MISSING_BEFORE_TAKEN = 2;
    /** Keys: the claim. Arguments: token, claim, ttl, whether to take it if there is none. */
    private static final RedisScripts.Script CLAIM = RedisScripts.script("""
            local held = redis.call('GET', KEYS[1])
            if held and string.sub(held, 1, #ARGV[1]) ~= ARGV[1] then return held end
            if not held and ARGV[4] == '0' then return '' end
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            return ARGV[2]
            """);
    /** Keys: the claim. Arguments: token. */
    private static final RedisScripts.Script RELEASE = RedisScripts.script("""
            local held = redis.call('GET', KEYS[1])
            if held and string.sub(held, 1, #ARGV[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
            return 0
            """);

    private final RedisScripts scripts;
    private final String instance;
    private final byte[] key;
    private final String process;
    private final Duration every;
    private final String token = UUID.randomUUID().toString();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile boolean running;
    private long renewals;
    private @Nullable Claim seen;
    private int missing;
    private volatile @Nullable String conflict;

    /**
     * A claim that is not made yet: see {@link #start()}.
     *
     * @param application the kind of app: instances of two kinds may have one name
     * @param instance the name that is claimed
     * @param process what the other process reports about this one
     */
    public InstanceClaim(RedisConnectionFactory connections, String application, String instance, String process,
            Duration every) {
        this.scripts = new RedisScripts(connections);
        this.instance = instance;
        this.key = Keys.instance(application, instance);
        this.process = process + " since " + Instant.now().truncatedTo(ChronoUnit.SECONDS);
        this.every = every;
    }

    /** A claim as it is stored: {@code <token> <renewals> <process>}. */
    private record Claim(String token, long renewals, String process) {

        static @Nullable Claim read(String text) {
            String[] parts = text.split(" ", 3);
            return parts.length == 3 && parts[1].matches("\\d{1,18}")
                    ? new Claim(parts[0], Long.parseLong(parts[1]), parts[2])
                    : null;
        }
    }

    /** Claims the name from now on, in the background. */
    @Override
    public void start() {
        running = true;
        Thread.ofVirtual().name("instance-claim").start(this::keep);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Is stopped after the consumers, and before the connections to Redis, which have the phase 0. */
    @Override
    public int getPhase() {
        return 1;
    }

    /** The other process with the same name and the remedy, or null. */
    public @Nullable String conflict() {
        return conflict;
    }

    private void keep() {
        try {
            do {
                try {
                    renew();
                } catch (RuntimeException e) {
                    // an outage, which is reported elsewhere: the claim is renewed when Redis answers
                    LOG.debug("The claim on '{}' was not renewed", instance, e);
                }
            } while (!stopped.await(every.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Claims the name or renews the claim, and checks whether another process claims it.
     *
     * @throws DataAccessException if Redis does not answer
     */
    synchronized void renew() {
        if (stopped.getCount() == 0) {
            return;
        }
        byte[] claim = utf8(token + " " + ++renewals + " " + process);
        boolean take = conflict == null || missing >= MISSING_BEFORE_TAKEN;
        byte[] held = scripts.run(CLAIM, ReturnType.VALUE, 1, new byte[][]{key, utf8(token), claim,
                utf8(Long.toString(every.toMillis() * RENEWALS_IN_TTL)), utf8(take ? "1" : "0")});
        if (held.length == 0) {
            missing++;
        } else if (Arrays.equals(held, claim)) {
            alone();
        } else {
            missing = 0;
            another(Claim.read(new String(held, StandardCharsets.UTF_8)));
        }
    }

    private void alone() {
        missing = 0;
        seen = null;
        if (conflict != null) {
            conflict = null;
            LOG.info("hive.instance '{}' is no longer used by another process", instance);
        }
    }

    private void another(@Nullable Claim claim) {
        if (claim == null) {
            return;
        }
        Claim before = seen;
        seen = claim;
        if (conflict == null && before != null && before.token().equals(claim.token())
                && before.renewals() < claim.renewals()) {
            conflict = "hive.instance '" + instance + "' is also used by " + claim.process() + "; this is " + process
                    + ". The two fence each other's transactions, so both make little or no progress. "
                    + "Stop one of them or set another hive.instance for it";
            LOG.error("{}", conflict);
        }
    }

    /** Releases the name, so that a restarted process can claim it at once. */
    @Override
    public void stop() {
        stopped.countDown();
        synchronized (this) {
            running = false;
            try {
                Long _ = scripts.run(RELEASE, ReturnType.INTEGER, 1, new byte[][]{key, utf8(token)});
            } catch (DataAccessException e) {
                LOG.debug("The claim on '{}' could not be released and will expire", instance, e);
            }
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
