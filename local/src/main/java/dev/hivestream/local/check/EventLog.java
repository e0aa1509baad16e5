package dev.hivestream.local.check;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * The events topics, read whole.
 *
 * @param events that are committed, in the order of each partition
 * @param ends the position behind the last record, by slot ({@code account:3})
 */
public record EventLog(List<Event> events, Map<String, Long> ends) {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /**
     * Reads up to the end that the topics have now.
     *
     * @throws IllegalStateException if a transaction stays open for so long that the end cannot be reached
     */
    public static EventLog read(String bootstrapServers, Collection<String> aggregates) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers, "isolation.level",
                "read_committed", "client.id", "checker-" + UUID.randomUUID(), "fetch.max.wait.ms", "50",
                "max.poll.records", "10000");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = aggregates.stream()
                    .flatMap(aggregate -> consumer.partitionsFor(aggregate + ".events").stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = ends(bootstrapServers, partitions);
            var events = new ArrayList<Event>();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IllegalStateException("A transaction stays open: the ends are " + ends);
                }
                consumer.poll(Duration.ofMillis(200)).forEach(polled -> events.add(event(polled)));
            }
            var bySlot = new HashMap<String, Long>();
            ends.forEach((partition, end) -> bySlot.put(
                    aggregateOf(partition.topic()) + ":" + partition.partition(), end));
            return new EventLog(events, bySlot);
        }
    }

    /** The high watermarks: under read_committed a consumer would give the last stable offsets. */
    private static Map<TopicPartition, Long> ends(String bootstrapServers, List<TopicPartition> partitions) {
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            var asked = new HashMap<TopicPartition, OffsetSpec>();
            partitions.forEach(partition -> asked.put(partition, OffsetSpec.latest()));
            var ends = new HashMap<TopicPartition, Long>();
            admin.listOffsets(asked).all().get().forEach((partition, end) -> ends.put(partition, end.offset()));
            return ends;
        } catch (ExecutionException e) {
            throw new IllegalStateException("The ends of the log are not known", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while asking for the ends of the log", e);
        }
    }

    private static Event event(ConsumerRecord<String, String> polled) {
        var headers = new HashMap<String, String>();
        for (Header header : polled.headers()) {
            headers.put(header.key(), header.value() == null ? "" : new String(header.value(), UTF_8));
        }
        return new Event(aggregateOf(polled.topic()), polled.partition(), polled.offset(),
                polled.key() == null ? "" : polled.key(), Long.parseLong(headers.getOrDefault("ce_sequence", "0")),
                headers.getOrDefault("ce_type", ""), headers.getOrDefault("ce_causationid", ""),
                commandHash(headers.getOrDefault("ce_command", "")), headers.getOrDefault("ce_commandposition", ""),
                polled.value() == null ? "" : polled.value());
    }

    /** The second part of {@code ce_command}. */
    private static String commandHash(String header) {
        String[] parts = header.split("/", 3);
        return parts.length < 2 ? "" : parts[1];
    }

    private static String aggregateOf(String topic) {
        return topic.substring(0, topic.length() - ".events".length());
    }
}
