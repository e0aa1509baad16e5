package dev.hivestream.runtime;

import dev.hivestream.runtime.cache.Cache;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks twice a second whether the broker and Redis answer, and whether Redis has memory for writes. During an outage
 * processing waits, readiness is down, and requests are refused before anything is done about them. Thread-safe.
 */
public final class Outages implements AutoCloseable {

    /** How {@link #redis} begins where it answers and refuses to write. */
    public static final String OUT_OF_MEMORY = "Redis is out of memory";

    private static final Logger LOG = LoggerFactory.getLogger(Outages.class);
    private static final String NOT_CHECKED = "not checked yet";
    private static final Duration EVERY = Duration.ofMillis(500);
    private static final int PATIENCE_MILLIS = 2_000;

    private final Admin admin;
    private final Cache cache;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile @Nullable String broker = NOT_CHECKED;
    private volatile @Nullable String redis = NOT_CHECKED;

    public Outages(Admin admin, Cache cache) {
        this.admin = admin;
        this.cache = cache;
        Thread.ofVirtual().name("outages-kafka").start(() -> watch(this::askBroker));
        Thread.ofVirtual().name("outages-redis").start(() -> watch(this::askRedis));
    }

    /** Why the broker does not answer, or null. */
    public @Nullable String broker() {
        return broker;
    }

    /** Why Redis does not answer, or null. */
    public @Nullable String redis() {
        return redis;
    }

    private void watch(Runnable question) {
        try {
            do {
                question.run();
            } while (!closing.await(EVERY.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void askBroker() {
        String found = null;
        try {
            admin.describeCluster(new DescribeClusterOptions().timeoutMs(PATIENCE_MILLIS)).nodes().get(PATIENCE_MILLIS,
                    TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            found = "The broker does not answer: " + (e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        tell(broker, found, "The broker");
        broker = found;
    }

    private void askRedis() {
        String found = null;
        try {
            cache.ping();
            String full = cache.outOfMemory();
            found = full == null ? null : OUT_OF_MEMORY + ": " + full;
        } catch (RuntimeException e) {
            found = "Redis does not answer: " + OneLine.roots(e);
        }
        tell(redis, found, "Redis");
        redis = found;
    }

    private static void tell(@Nullable String before, @Nullable String now, String what) {
        boolean wasAway = before != null && !before.equals(NOT_CHECKED);
        if (!wasAway && now != null) {
            LOG.warn("{}", now);
        } else if (wasAway && now == null) {
            LOG.info("{} is available again", what);
        }
    }

    @Override
    public void close() {
        closing.countDown();
    }
}
