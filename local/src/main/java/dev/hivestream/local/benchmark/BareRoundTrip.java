package dev.hivestream.local.benchmark;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What the way of a command through Kafka takes by itself: each of some clients sends a record, and the next one when the
 * last has been read and copied in a transaction, together with those that the others sent meanwhile. No HTTP, no Redis,
 * nothing decided, no result, one thread for all: the least that a command over HTTP can take.
 */
final class BareRoundTrip implements AutoCloseable {

    private static final String IN = "bare.in";
    private static final String OUT = "bare.out";
    private static final Duration POLL = Duration.ofMillis(200);

    private final Bench bench;
    private final Supplier<byte[]> payloads;
    private final KafkaProducer<byte[], byte[]> sender;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final KafkaProducer<byte[], byte[]> producer;

    /** Makes its topics. */
    BareRoundTrip(Bench bench, String bootstrapServers, int partitions, Supplier<byte[]> payloads)
            throws ExecutionException, InterruptedException {
        this.bench = bench;
        this.payloads = payloads;
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(IN, Optional.of(partitions), Optional.empty()),
                    new NewTopic(OUT, Optional.of(partitions), Optional.empty()))).all().get();
        }
        sender = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "linger.ms", 0),
                new ByteArraySerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrapServers, "group.id", IN,
                "isolation.level", "read_committed", "auto.offset.reset", "earliest", "enable.auto.commit", false),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(
                IntStream.range(0, partitions).mapToObj(partition -> new TopicPartition(IN, partition)).toList());
        producer = BareTransaction.producer(bootstrapServers, IN);
    }

    /** So many clients do so for a while. */
    Latencies run(int clients, Duration duration) {
        var latencies = new Latencies();
        long start = System.nanoTime();
        for (int client = 0; client < clients; client++) {
            ask();
        }
        int asking = clients;
        while (asking > 0) {
            bench.requireRunning();
            var asked = consumer.poll(POLL);
            if (!asked.isEmpty()) {
                CopyInTransactions.copy(asked, consumer, producer, record -> CopyInTransactions.copyTo(OUT, record));
                long now = System.nanoTime();
                for (ConsumerRecord<byte[], byte[]> record : asked) {
                    latencies.add(now - ByteBuffer.wrap(record.key()).getLong());
                    if (now - start < duration.toNanos()) {
                        ask();
                    } else {
                        asking--;
                    }
                }
            }
        }
        latencies.end(System.nanoTime() - start);
        return latencies;
    }

    // the key says when: it also finds a partition
    private void ask() {
        byte[] now = ByteBuffer.allocate(Long.BYTES).putLong(System.nanoTime()).array();
        var _ = sender.send(new ProducerRecord<>(IN, now, payloads.get()));
    }

    @Override
    public void close() {
        sender.close();
        consumer.close();
        producer.close();
    }
}
