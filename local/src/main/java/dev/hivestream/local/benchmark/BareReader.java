package dev.hivestream.local.benchmark;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads a topic from its beginning to its end and does nothing with it: as fast as a single consumer gets it on this
 * machine. A program of its own, so that it begins with a cold JVM as the apps do.
 */
final class BareReader {

    private static final Duration POLL = Duration.ofMillis(200);

    private BareReader() {}

    /** Takes the bootstrap servers and the topic; prints a line of JSON. */
    public static void main(String[] arguments) {
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "isolation.level", "read_committed",
                "max.poll.records", 5_000);
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(arguments[1]).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            long events = 0;
            long bytes = 0;
            long start = System.nanoTime();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> event : consumer.poll(POLL)) {
                    events++;
                    bytes += event.serializedKeySize() + event.serializedValueSize();
                }
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.println("{\"events\":" + events + ",\"bytes\":" + bytes + ",\"seconds\":" + seconds + "}");
        }
    }
}
