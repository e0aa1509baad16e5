package dev.hivestream.local.benchmark;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Copies records from a topic to another, each poll in a transaction with the consumer's offsets, with the batch size and the
 * client's settings of the command-processor: what is left when nothing is decided and nothing cached. A program of its
 * own, without end.
 */
final class CopyInTransactions {

    private static final Duration POLL = Duration.ofMillis(200);

    private CopyInTransactions() {}

    /** What becomes of the records. */
    interface Copies {

        /** Of one. */
        List<ProducerRecord<byte[], byte[]>> of(ConsumerRecord<byte[], byte[]> record);

        /** The copies of these are committed. */
        default void committed(ConsumerRecords<byte[], byte[]> records) {}
    }

    /** Takes the bootstrap servers, the group, the topic to read and the one to write. */
    public static void main(String[] arguments) {
        run(arguments[0], arguments[1], arguments[1], arguments[2],
                record -> copyTo(arguments[3], record));
    }

    /** The record as it is. */
    static List<ProducerRecord<byte[], byte[]>> copyTo(String topic, ConsumerRecord<byte[], byte[]> record) {
        return List.of(new ProducerRecord<>(topic, record.partition(), record.key(), record.value(), record.headers()));
    }

    /** Copies without end. */
    static void run(String servers, String group, String transactionalId, String topic, Copies copies) {
        Map<String, Object> reading = Map.of("bootstrap.servers", servers, "group.id", group, "isolation.level",
                "read_committed", "auto.offset.reset", "earliest", "enable.auto.commit", false, "max.poll.records",
                5_000, "max.partition.fetch.bytes", 4 * 1024 * 1024);
        Map<String, Object> writing = Map.of("bootstrap.servers", servers, "transactional.id", transactionalId, "acks",
                "all", "linger.ms", 5, "batch.size", 128 * 1024, "retry.backoff.ms", 3);
        try (var consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                var producer = new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            consumer.subscribe(List.of(topic));
            while (true) {
                var polled = consumer.poll(POLL);
                if (polled.isEmpty()) {
                    continue;
                }
                copy(polled, consumer, producer, copies);
                copies.committed(polled);
            }
        }
    }

    /** In one transaction, with the offsets. */
    static void copy(ConsumerRecords<byte[], byte[]> records, KafkaConsumer<byte[], byte[]> consumer,
            KafkaProducer<byte[], byte[]> producer, Copies copies) {
        producer.beginTransaction();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            for (ProducerRecord<byte[], byte[]> copy : copies.of(record)) {
                var _ = producer.send(copy);
            }
        }
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (TopicPartition partition : records.partitions()) {
            offsets.put(partition, new OffsetAndMetadata(records.records(partition).getLast().offset() + 1));
        }
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        producer.commitTransaction();
    }
}
