package dev.hivestream.cacherebuilder;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.Message;

/** The function {@code rebuild}: takes a batch of events and folds it into the cache. */
final class RebuildCache implements Consumer<Message<List<byte[]>>> {

    private final Following following;

    RebuildCache(Following following) {
        this.following = following;
    }

    @Override
    public void accept(Message<List<byte[]>> batch) {
        following.fold(records(batch));
    }

    /** The records of a batch, in order. */
    static List<ConsumerRecord<byte[], byte[]>> records(Message<List<byte[]>> batch) {
        List<?> payloads = batch.getPayload();
        List<@Nullable Object> keys = list(batch, KafkaHeaders.RECEIVED_KEY);
        List<String> topics = list(batch, KafkaHeaders.RECEIVED_TOPIC);
        List<Integer> partitions = list(batch, KafkaHeaders.RECEIVED_PARTITION);
        List<Long> offsets = list(batch, KafkaHeaders.OFFSET);
        List<Map<String, Object>> headers = list(batch, KafkaHeaders.BATCH_CONVERTED_HEADERS);
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>(payloads.size());
        for (int i = 0; i < payloads.size(); i++) {
            // a tombstone is not a byte[]
            ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(topics.get(i), partitions.get(i),
                    offsets.get(i), keys.get(i) instanceof byte[] key ? key : null,
                    payloads.get(i) instanceof byte[] payload ? payload : null);
            headers.get(i).forEach((name, value) -> {
                if (value instanceof byte[] bytes) {
                    record.headers().add(name, bytes);
                }
            });
            records.add(record);
        }
        return records;
    }

    @SuppressWarnings("unchecked")
    private static <T extends @Nullable Object> List<T> list(Message<?> batch, String header) {
        return Objects.requireNonNull((List<T>) batch.getHeaders().get(header), header);
    }
}
