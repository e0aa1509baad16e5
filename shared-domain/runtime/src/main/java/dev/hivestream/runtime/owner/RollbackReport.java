package dev.hivestream.runtime.owner;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports batches that were rolled back. An outage rolls back one batch after the other: until batches are committed again, each
 * kind of cause is reported once a minute. Not thread-safe.
 */
final class RollbackReport {

    private static final Logger LOG = LoggerFactory.getLogger(RollbackReport.class);
    private static final long AGAIN_NANOS = Duration.ofMinutes(1).toNanos();

    private final Map<Class<?>, Long> reported = new HashMap<>();
    private long since;
    private int rolledBack;
    private int unreported;

    /** A batch was rolled back at {@code now} (nano time). */
    void rolledBack(int records, Throwable cause, long now) {
        if (rolledBack++ == 0) {
            since = now;
        }
        Long before = reported.get(cause.getClass());
        if (before != null && now - before < AGAIN_NANOS) {
            unreported++;
            LOG.debug("A batch of {} was rolled back and comes again: {}", records, cause.toString());
            return;
        }
        reported.put(cause.getClass(), now);
        if (before == null) {
            LOG.warn("A batch of {} was rolled back and comes again: {}", records, cause.toString());
        } else {
            LOG.warn("{} batches were rolled back within {} s. The last one, of {}, comes again: {}", rolledBack,
                    Duration.ofNanos(now - since).toSeconds(), records, cause.toString());
        }
    }

    /** All that was rolled back is committed at {@code now} (nano time). */
    void committed(long now) {
        if (unreported > 0) {
            LOG.info("Batches are committed again, after {} were rolled back within {} s", rolledBack,
                    Duration.ofNanos(now - since).toSeconds());
        }
        forget();
    }

    /** What was rolled back is consumed elsewhere now. */
    void forget() {
        reported.clear();
        rolledBack = 0;
        unreported = 0;
    }
}
