package dev.hivestream.local.benchmark;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What a transaction of one record takes on a broker: begin, send, commit, one after the other. */
final class BareTransaction implements AutoCloseable {

    private static final String TOPIC = "bare";

    private final KafkaProducer<byte[], byte[]> producer;
    private final Supplier<byte[]> payloads;

    /** Makes its topic. */
    BareTransaction(String bootstrapServers, int partitions, Supplier<byte[]> payloads)
            throws ExecutionException, InterruptedException {
        this.payloads = payloads;
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, Optional.of(partitions), Optional.empty()))).all().get();
        }
        producer = producer(bootstrapServers, TOPIC);
    }

    /** One that can begin transactions, and sends each record at once. */
    static KafkaProducer<byte[], byte[]> producer(String bootstrapServers, String transactionalId) {
        // retry.backoff.ms as the command-processor has it: for so long the next one waits for the markers of the last
        var producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrapServers, "transactional.id",
                transactionalId, "acks", "all", "linger.ms", 0, "retry.backoff.ms", 3), new ByteArraySerializer(),
                new ByteArraySerializer());
        producer.initTransactions();
        return producer;
    }

    /** Does them for a while. */
    Latencies run(Duration duration) {
        var latencies = new Latencies();
        long start = System.nanoTime();
        long begun = start;
        while (begun - start < duration.toNanos()) {
            producer.beginTransaction();
            var _ = producer.send(new ProducerRecord<>(TOPIC, payloads.get()));
            producer.commitTransaction();
            long done = System.nanoTime();
            latencies.add(done - begun);
            begun = done;
        }
        latencies.end(begun - start);
        return latencies;
    }

    @Override
    public void close() {
        producer.close();
    }
}
