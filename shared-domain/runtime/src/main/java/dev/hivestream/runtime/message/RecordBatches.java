package dev.hivestream.runtime.message;

import java.lang.reflect.Type;
import java.util.AbstractList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaNull;
import org.springframework.kafka.support.converter.BatchMessageConverter;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.GenericMessage;

/**
 * Makes a message of a batch without touching its records: its payload is a view of their values, and a header has the
 * records, of which {@link Batch} reads what it wants. Five lists and a map of headers for each record, as Spring Kafka
 * makes them, take longer than reading a command. Thread-safe.
 */
public final class RecordBatches implements BatchMessageConverter {

    /** A message header: the records. */
    static final String RECORDS = "hive.records";

    private final UnaryOperator<List<ConsumerRecord<?, ?>>> order;

    private RecordBatches(UnaryOperator<List<ConsumerRecord<?, ?>>> order) {
        this.order = order;
    }

    /** The records are in the order in which the consumer returned them. */
    public static RecordBatches asPolled() {
        return new RecordBatches(UnaryOperator.identity());
    }

    /**
     * The records of all partitions are merged by timestamp; the order within each partition stays. The order across
     * batches is not guaranteed.
     */
    public static RecordBatches mergedByTimestamp() {
        return new RecordBatches(TimestampMerge::merge);
    }

    @Override
    public Message<?> toMessage(List<ConsumerRecord<?, ?>> records, @Nullable Acknowledgment acknowledgment,
            @Nullable Consumer<?, ?> consumer, @Nullable Type payloadType) {
        List<ConsumerRecord<?, ?>> ordered = order.apply(records);
        return new GenericMessage<>(new Values(ordered), Map.of(RECORDS, ordered));
    }

    @Override
    public List<ProducerRecord<?, ?>> fromMessage(Message<?> message, String defaultTopic) {
        throw new UnsupportedOperationException("Batches are only read");
    }

    private static final class Values extends AbstractList<Object> {

        private final List<ConsumerRecord<?, ?>> records;

        private Values(List<ConsumerRecord<?, ?>> records) {
            this.records = records;
        }

        @Override
        public Object get(int index) {
            Object value = records.get(index).value();
            return value == null ? KafkaNull.INSTANCE : value;
        }

        @Override
        public int size() {
            return records.size();
        }
    }
}
