package dev.hivestream.sagamanager;

import dev.hivestream.runtime.log.StableOffsets;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.owner.NotReady;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/**
 * The partitions of inboxes into which messages may be put: all but those that are empty and of which the group of the owners has
 * committed no offset. So a partition with messages and without an offset is one whose offset was lost: its owner does not
 * know which messages it has handled, and waits for a person. Routers need not wait for that, since what they put into such a
 * partition comes behind the messages in question. Thread-safe.
 */
final class CommittedInboxes implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final long PAUSE_MILLIS = 50;

    private final Admin admin;
    private final String group;
    private final int partitions;
    private final Set<TopicPartition> known = ConcurrentHashMap.newKeySet();
    /** The inboxes of which all partitions are known. */
    private final Set<String> complete = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closing = new CountDownLatch(1);

    /**
     * Those of one group.
     *
     * @param group of the owners
     * @param partitions of each inbox
     */
    CommittedInboxes(Admin admin, String group, int partitions) {
        this.admin = admin;
        this.group = group;
        this.partitions = partitions;
    }

    /**
     * Waits a while until those records that are for an inbox may be put into it.
     *
     * @throws NotReady if one of them may not by then
     */
    void await(String inbox, Collection<Outgoing> records) {
        if (complete.contains(inbox)) {
            return;
        }
        Set<TopicPartition> missing = new HashSet<>();
        for (Outgoing record : records) {
            if (record.partition().topic().equals(inbox)) {
                missing.add(record.partition());
            }
        }
        missing.removeAll(known);
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (!missing.isEmpty()) {
            find(missing);
            missing.removeAll(known);
            if (!missing.isEmpty() && (System.nanoTime() > end || !pauseUnlessClosing())) {
                throw new NotReady("The group '" + group + "' has no offset yet in "
                        + new TreeSet<>(missing.stream().map(Object::toString).toList())
                        + ": no saga-manager processes these partitions");
            }
        }
        if (IntStream.range(0, partitions).allMatch(number -> known.contains(new TopicPartition(inbox, number)))) {
            complete.add(inbox);
        }
    }

    private void find(Set<TopicPartition> partitions) {
        Set<TopicPartition> empty = new HashSet<>();
        Topics.offsets(admin, partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED, TIMEOUT)
                .forEach((partition, end) -> (end.offset() > 0 ? known : empty).add(partition));
        if (!empty.isEmpty()) {
            known.addAll(StableOffsets.of(admin, group, empty).committed().keySet());
        }
    }

    /** Returns false at once if this is closing. */
    private boolean pauseUnlessClosing() {
        try {
            return !closing.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptException(e);
        }
    }

    @Override
    public void close() {
        closing.countDown();
    }
}
