package dev.hivestream.commandprocessor;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The topics as an outsider sees them: a plain producer, and what is committed, from the beginning. */
final class Wire implements AutoCloseable {

    static final int PARTITIONS = 8;
    private static final AtomicInteger IDS = new AtomicInteger();

    private final LocalStack stack;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Map<String, Topic> topics = new HashMap<>();

    Wire(LocalStack stack) {
        this.stack = stack;
        // what is sent together arrives together; what the broker would refuse is refused by it
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", stack.broker().bootstrapServers(), "linger.ms", 50, "batch.size", 1_000_000,
                        "max.request.size", 8_000_000),
                new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** An id that no other test has. */
    static String id() {
        return "t" + IDS.incrementAndGet() + "-" + ProcessHandle.current().pid();
    }

    /** An id that no other test has, of this partition. */
    static String id(int partition) {
        return Stream.generate(Wire::id).filter(id -> partitionOf(id) == partition).findFirst().orElseThrow();
    }

    static int partitionOf(String id) {
        return Slot.partitionOf(utf8(id), PARTITIONS);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A command as it should be, in its owner's partition. */
    static ProducerRecord<byte[], byte[]> command(String type, String id, String commandId, String json) {
        return command(type, id, commandId, json, partitionOf(id));
    }

    static ProducerRecord<byte[], byte[]> command(String type, String id, String commandId, String json,
            int partition) {
        ProducerRecord<byte[], byte[]> command = new ProducerRecord<>(
                type.substring(0, type.indexOf('.')) + ".commands", partition, utf8(id), utf8(json));
        command.headers().add(Header.SPEC_VERSION, utf8("1.0")).add(Header.ID, utf8(commandId))
                .add(Header.TYPE, utf8(type)).add(Header.SOURCE, utf8("/test")).add(Header.SUBJECT, utf8(id))
                .add(Header.CONTENT_TYPE, utf8("application/json"));
        return command;
    }

    /** Sends records in this order; gives where they are. */
    @SafeVarargs
    final List<RecordMetadata> send(ProducerRecord<byte[], byte[]>... records) throws InterruptedException {
        return send(List.of(records));
    }

    List<RecordMetadata> send(List<ProducerRecord<byte[], byte[]>> records) throws InterruptedException {
        List<Future<RecordMetadata>> sent = records.stream().map(producer::send).toList();
        producer.flush();
        List<RecordMetadata> places = new ArrayList<>();
        for (Future<RecordMetadata> place : sent) {
            try {
                places.add(place.get());
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
        return places;
    }

    static String origin(RecordMetadata place) {
        return place.topic() + "/" + place.partition() + "/" + place.offset();
    }

    Topic topic(String name) {
        return topics.computeIfAbsent(name, Topic::new);
    }

    /** The committed events of an aggregate. */
    List<ConsumerRecord<byte[], byte[]>> events(String aggregate, String id) {
        return topic(aggregate + ".events").read().stream()
                .filter(event -> id.equals(new String(event.key(), StandardCharsets.UTF_8))).toList();
    }

    /** The committed results of a command, in order. */
    List<Result> results(String aggregate, String commandId) {
        return resultRecords(aggregate, commandId).stream()
                .map(result -> Json.TOLERANT.readValue(result.value(), Result.class)).toList();
    }

    /** Their records. */
    List<ConsumerRecord<byte[], byte[]>> resultRecords(String aggregate, String commandId) {
        return topic(aggregate + ".results").read().stream()
                .filter(result -> commandId.equals(header(result, Header.CAUSATION_ID))).toList();
    }

    /** The dead letters of one record. */
    List<ConsumerRecord<byte[], byte[]>> deadLetters(RecordMetadata place) {
        return topic(place.topic() + ".dlq").read().stream()
                .filter(letter -> origin(place).equals(header(letter, Header.DEAD_ORIGIN))).toList();
    }

    static String header(ConsumerRecord<?, ?> record, String name) {
        org.apache.kafka.common.header.Header header = record.headers().lastHeader(name);
        return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        producer.close();
        topics.values().forEach(topic -> {
            topic.consumer.close();
            topic.appended.close();
        });
    }

    /** A topic, read as far as it is committed, once the transactions that are in it have ended. */
    final class Topic {
        private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        private final KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", stack.broker().bootstrapServers(), "isolation.level", "read_committed"),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        /** The end of what is committed is behind for a moment: a commit is answered before its markers are written. */
        private final KafkaConsumer<byte[], byte[]> appended = new KafkaConsumer<>(
                Map.of("bootstrap.servers", stack.broker().bootstrapServers()),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        private final List<TopicPartition> partitions;

        private Topic(String name) {
            partitions = consumer.partitionsFor(name).stream()
                    .map(partition -> new TopicPartition(name, partition.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
        }

        /** All that is committed at this moment. */
        synchronized List<ConsumerRecord<byte[], byte[]>> read() {
            Map<TopicPartition, Long> ends = appended.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(20)).forEach(records::add);
            }
            return List.copyOf(records);
        }
    }
}
