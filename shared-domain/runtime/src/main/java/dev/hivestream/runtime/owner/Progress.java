package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * The partitions whose batches are rolled back repeatedly while no batch is committed; rollbacks are logged. A partition counts as
 * stalled after {@link #STALLED}: an outage or a rebalance is over by then, or is reported by itself. Thread-safe.
 */
public final class Progress {

    /** How long a partition may be without progress. */
    static final Duration STALLED = Duration.ofSeconds(30);

    private record Rollbacks(long since, int count, String reason) {}

    private final Map<TopicPartition, Rollbacks> rolledBack = new ConcurrentHashMap<>();
    private final RollbackReport report = new RollbackReport();

    /** A batch of some records of these partitions was rolled back at {@code now} (nano time). */
    public void rolledBack(Collection<TopicPartition> partitions, int records, Throwable cause, long now) {
        for (TopicPartition partition : partitions) {
            rolledBack.merge(partition, new Rollbacks(now, 1, cause.toString()),
                    (before, first) -> new Rollbacks(before.since, before.count + 1, first.reason));
        }
        synchronized (report) {
            report.rolledBack(records, cause, now);
        }
    }

    /** Records of these partitions were committed at {@code now} (nano time). */
    public void progressed(Collection<TopicPartition> partitions, long now) {
        if (end(partitions)) {
            synchronized (report) {
                report.committed(now);
            }
        }
    }

    /** These partitions are not consumed here any more. */
    public void revoked(Collection<TopicPartition> partitions) {
        if (end(partitions)) {
            synchronized (report) {
                report.forget();
            }
        }
    }

    /** Whether there were rollbacks, and no partition has any now. */
    private boolean end(Collection<TopicPartition> partitions) {
        if (rolledBack.isEmpty()) {
            return false;
        }
        partitions.forEach(rolledBack::remove);
        return rolledBack.isEmpty();
    }

    /** The partitions without progress, with the reason of the last rollback; empty if all is well. */
    public Map<String, String> stalled() {
        return stalled(System.nanoTime());
    }

    Map<String, String> stalled(long now) {
        Map<String, String> stalled = new TreeMap<>();
        rolledBack.forEach((partition, rollbacks) -> {
            Duration since = Duration.ofNanos(now - rollbacks.since);
            if (since.compareTo(STALLED) > 0) {
                stalled.put(name(partition), "No batch was committed for " + since.toSeconds() + " s, and "
                        + rollbacks.count + " were rolled back. Reason of the last rollback: " + rollbacks.reason);
            }
        });
        return stalled;
    }

    private static String name(TopicPartition partition) {
        return Topics.isOwned(partition.topic())
                ? new Slot(Topics.ownerOf(partition.topic()), partition.partition()).toString()
                : partition.toString();
    }
}
