package dev.hivestream.local;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.utils.Utils;

/** Where records go. */
public final class Partitioner {

    private Partitioner() {}

    /** The partition that an id lives in: Kafka's default. */
    public static int partition(String id, int partitions) {
        return Utils.toPositive(Utils.murmur2(id.getBytes(StandardCharsets.UTF_8))) % partitions;
    }
}
