package dev.hivestream.local.benchmark;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads a topic as a member of a consumer group, does nothing with it and commits what it has read: as fast as a single
 * member gets it on this machine. A program of its own, without end.
 */
final class GroupReader {

    private static final Duration POLL = Duration.ofMillis(200);

    private GroupReader() {}

    /** Takes the bootstrap servers, the group and the topic. */
    public static void main(String[] arguments) {
        // as the router reads
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "group.id", arguments[1],
                "isolation.level", "read_committed", "auto.offset.reset", "earliest", "enable.auto.commit", false,
                "max.poll.records", 5_000, "max.partition.fetch.bytes", 4 * 1024 * 1024);
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(arguments[2]));
            while (true) {
                if (!consumer.poll(POLL).isEmpty()) {
                    consumer.commitSync();
                }
            }
        }
    }
}
