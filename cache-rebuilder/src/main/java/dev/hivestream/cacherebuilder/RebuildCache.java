package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.trace.Traces;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
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
        List<Incoming> events = Incoming.of(batch);
        List<Traces.Handling> handlings = traces.begin("fold", events);
        following.fold(events.stream().map(RebuildCache::record).toList());
        handlings.forEach(handling -> handling.end(true));
    }

    /** As a consumer of one's own would have it. */
    private static ConsumerRecord<byte[], byte[]> record(Incoming event) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(event.partition().topic(),
                event.partition().partition(), event.offset(), ConsumerRecord.NO_TIMESTAMP,
                TimestampType.NO_TIMESTAMP_TYPE, ConsumerRecord.NULL_SIZE, ConsumerRecord.NULL_SIZE, event.key(),
                event.payload(), new RecordHeaders(),
                event.epoch() < 0 ? Optional.empty() : Optional.of(event.epoch()));
        event.headers().forEach((name, value) -> {
            if (value instanceof byte[] bytes) {
                record.headers().add(name, bytes);
            }
        });
        return record;
    }
}
