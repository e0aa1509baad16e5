package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.message.Batch;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.trace.Traces;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.Message;

/** The function {@code rebuild}: takes a batch of events and folds it into the cache. */
final class RebuildCache implements Consumer<Message<List<byte[]>>> {

    private final Following following;
    private final Traces traces;

    RebuildCache(Following following, Traces traces) {
        this.following = following;
        this.traces = traces;
    }

    @Override
    public void accept(Message<List<byte[]>> batch) {
        List<Traces.Handling> handlings = traces.begin("fold", Incoming.of(batch));
        following.fold(Batch.read(batch, RebuildCache::record));
        handlings.forEach(handling -> handling.end(true));
    }

    /** As a consumer of one's own would have it. */
    private static ConsumerRecord<byte[], byte[]> record(TopicPartition partition, long offset, byte @Nullable [] key,
            Map<String, Object> headers, byte @Nullable [] payload) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(partition.topic(), partition.partition(), offset,
                key,
                payload);
        headers.forEach((name, value) -> {
            if (value instanceof byte[] bytes) {
                record.headers().add(name, bytes);
            }
        });
        return record;
    }
}
