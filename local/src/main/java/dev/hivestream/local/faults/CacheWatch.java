package dev.hivestream.local.faults;

import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.RedisConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Looks at the checkpoints that readers follow, again and again: none of them goes back while Redis keeps what it was told. A
 * write of an owner that has been overtaken is seen here even if the next batch mends what it did. Thread-safe.
 */
final class CacheWatch implements AutoCloseable {

    private static final Duration PAUSE = Duration.ofMillis(5);
    private static final String CHECKPOINTS = """
            local found = {}
            for i = 1, #KEYS do
                for _, generation in ipairs(redis.call('HVALS', KEYS[i])) do
                    local key = string.sub(KEYS[i], 1, -7) .. generation .. ':checkpoint'
                    found[#found + 1] = key
                    found[#found + 1] = redis.call('GET', key) or '{}'
                end
            end
            return found
            """;

    private final IntSupplier port;
    private final String[] question;
    private final Map<String, Long> seen = new HashMap<>();
    private final List<String> faults = new ArrayList<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private @Nullable RedisConnection redis;
    private boolean resting;
    private long looks;
    private long failures;

    /** @param port of the Redis that takes writes at that time */
    CacheWatch(IntSupplier port, List<String> aggregates, int partitions) {
        this.port = port;
        List<String> words = new ArrayList<>(List.of("EVAL", CHECKPOINTS, "" + aggregates.size() * partitions));
        for (String aggregate : aggregates) {
            for (int partition = 0; partition < partitions; partition++) {
                words.add(CacheKeys.active(aggregate, partition));
            }
        }
        question = words.toArray(String[]::new);
    }

    /** Looks from now on, until it is closed. */
    void start() {
        Thread.ofVirtual().name("cache-watch").start(() -> {
            try {
                while (!closing.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                    look();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Redis is about to lose something: what is seen until {@link #wake} says nothing. */
    synchronized void rest() {
        resting = true;
        forget();
    }

    /** Redis keeps what it is told again. */
    synchronized void wake() {
        resting = false;
    }

    /** One look. A Redis that cannot be asked may be another one afterwards. */
    synchronized void look() {
        if (resting) {
            return;
        }
        try {
            if (redis == null) {
                redis = new RedisConnection(port.getAsInt());
            }
            List<?> found = redis.list(question);
            for (int i = 0; i < found.size(); i += 2) {
                compare(String.valueOf(found.get(i)),
                        JsonMapper.shared().readTree(String.valueOf(found.get(i + 1))).path("next").asLong(-1));
            }
            looks++;
        } catch (IOException | UncheckedIOException | IllegalStateException e) {
            failures++;
            forget();
        }
    }

    private void compare(String checkpoint, long next) {
        if (next < 0) {
            seen.remove(checkpoint);
            return;
        }
        Long before = seen.put(checkpoint, next);
        if (before != null && next < before) {
            faults.add(checkpoint + " went back from " + before + " to " + next);
        }
    }

    private void forget() {
        seen.clear();
        if (redis != null) {
            redis.close();
            redis = null;
        }
    }

    /** What went back, since the last call; that it could not look at all is a fault, too. */
    synchronized List<String> takeFaults() {
        List<String> taken = new ArrayList<>(faults);
        if (looks == 0 && failures > 0) {
            taken.add("None of " + failures + " looks at Redis was answered");
        }
        faults.clear();
        looks = 0;
        failures = 0;
        return taken;
    }

    @Override
    public synchronized void close() {
        closing.countDown();
        resting = true;
        forget();
    }
}
