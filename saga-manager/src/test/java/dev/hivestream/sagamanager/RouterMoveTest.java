package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A saga-manager takes over from one of an earlier version, whose routers had one group. On a broker of its own. */
@ExtendWith(OutputCaptureExtension.class)
class RouterMoveTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String WAITS = "The router of the saga 'alarm' waits until the consumer group 'saga-router'";

    @Test
    void it_waits_for_the_earlier_version_to_stop_and_then_continues_where_that_stopped(CapturedOutput output)
            throws Exception {
        try (LocalStack stack = LocalStack.start(
                Path.of("target", "move-" + ProcessHandle.current().pid()), Ports.free(), Ports.free());
                Clocks clocks = new Clocks(stack)) {
            String begun = Clocks.id();
            String missed = Clocks.id();
            try (Manager earlier = Manager.start(stack,
                    "--spring.cloud.stream.bindings.router-alarm.group=saga-router")) {
                clocks.happen(begun, "wound", "{\"millis\":3600000}").get();
                await().atMost(PATIENCE).until(() -> earlier.get("/actuator/sagas/alarm/" + begun).statusCode() == 200);
            }
            Map<TopicPartition, Long> ends = ends(stack);
            // these the earlier version has read and, unlike a new group, does not route again
            clocks.happen(missed, "wound", "{\"millis\":3600000}").get();
            try (KafkaConsumer<byte[], byte[]> member = join(stack)) {
                member.commitSync(offsets(ends(stack)));
                assertThat(ends(stack)).isNotEqualTo(ends);
                try (Manager manager = Manager.launch(stack,
                        "--logging.level.dev.hivestream.sagamanager.RouterStart=warn")) {
                    await().atMost(PATIENCE)
                            .until(() -> manager.get("/actuator/health").body().contains("has no members"));
                    assertThat(manager.get("/actuator/health/readiness").statusCode()).isEqualTo(503);
                    String after = Clocks.id();
                    clocks.happen(after, "wound", "{\"millis\":3600000}").get();
                    assertThat(manager.get("/actuator/sagas/alarm/" + after).statusCode()).isEqualTo(404);

                    member.close();
                    manager.awaitReady();
                    await().atMost(PATIENCE)
                            .until(() -> manager.get("/actuator/sagas/alarm/" + after).statusCode() == 200);
                    assertThat(manager.get("/actuator/sagas/alarm/" + begun).statusCode()).isEqualTo(200);
                    assertThat(manager.get("/actuator/sagas/alarm/" + missed).statusCode())
                            .as("the former group has passed it").isEqualTo(404);
                    assertThat(clocks.read("alarm.inbox")).hasSize(2);
                    assertThat(output.getAll().lines().filter(line -> line.contains(WAITS))).singleElement()
                            .satisfies(line -> assertThat(line).contains("WARN")
                                    .contains("Stop every saga-manager of that version"));
                }
            }
        }
    }

    @Test
    void a_saga_that_the_earlier_version_did_not_run_begins_with_the_first_event_although_its_inbox_is_owned_by_then()
            throws Exception {
        try (LocalStack stack = LocalStack.start(
                Path.of("target", "new-saga-" + ProcessHandle.current().pid()), Ports.free(), Ports.free());
                Clocks clocks = new Clocks(stack);
                Admin admin = Admin.create(Map.of("bootstrap.servers", stack.broker().bootstrapServers()))) {
            List<TopicPartition> inbox = new ArrayList<>();
            for (String topic : List.of("clock.events", "clock.results")) {
                admin.createTopics(List.of(new NewTopic(topic, Optional.of(Clocks.PARTITIONS), Optional.empty())
                        .configs(Map.of("retention.ms", "-1", "retention.bytes", "-1")))).all().get();
            }
            for (int i = 0; i < Clocks.PARTITIONS; i++) {
                inbox.add(new TopicPartition("alarm.inbox", i));
            }
            String before = Clocks.id();
            clocks.happen(before, "wound", "{\"millis\":3600000}").get();
            try (KafkaConsumer<byte[], byte[]> member = join(stack)) {
                // for the other sagas of the earlier version
                member.commitSync(offsets(ends(stack)));
                try (Manager manager = Manager.launch(stack)) {
                    await().atMost(PATIENCE)
                            .until(() -> manager.get("/actuator/health").body().contains("has no members"));
                    await().atMost(PATIENCE).until(() -> admin.listConsumerGroupOffsets("saga-manager")
                            .partitionsToOffsetAndMetadata().get().keySet().containsAll(inbox));
                    member.close();
                    manager.awaitReady();
                    await().atMost(PATIENCE)
                            .until(() -> manager.get("/actuator/sagas/alarm/" + before).statusCode() == 200);
                }
            }
        }
    }

    private static KafkaConsumer<byte[], byte[]> join(LocalStack stack) {
        var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", stack.broker().bootstrapServers(), "group.id",
                "saga-router", "enable.auto.commit", false), new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        consumer.subscribe(List.of("clock.events", "clock.results"));
        await().atMost(PATIENCE).until(() -> {
            consumer.poll(Duration.ofMillis(100));
            return !consumer.assignment().isEmpty();
        });
        return consumer;
    }

    private static Map<TopicPartition, Long> ends(LocalStack stack) {
        try (var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", stack.broker().bootstrapServers()),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return consumer.endOffsets(consumer.partitionsFor("clock.events").stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition())).toList());
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(Map<TopicPartition, Long> at) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        at.forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
        return offsets;
    }
}
