package dev.hivestream.sagamanager;

import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Received;
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

/** Puts what does not come from aggregates into inboxes: deadlines, what a person wants, and what was held. Thread-safe. */
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
     * @param more headers
     * @param content becomes JSON
     * @return done when it is appended
     */
    CompletableFuture<Void> put(ServedSaga<?, ?, ?> saga, String id, String type, String recordId,
            Map<String, String> more, Map<String, String> content) {
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(saga.input(), Slot.partitionOf(key, partitions),
                key, Json.TOLERANT.writeValueAsBytes(content));
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(Header.TYPE, type);
        headers.put(Header.SPEC_VERSION, "1.0");
        headers.put(Header.ID, type + ":" + recordId);
        headers.put(Header.SOURCE, saga.source());
        headers.put(Header.TIME, Instant.now(clock).toString());
        headers.putAll(more);
        return send(saga, id, type, record, headers);
    }

    /**
     * Puts a message into an instance's inbox again.
     *
     * @param place as in {@link Header#AGAIN}
     */
    CompletableFuture<Void> again(ServedSaga<?, ?, ?> saga, String id, Received message, String place) {
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        Map<String, String> headers = new LinkedHashMap<>(message.headers());
        headers.put(Header.SPEC_VERSION, "1.0");
        headers.put(Header.AGAIN, place);
        return send(saga, id, message.type(), new ProducerRecord<>(saga.input(), Slot.partitionOf(key, partitions), key,
                message.payload()), headers);
    }

    private CompletableFuture<Void> send(ServedSaga<?, ?, ?> saga, String id, String type,
            ProducerRecord<byte[], byte[]> record, Map<String, String> headers) {
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
