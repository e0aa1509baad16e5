package dev.hivestream.sagamanager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a real broker. Each test has topics and groups of its own. */
class RouterOffsetsTest {

    private static final int PARTITIONS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private static String servers;
    private static Admin admin;
    private static KafkaProducer<byte[], byte[]> producer;

    private final String name = "r" + NUMBER.incrementAndGet();
    private final String events = name + ".events";
    private final String results = name + ".results";
    private final String inbox = name + "-saga.inbox";
    private final String former = name + "-router";
    private final String group = name + "-router-saga";
    private final List<KafkaConsumer<byte[], byte[]>> consumers = new ArrayList<>();
    private RouterOffsets offsets;

    @BeforeAll
    static void connect() {
        servers = LocalStack.shared().broker().bootstrapServers();
        admin = Admin.create(Map.of("bootstrap.servers", servers));
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", servers), new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    @AfterAll
    static void disconnect() {
        producer.close();
        admin.close();
    }

    @BeforeEach
    void createTopics() throws Exception {
        admin.createTopics(Stream.of(events, results, inbox)
                .map(topic -> new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty())).toList()).all().get();
        offsets = new RouterOffsets(admin, former, PARTITIONS);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            for (int record = 0; record < 10; record++) {
                send(events, partition);
            }
        }
    }

    @AfterEach
    void close() {
        consumers.forEach(KafkaConsumer::close);
    }

    @Test
    void without_a_former_group_nothing_is_committed_and_nothing_waited_for() throws Exception {
        send(inbox, 0);
        assertThat(offsets.prepare(start(false))).isNull();
        assertThat(committed(group)).isEmpty();
    }

    @Test
    void a_saga_of_the_former_group_continues_from_its_offsets_once() throws Exception {
        send(inbox, 0);
        commit(former, Map.of(at(events, 0), 7L, at(events, 1), 4L));
        assertThat(offsets.prepare(start(false))).isNull();
        assertThat(committed(group)).isEqualTo(
                Map.of(at(events, 0), 7L, at(events, 1), 4L, at(results, 0), 0L, at(results, 1), 0L));

        commit(group, Map.of(at(events, 0), 9L));
        assertThat(offsets.prepare(start(false))).isNull();
        assertThat(committed(group)).as("it goes on by itself").containsEntry(at(events, 0), 9L);
    }

    @Test
    void a_saga_that_the_former_group_did_not_run_begins_as_the_start_offset_says() throws Exception {
        commit(former, Map.of(at(events, 0), 7L, at(events, 1), 4L));
        assertThat(offsets.prepare(start(false))).isNull();
        assertThat(committed(group)).containsEntry(at(events, 0), 0L).containsEntry(at(events, 1), 0L);

        RouterOffsets.Start latest = new RouterOffsets.Start(name + "-saga", List.of(events, results),
                group + "-latest", true);
        assertThat(offsets.prepare(latest)).isNull();
        assertThat(committed(group + "-latest")).containsEntry(at(events, 0), 10L).containsEntry(at(results, 0), 0L);
    }

    @Test
    void a_router_that_crashed_in_its_first_batch_does_not_take_its_own_records_for_those_of_the_former_group()
            throws Exception {
        commit(former, Map.of(at(events, 0), 7L));
        assertThat(offsets.prepare(start(false))).isNull();
        send(inbox, 0);
        assertThat(offsets.prepare(start(false))).isNull();
        assertThat(committed(group)).containsEntry(at(events, 0), 0L);
    }

    @Test
    void members_of_the_former_group_are_waited_for() throws Exception {
        send(inbox, 0);
        KafkaConsumer<byte[], byte[]> member = join(former);
        assertThat(offsets.prepare(start(false))).isEqualTo("The router of the saga '" + name
                + "-saga' waits until the consumer group '" + former
                + "' has no members, which is that of the routers of an earlier version. Stop every saga-manager of "
                + "that version; the router then continues where it stopped");
        assertThat(committed(group)).isEmpty();
        member.commitSync(Map.of(at(events, 0), new OffsetAndMetadata(8)));
        member.close();
        consumers.clear();
        await().atMost(PATIENCE).until(() -> offsets.prepare(start(false)) == null);
        assertThat(committed(group)).containsEntry(at(events, 0), 8L);
    }

    @Test
    void offsets_of_a_transaction_that_a_killed_member_left_open_are_waited_for() throws Exception {
        send(inbox, 0);
        commit(former, Map.of(at(events, 0), 3L));
        try (KafkaProducer<byte[], byte[]> transactional = open(former, Map.of(at(events, 0), 6L))) {
            assertThat(offsets.prepare(start(false))).isEqualTo(waits(former));
            assertThat(committed(group)).isEmpty();
            transactional.commitTransaction();
        }
        await().atMost(PATIENCE).until(() -> offsets.prepare(start(false)) == null);
        assertThat(committed(group)).containsEntry(at(events, 0), 6L);
    }

    @Test
    void offsets_of_a_transaction_of_a_router_that_has_no_others_yet_are_waited_for() throws Exception {
        send(inbox, 0);
        commit(former, Map.of(at(events, 0), 3L));
        try (KafkaProducer<byte[], byte[]> transactional = open(group, Map.of(at(events, 0), 6L))) {
            assertThat(offsets.prepare(start(false))).isEqualTo(waits(group));
            transactional.abortTransaction();
        }
        await().atMost(PATIENCE).until(() -> offsets.prepare(start(false)) == null);
        assertThat(committed(group)).containsEntry(at(events, 0), 3L);
    }

    private String waits(String on) {
        return "The router of the saga '" + name
                + "-saga' waits for a transaction that commits offsets of the consumer "
                + "group '" + on + "' in [" + at(events, 0) + "]. The broker ends one that was left open after its "
                + "transaction.timeout.ms";
    }

    /** A transaction that is open, and has sent these offsets. */
    private KafkaProducer<byte[], byte[]> open(String of, Map<TopicPartition, Long> at) {
        var transactional = new KafkaProducer<>(
                Map.of("bootstrap.servers", servers, "transactional.id", name, "transaction.timeout.ms", 60_000),
                new ByteArraySerializer(), new ByteArraySerializer());
        transactional.initTransactions();
        transactional.beginTransaction();
        transactional.sendOffsetsToTransaction(offsets(at), new ConsumerGroupMetadata(of));
        return transactional;
    }

    @Test
    void a_router_that_runs_elsewhere_is_not_disturbed() throws Exception {
        send(inbox, 0);
        commit(former, Map.of(at(events, 0), 7L));
        KafkaConsumer<byte[], byte[]> other = join(group);
        assertThat(offsets.prepare(start(false))).isNull();
        assertThat(committed(group)).as("it has consumed nothing yet, and keeps its position").isEmpty();
        other.commitSync(Map.of(at(events, 0), new OffsetAndMetadata(9)));
        assertThat(offsets.prepare(start(false))).isNull();
        assertThat(committed(group)).isEqualTo(Map.of(at(events, 0), 9L));
    }

    @Test
    void several_instances_that_start_at_the_same_time_begin_at_the_same_offsets() throws Exception {
        send(inbox, 0);
        commit(former, Map.of(at(events, 0), 7L, at(events, 1), 4L));
        List<Thread> instances = IntStream.range(0, 8).mapToObj(_ -> Thread.ofVirtual()
                .start(() -> assertThat(new RouterOffsets(admin, former, PARTITIONS)
                        .prepare(start(false))).isNull()))
                .toList();
        for (Thread instance : instances) {
            instance.join();
        }
        assertThat(committed(group)).containsEntry(at(events, 0), 7L).containsEntry(at(events, 1), 4L);
    }

    @Test
    void a_router_that_keeps_the_former_group_has_nothing_to_decide() throws Exception {
        KafkaConsumer<byte[], byte[]> member = join(former);
        assertThat(offsets.prepare(new RouterOffsets.Start(name + "-saga", List.of(events, results), former, false)))
                .isNull();
        assertThat(member.assignment()).isNotEmpty();
    }

    private RouterOffsets.Start start(boolean latest) {
        return new RouterOffsets.Start(name + "-saga", List.of(events, results), group, latest);
    }

    private static TopicPartition at(String topic, int partition) {
        return new TopicPartition(topic, partition);
    }

    private static void send(String topic, int partition) throws Exception {
        producer.send(new ProducerRecord<>(topic, partition, "k".getBytes(UTF_8), "{}".getBytes(UTF_8))).get();
    }

    private static void commit(String group, Map<TopicPartition, Long> at) throws Exception {
        admin.alterConsumerGroupOffsets(group, offsets(at)).all().get();
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(Map<TopicPartition, Long> at) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        at.forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
        return offsets;
    }

    private static Map<TopicPartition, Long> committed(String group) throws Exception {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
                .forEach((partition, offset) -> offsets.put(partition, offset.offset()));
        return offsets;
    }

    private KafkaConsumer<byte[], byte[]> join(String of) {
        var consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", servers, "group.id", of, "enable.auto.commit", false),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumers.add(consumer);
        consumer.subscribe((Collection<String>) List.of(events, results));
        await().atMost(PATIENCE).until(() -> {
            consumer.poll(Duration.ofMillis(100));
            return !consumer.assignment().isEmpty();
        });
        return consumer;
    }
}
