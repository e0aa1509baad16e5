package dev.hivestream.runtime.log;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * The offsets that a consumer group has committed in some partitions.
 *
 * @param committed by partition; those without an offset are absent
 * @param pending the partitions whose offset is not known, since a transaction that changes it is open
 */
public record StableOffsets(Map<TopicPartition, OffsetAndMetadata> committed, Set<TopicPartition> pending) {

    /**
     * Reads them from the broker, without waiting for open transactions. A group that does not exist has no offsets.
     *
     * @throws KafkaException if the broker does not answer
     */
    public static StableOffsets of(Admin admin, String group, Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> found;
        try {
            found = Topics.get(admin.listConsumerGroupOffsets(
                    Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(List.copyOf(partitions))),
                    new ListConsumerGroupOffsetsOptions().requireStable(true)).partitionsToOffsetAndMetadata(group));
        } catch (GroupIdNotFoundException e) {
            return new StableOffsets(Map.of(), Set.of());
        }
        // the admin client reports a pending offset neither by an error nor by waiting: it leaves the partition out, while
        // one without an offset is there with null
        Set<TopicPartition> pending = new HashSet<>(partitions);
        pending.removeAll(found.keySet());
        Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>(found);
        committed.values().removeIf(offset -> offset == null);
        return new StableOffsets(Map.copyOf(committed), Set.copyOf(pending));
    }
}
