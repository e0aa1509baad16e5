package dev.hivestream.sagamanager;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.check.Committed;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;
import tools.jackson.databind.JsonNode;

/** Writes what happens to clocks into their log, as a command-processor would, and reads what the saga sent. */
final class Clocks implements AutoCloseable {

    static final int PARTITIONS = 4;
    private static final AtomicInteger IDS = new AtomicInteger();

    private final LocalStack stack;
    private final KafkaProducer<String, String> producer;
    private final AtomicInteger events = new AtomicInteger();

    Clocks(LocalStack stack) {
        this.stack = stack;
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", stack.broker().bootstrapServers(), "linger.ms", 5),
                new StringSerializer(), new StringSerializer());
    }

    /** An id that no other test has. */
    static String id() {
        return "c" + IDS.incrementAndGet() + "-" + ProcessHandle.current().pid();
    }

    /** An event, in the partition of its clock. */
    Future<RecordMetadata> happen(String id, String event, String json) {
        return send("clock.events", id, "clock." + event, json);
    }

    Future<RecordMetadata> send(String topic, String id, String type, String json, String... headers) {
        var record = new ProducerRecord<>(topic, Slot.partitionOf(id.getBytes(UTF_8), PARTITIONS), id, json);
        record.headers().add("ce_id", (id + ":" + events.incrementAndGet()).getBytes(UTF_8))
                .add("ce_type", type.getBytes(UTF_8)).add("ce_source", "/hive/clock".getBytes(UTF_8))
                .add("ce_subject", id.getBytes(UTF_8));
        for (int i = 0; i < headers.length; i += 2) {
            record.headers().add(headers[i], headers[i + 1].getBytes(UTF_8));
        }
        return producer.send(record);
    }

    static void await(List<Future<RecordMetadata>> sent) throws ExecutionException, InterruptedException {
        for (Future<RecordMetadata> one : sent) {
            one.get();
        }
    }

    /** What the saga sent on behalf of an instance: step, time of the record, correlation id, what it had heard of. */
    record Sent(String step, long time, String correlation, JsonNode command) {}

    /** The committed commands that an instance sent. */
    List<Sent> sent(String id) {
        List<Sent> sent = new ArrayList<>();
        for (ConsumerRecord<String, String> record : read("clock.commands")) {
            if (header(record, "ce_saga").equals("alarm:" + id)) {
                sent.add(new Sent(header(record, "ce_sagastep"), record.timestamp(),
                        header(record, "ce_correlationid"), Json.TOLERANT.readTree(record.value())));
            }
        }
        return sent;
    }

    static String header(ConsumerRecord<?, ?> record, String name) {
        var header = record.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), UTF_8);
    }

    /** A topic as far as it is committed. */
    List<ConsumerRecord<String, String>> read(String topic) {
        return Committed.read(stack.broker().bootstrapServers(), topic);
    }

    @Override
    public void close() {
        producer.close();
    }
}
