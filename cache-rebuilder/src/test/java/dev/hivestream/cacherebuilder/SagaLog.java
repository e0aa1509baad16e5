package dev.hivestream.cacherebuilder;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.Leaders;
import dev.hivestream.local.LocalStack;
import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Done;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Handles messages as a saga-manager does, writes the history, and keeps what the instances are then. */
final class SagaLog<E, S, C> implements AutoCloseable {

    static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int REMEMBERED = 256;

    final String topic;
    final int partitions;
    final Map<String, Snapshot<Instance<S>>> expected = new LinkedHashMap<>();
    private final ServedSaga<E, S, C> saga;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Admin admin;
    private final Uuid inbox;
    private final Map<Integer, Long> offsets = new HashMap<>();

    SagaLog(LocalStack stack, int partitions, SagaType<E, S, C> type) {
        this.partitions = partitions;
        this.topic = type.name() + ".history";
        this.saga = ServedSaga.of(type, partitions, Reactor.Limits.of(1_000_000));
        Map<String, Object> settings = Map.of("bootstrap.servers", stack.broker().bootstrapServers());
        admin = Admin.create(settings);
        try {
            inbox = create(type.name() + ".inbox");
            create(topic);
            Leaders.await(admin, topic, partitions);
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
        producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private Uuid create(String name) throws ExecutionException, InterruptedException {
        return admin.createTopics(List.of(new NewTopic(name, Optional.of(partitions), Optional.empty())
                .configs(Map.of("retention.ms", "-1", "retention.bytes", "-1")))).topicId(name).get();
    }

    /** An event comes into the inbox, a second after the message before. */
    void append(String id, String type, String json) {
        long offset = next(id);
        Snapshot<Instance<S>> snapshot = expected.computeIfAbsent(id, none -> saga.snapshots().read(none, null));
        Received message = new Received(Map.of(Header.TYPE, type, Header.SOURCE, "/hive/test", Header.ID,
                id + "-" + offset, Header.SUBJECT, id, Header.TIME, START.plusSeconds(offset).toString()),
                json.getBytes(UTF_8));
        try {
            Done done = saga.reactor().handle(snapshot, id, message, REMEMBERED, false).done();
            record(id, offset, snapshot.version(), message, Objects.requireNonNull(done).bytes());
        } catch (Malformed e) {
            throw new AssertionError(e);
        }
    }

    /** Messages come that change nothing. */
    void mark(String key) {
        var record = record(key, next(key));
        record.headers().add(Header.TYPE, Received.HANDLED.getBytes(UTF_8));
        var _ = producer.send(record);
    }

    /** A record that need not be right. */
    void record(String id, long version, String type, String json, byte[] done) {
        long offset = next(id);
        record(id, offset, version, new Received(Map.of(Header.TYPE, type, Header.SOURCE, "/hive/test", Header.ID,
                id + "-" + offset, Header.SUBJECT, id, Header.TIME, START.plusSeconds(offset).toString()),
                json.getBytes(UTF_8)), done);
    }

    private long next(String key) {
        return offsets.merge(partition(key), 0L, (before, _) -> before + 1);
    }

    private void record(String id, long offset, long version, Received message, byte[] done) {
        var record = record(id, offset, message.payload());
        record.headers().add(Header.SEQUENCE, Long.toString(version).getBytes(UTF_8))
                .add(Header.MESSAGE, new Position(inbox.toString(), offset).toString().getBytes(UTF_8))
                .add(Header.DONE, done);
        message.headers().forEach((name, value) -> record.headers().add(name, value.getBytes(UTF_8)));
        var _ = producer.send(record);
    }

    private ProducerRecord<byte[], byte[]> record(String key, long offset, byte... payload) {
        var record = new ProducerRecord<>(topic, partition(key), key.getBytes(UTF_8), payload);
        record.headers().add(Header.SPEC_VERSION, "1.0".getBytes(UTF_8))
                .add(Header.COMMAND_POSITION, new Position(inbox.toString(), offset).toString().getBytes(UTF_8))
                .add(Header.COMMAND, CommandIdentity.epochHeader(0));
        return record;
    }

    void flush() {
        producer.flush();
    }

    int partition(String id) {
        return Slot.partitionOf(id.getBytes(UTF_8), partitions);
    }

    /** What an instance's snapshot must be. */
    String snapshot(String id) {
        return new String(saga.snapshots().write(Objects.requireNonNull(expected.get(id))).json(), UTF_8);
    }

    @Override
    public void close() {
        producer.close();
        admin.close();
    }
}
