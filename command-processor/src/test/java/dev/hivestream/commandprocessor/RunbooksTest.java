package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.Folders;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import dev.hivestream.runtime.message.Header;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The runbooks of docs/runbooks.md, each rehearsed on a broker and a Redis of its own. */
@Timeout(300)
class RunbooksTest {

    private static final String GROUP = "command-processor";
    private static final String ACCOUNT = "/v1/account/ada";

    @TempDir
    Path directory;

    @Test
    void a_group_that_was_deleted_decides_nothing_again_once_its_offsets_come_from_the_results() throws Exception {
        try (Stack stack = new Stack(directory)) {
            try (Processor processor = stack.processor()) {
                open(processor);
                assertThat(processor.post(ACCOUNT + "/withdraw", "{\"amount\":100}").statusCode()).isEqualTo(422);
            }
            int decided = stack.results().size();
            // while no app runs: group deleted, offsets set to what was decided last
            stack.admin.deleteConsumerGroups(List.of(GROUP)).all().get();
            stack.admin.alterConsumerGroupOffsets(GROUP, stack.offsetsOfResults()).all().get();

            try (Processor processor = stack.processor()) {
                deposit(processor, 3);
                assertThat(stack.results()).as("the rejection was not decided again").hasSize(decided + 1);
            }
            assertThat(stack.versions()).containsExactly("1", "2", "3");
        }
    }

    @Test
    void a_group_that_was_deleted_and_begins_anew_repeats_no_event() throws Exception {
        try (Stack stack = new Stack(directory)) {
            try (Processor processor = stack.processor()) {
                open(processor);
            }
            stack.admin.deleteConsumerGroups(List.of(GROUP)).all().get();

            try (Processor processor = stack.processor()) {
                stack.awaitConsumed();
                assertThat(processor.get(ACCOUNT).body()).contains("10");
                deposit(processor, 3);
            }
            assertThat(stack.versions()).containsExactly("1", "2", "3");
        }
    }

    @Test
    void a_commands_topic_that_was_created_again_takes_commands_from_its_beginning() throws Exception {
        try (Stack stack = new Stack(directory)) {
            try (Processor processor = stack.processor()) {
                open(processor);
            }
            stack.admin.deleteTopics(List.of("account.commands")).all().get();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !stack.admin.listTopics().names().get().contains("account.commands"));

            try (Processor processor = stack.processor()) {
                assertThat(processor.get(ACCOUNT).headers().firstValue("ETag")).contains("\"2\"");
                deposit(processor, 3);
            }
            assertThat(stack.versions()).containsExactly("1", "2", "3");
        }
    }

    @Test
    void a_log_that_was_truncated_is_what_the_cache_shows_afterwards() throws Exception {
        try (Stack stack = new Stack(directory)) {
            try (Processor processor = stack.processor()) {
                open(processor);
            }
            Path data = stack.broker.data();
            Path older = directory.resolve("older");
            stack.broker.stop();
            Folders.copy(data, older);
            stack.broker.start();
            try (Processor processor = stack.processor()) {
                deposit(processor, 3);
                deposit(processor, 4);
            }
            stack.broker.stop();
            Folders.delete(data);
            Folders.copy(older, data);
            stack.broker.start();

            try (Processor processor = stack.processor()) {
                assertThat(processor.get(ACCOUNT).headers().firstValue("ETag")).as("the log ends here")
                        .contains("\"2\"");
                // Redis may still have the answer to the command whose event is gone
                stack.redis.call("FLUSHALL");
                await().atMost(Duration.ofSeconds(60)).untilAsserted(
                        () -> assertThat(processor.get(ACCOUNT).headers().firstValue("ETag")).contains("\"2\""));
                // what was lost is sent again, and decided
                deposit(processor, 3);
            }
            assertThat(stack.versions()).containsExactly("1", "2", "3");
        }
    }

    @Test
    void a_redis_that_was_replaced_by_an_empty_one_is_filled_from_the_log() throws Exception {
        try (Stack stack = new Stack(directory); Processor processor = stack.processor()) {
            open(processor);
            stack.redis.startEmpty();

            await().atMost(Duration.ofSeconds(60)).untilAsserted(
                    () -> assertThat(processor.get(ACCOUNT).headers().firstValue("ETag")).contains("\"2\""));
            processor.awaitReady();
            deposit(processor, 3);
            assertThat(stack.versions()).containsExactly("1", "2", "3");
        }
    }

    private static void open(Processor processor) throws Exception {
        assertThat(processor.post(ACCOUNT + "/open", "{\"owner\":\"Ada\"}").statusCode()).isEqualTo(200);
        deposit(processor, 2);
    }

    private static void deposit(Processor processor, int version) throws Exception {
        var answer = processor.post(ACCOUNT + "/deposit", "{\"amount\":10}", "Idempotency-Key", "deposit-" + version);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("ETag")).contains("\"" + version + "\"");
    }

    /** A broker and a Redis that may be spoiled. */
    private static final class Stack implements AutoCloseable {

        private final KafkaBroker broker;
        private final RedisServer redis;
        private final Admin admin;
        private final LocalStack both;

        Stack(Path directory) {
            broker = KafkaBroker.start(directory.resolve("kafka"), Ports.free());
            redis = RedisServer.start(directory.resolve("redis"), Ports.free());
            both = new LocalStack(broker, redis);
            admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
        }

        Processor processor() {
            return Processor.start(both, "--hive.aggregates=account");
        }

        List<ConsumerRecord<byte[], byte[]>> results() {
            try (Wire wire = new Wire(both)) {
                return wire.topic("account.results").read();
            }
        }

        List<String> versions() {
            try (Wire wire = new Wire(both)) {
                return wire.events("account", "ada").stream().map(event -> Wire.header(event, Header.SEQUENCE))
                        .toList();
            }
        }

        /** Behind the last command that has a result: {@code ce_id} of a result ends with the place of its command. */
        Map<TopicPartition, OffsetAndMetadata> offsetsOfResults() {
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            results().forEach(result -> {
                String[] id = String.valueOf(Wire.header(result, Header.ID)).split("/");
                offsets.merge(new TopicPartition("account.commands", Integer.parseInt(id[id.length - 2])),
                        new OffsetAndMetadata(Long.parseLong(id[id.length - 1]) + 1),
                        (before, next) -> before.offset() < next.offset() ? next : before);
            });
            return offsets;
        }

        /** Waits until the group has read what there is. */
        void awaitConsumed() {
            TopicPartition commands = new TopicPartition("account.commands", Wire.partitionOf("ada"));
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                OffsetAndMetadata committed = admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata()
                        .get().get(commands);
                return committed != null && committed.offset() >= admin
                        .listOffsets(Map.of(commands, OffsetSpec.latest())).partitionResult(commands).get().offset();
            });
        }

        @Override
        public void close() {
            admin.close();
            redis.close();
            broker.close();
        }
    }
}
