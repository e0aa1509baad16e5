package dev.hivestream.local.check;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The topics as Kafka clients see them: committed records, from the moment when this was made. */
final class Topics implements AutoCloseable {

    private final String bootstrapServers;
    private final KafkaProducer<String, String> producer;
    private final Map<TopicPartition, Long> starts = new HashMap<>();

    Topics(String bootstrapServers, List<String> topics) {
        this.bootstrapServers = bootstrapServers;
        this.producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrapServers, "client.id", "check"),
                new StringSerializer(), new StringSerializer());
        try (KafkaConsumer<String, String> consumer = consumer()) {
            for (String topic : topics) {
                starts.putAll(consumer.endOffsets(partitions(consumer, topic)));
            }
        }
    }

    /**
     * A record, its headers as text.
     *
     * @param headers by name
     */
    record Entry(int partition, long offset, String key, Map<String, String> headers, String value) {

        /** A header's value; empty if there is none. */
        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    /** How many partitions a topic has. */
    int partitionCount(String topic) {
        return producer.partitionsFor(topic).size();
    }

    /** Sends a command as any Kafka client would; see {@link #acknowledge}. */
    Future<RecordMetadata> send(String aggregate, String id, String command, String commandId, String value) {
        var sent = new ProducerRecord<>(aggregate + ".commands", id, value);
        new TreeMap<>(Map.of("ce_specversion", "1.0", "ce_id", commandId, "ce_type", aggregate + "." + command,
                "ce_source", "check", "ce_subject", id, "content-type", "application/json"))
                .forEach((name, text) -> sent.headers().add(name, text.getBytes(UTF_8)));
        return producer.send(sent);
    }

    /** Waits until the broker has all that was sent. */
    void acknowledge(List<Future<RecordMetadata>> sent) throws ExecutionException, InterruptedException {
        for (Future<RecordMetadata> one : sent) {
            one.get();
        }
    }

    /** What was committed to a topic since this was made, in the order of each partition. */
    List<Entry> read(String topic) {
        try (KafkaConsumer<String, String> consumer = consumer()) {
            List<TopicPartition> partitions = partitions(consumer, topic);
            consumer.assign(partitions);
            partitions.forEach(partition -> consumer.seek(partition, starts.getOrDefault(partition, 0L)));
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            var entries = new ArrayList<Entry>();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(polled -> entries.add(entry(polled)));
            }
            return entries;
        }
    }

    private static Entry entry(ConsumerRecord<String, String> polled) {
        var headers = new TreeMap<String, String>();
        for (Header header : polled.headers()) {
            headers.put(header.key(), header.value() == null ? "" : new String(header.value(), UTF_8));
        }
        return new Entry(polled.partition(), polled.offset(), polled.key(), headers, polled.value());
    }

    private KafkaConsumer<String, String> consumer() {
        return new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers, "isolation.level", "read_committed", "client.id",
                        "check-" + UUID.randomUUID(), "fetch.max.wait.ms", "50"),
                new StringDeserializer(), new StringDeserializer());
    }

    private static List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, String topic) {
        return consumer.partitionsFor(topic).stream().map(info -> new TopicPartition(topic, info.partition())).toList();
    }

    @Override
    public void close() {
        producer.close();
    }
}
