package dev.hivestream.runtime.message;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.Message;

/**
 * A batch as the binder brings it: made by {@link RecordBatches}, or by Spring Kafka, as payloads and beside them lists of
 * what else the records have.
 */
public final class Batch {

    private Batch() {}

    /** Makes something of a record. */
    @FunctionalInterface
    public interface Reader<R> {

        /**
         * Reads one.
         *
         * @param headers by name; values are bytes
         * @param payload null for a tombstone
         * @param epoch the leader epoch of the record, or {@link Position#UNKNOWN_EPOCH}
         */
        R read(TopicPartition partition, long offset, byte @Nullable [] key, Map<String, Object> headers,
                byte @Nullable [] payload, int epoch);
    }

    /** The records of a batch, in order. */
    @SuppressWarnings("unchecked")
    public static <R> List<R> read(Message<List<byte[]>> batch, Reader<R> reader) {
        if (batch.getHeaders().get(RecordBatches.RECORDS) instanceof List<?> records) {
            return read((List<ConsumerRecord<byte[], byte[]>>) records, reader);
        }
        List<?> payloads = batch.getPayload();
        List<?> keys = list(batch, KafkaHeaders.RECEIVED_KEY);
        List<String> topics = list(batch, KafkaHeaders.RECEIVED_TOPIC);
        List<Integer> partitions = list(batch, KafkaHeaders.RECEIVED_PARTITION);
        List<Long> offsets = list(batch, KafkaHeaders.OFFSET);
        List<Map<String, Object>> headers = list(batch, KafkaHeaders.BATCH_CONVERTED_HEADERS);
        List<R> records = new ArrayList<>(payloads.size());
        TopicPartition partition = null;
        for (int i = 0; i < payloads.size(); i++) {
            if (partition == null || partition.partition() != partitions.get(i)
                    || !partition.topic().equals(topics.get(i))) {
                partition = new TopicPartition(topics.get(i), partitions.get(i));
            }
            // a tombstone is not a byte[]
            records.add(reader.read(partition, offsets.get(i), keys.get(i) instanceof byte[] key ? key : null,
                    bytes(headers.get(i)), payloads.get(i) instanceof byte[] payload ? payload : null, -1));
        }
        return records;
    }

    private static <R> List<R> read(Iterable<ConsumerRecord<byte[], byte[]>> records, Reader<R> reader) {
        List<R> read = new ArrayList<>();
        TopicPartition partition = null;
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (partition == null || partition.partition() != record.partition()
                    || !partition.topic().equals(record.topic())) {
                partition = new TopicPartition(record.topic(), record.partition());
            }
            read.add(reader.read(partition, record.offset(), record.key(), new HeaderMap(record.headers()),
                    record.value(), record.leaderEpoch().orElse(Position.UNKNOWN_EPOCH)));
        }
        return read;
    }

    /** Whoever knows traces on the way here has made text of them. */
    private static Map<String, Object> bytes(Map<String, Object> headers) {
        if (!(headers.get(Header.TRACE_PARENT) instanceof String)
                && !(headers.get(Header.TRACE_STATE) instanceof String)) {
            return headers;
        }
        Map<String, Object> bytes = new HashMap<>(headers);
        bytes.replaceAll((_, value) -> value instanceof String text ? Outgoing.utf8(text) : value);
        return bytes;
    }

    @SuppressWarnings("unchecked")
    private static <T> List<T> list(Message<?> batch, String header) {
        return Objects.requireNonNull((List<T>) batch.getHeaders().get(header), header);
    }
}
