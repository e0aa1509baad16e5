package dev.hivestream.runtime.message;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/**
 * One partition of an aggregate type: of its commands, events and results topics, and of its cache.
 *
 * @param aggregate the aggregate type's name
 * @param partition from 0
 */
public record Slot(String aggregate, int partition) {

    /** The partition that an aggregate id lives in: Kafka's default partitioner, murmur2 over the UTF-8 bytes of the key. */
    public static int partitionOf(byte[] key, int partitions) {
        return BuiltInPartitioner.partitionForKey(key, partitions);
    }

    /** The slot of an aggregate. */
    public static Slot of(String aggregate, String id, int partitions) {
        return new Slot(aggregate, partitionOf(id.getBytes(StandardCharsets.UTF_8), partitions));
    }

    @Override
    public String toString() {
        return aggregate + ":" + partition;
    }
}
