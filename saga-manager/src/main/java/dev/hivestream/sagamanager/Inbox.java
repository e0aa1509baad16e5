package dev.hivestream.sagamanager;

import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.ServedSaga;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts what does not come from aggregates into inboxes: deadlines, and what a person wants. Thread-safe. */
final class Inbox implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);

    private final Producer<byte[], byte[]> producer;
    private final int partitions;
    private final Clock clock;

    Inbox(Producer<byte[], byte[]> producer, int partitions, Clock clock) {
        this.producer = producer;
        this.partitions = partitions;
        this.clock = clock;
    }

    /**
     * Puts a record into an instance's inbox.
     *
     * @param recordId unique among records of this saga and type
     * @return done when it is appended
     */
    CompletableFuture<Void> put(ServedSaga<?, ?, ?> saga, String id, String type, String recordId,
            Map<String, String> more) {
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(saga.input(), Slot.partitionOf(key, partitions),
                key, "{}".getBytes(StandardCharsets.UTF_8));
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(Header.TYPE, type);
        headers.put(Header.SPEC_VERSION, "1.0");
        headers.put(Header.ID, type + ":" + recordId);
        headers.put(Header.SOURCE, saga.source());
        headers.put(Header.TIME, Instant.now(clock).toString());
        headers.putAll(more);
        headers.forEach((name, value) -> record.headers().add(name, value.getBytes(StandardCharsets.UTF_8)));
        CompletableFuture<Void> done = new CompletableFuture<>();
        var _ = producer.send(record, (metadata, failure) -> {
            if (failure == null) {
                done.complete(null);
            } else {
                LOG.warn("'{}' could not be put into the inbox of {} '{}': {}", type, saga.name(), id,
                        failure.toString());
                done.completeExceptionally(failure);
            }
        });
        return done;
    }

    @Override
    public void close() {
        producer.close();
    }
}
