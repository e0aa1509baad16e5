package dev.hivestream.runtime;

import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.log.Topics;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;

/**
 * Before the bindings start: creates the topics that are missing, and ends the start where something is not as it must
 * be. A broker or a Redis that is away is no reason to end: the start goes on, and this goes on in the background.
 */
final class Preflight implements SmartLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);
    /** Before the binder's output bindings, which are the first of all to start. */
    private static final int PHASE = Integer.MIN_VALUE + 500;

    private final FoldedLogs served;
    private final Topics topics;
    private final Cache cache;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final CompletableFuture<Boolean> topicsFound = new CompletableFuture<>();
    private final Set<String> told = ConcurrentHashMap.newKeySet();
    private volatile boolean running;

    Preflight(FoldedLogs served, Topics topics, Cache cache) {
        this.served = served;
        this.topics = topics;
        this.cache = cache;
    }

    @Override
    public void start() {
        running = true;
        if (!check()) {
            Thread.ofVirtual().name("preflight").start(this::again);
        }
    }

    /** Done when the broker has the topics; also when they are not as they must be, which their partitions tell then. */
    CompletableFuture<Boolean> topics() {
        return topicsFound;
    }

    private boolean check() {
        boolean complete = true;
        try {
            served.byName().values().forEach(one -> one.requireAll(topics));
            topicsFound.complete(true);
        } catch (KafkaException e) {
            tell(e instanceof AuthorizationException || e instanceof AuthenticationException
                    ? "The broker refuses this user; it is asked again each second: " + e.getMessage()
                    : "The broker does not answer; the start goes on without it: " + e);
            complete = false;
        }
        try {
            cache.requireNoEviction();
        } catch (DataAccessException e) {
            tell("Redis does not answer; the start goes on without it: " + OneLine.roots(e));
            complete = false;
        }
        return complete;
    }

    /** Once, though it is asked again and again. */
    private void tell(String why) {
        if (told.add(why)) {
            LOG.warn("{}", why);
        }
    }

    private void again() {
        try {
            boolean complete = false;
            while (!complete && !stopped.await(AGAIN.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    complete = check();
                } catch (StartRefused e) {
                    // the partitions concerned stay closed and say so
                    LOG.error("{}", e.line());
                    topicsFound.complete(true);
                    complete = true;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stop() {
        running = false;
        stopped.countDown();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
