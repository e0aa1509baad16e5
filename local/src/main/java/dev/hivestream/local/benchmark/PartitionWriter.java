package dev.hivestream.local.benchmark;

import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.LongFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Writes the records of one partition, with an idempotent producer of its own. */
final class PartitionWriter implements Callable<@Nullable Void> {

    private final Map<String, Object> settings;
    private final long count;
    private final LongFunction<ProducerRecord<byte[], byte[]>> records;
    private volatile @Nullable Exception fault;

    /**
     * A writer that has not begun.
     *
     * @param records gives the one of a number from 0, asked for in order
     */
    PartitionWriter(String bootstrapServers, long count, LongFunction<ProducerRecord<byte[], byte[]>> records) {
        this.settings = Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "enable.idempotence", true,
                "linger.ms", 20, "batch.size", 256 * 1024, "compression.type", "none");
        this.count = count;
        this.records = records;
    }

    @Override
    public @Nullable Void call() throws Exception {
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (long i = 0; i < count && fault == null; i++) {
                var _ = producer.send(records.apply(i), this::acknowledged);
            }
            producer.flush();
        }
        if (fault != null) {
            throw fault;
        }
        return null;
    }

    private void acknowledged(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
        if (exception != null) {
            fault = exception;
        }
    }
}
