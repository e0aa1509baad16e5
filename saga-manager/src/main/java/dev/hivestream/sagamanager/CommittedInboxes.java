package dev.hivestream.sagamanager;

import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.owner.NotReady;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * The partitions of inboxes that the group of their owners has an offset of. Nothing is put into another one: a partition
 * with messages and without an offset is one whose offset was lost, and its owner would not know which messages it has
 * handled. Thread-safe.
 */
final class CommittedInboxes implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long LOOK_MILLIS = 50;

    private final Admin admin;
    private final String group;
    private final Set<TopicPartition> known = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closing = new CountDownLatch(1);

    /** @param group of the owners */
    CommittedInboxes(Admin admin, String group) {
        this.admin = admin;
        this.group = group;
    }

    /**
     * Waits a while until all partitions that records are for are known.
     *
     * @throws NotReady if one of them is not by then
     */
    void await(Collection<Outgoing> records) {
        Set<TopicPartition> missing = new HashSet<>();
        for (Outgoing record : records) {
            if (Topics.isOwned(record.partition().topic())) {
                missing.add(record.partition());
            }
        }
        missing.removeAll(known);
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!missing.isEmpty()) {
            find(missing);
            missing.removeAll(known);
            if (!missing.isEmpty() && (System.nanoTime() > end || !pauseUnlessClosing())) {
                throw new NotReady("The group '" + group + "' has no offset yet in " + missing
                        + ": no saga-manager owns these partitions");
            }
        }
    }

    /** Returns false at once if this is closing. */
    private boolean pauseUnlessClosing() {
        try {
            return !closing.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void find(Set<TopicPartition> partitions) {
        try {
            Map<TopicPartition, OffsetAndMetadata> offsets = Topics.get(admin.listConsumerGroupOffsets(
                    Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(List.copyOf(partitions))))
                    .partitionsToOffsetAndMetadata(group), PATIENCE);
            offsets.forEach((partition, offset) -> {
                if (offset != null) {
                    known.add(partition);
                }
            });
        } catch (GroupIdNotFoundException nobodyYet) {
            // asked again
        }
    }

    @Override
    public void close() {
        closing.countDown();
    }
}
