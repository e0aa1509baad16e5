package dev.hivestream.local.recorded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.RedisConnection;
import dev.hivestream.local.recorded.RecordedTopic.Recorded;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordingTest {

    private final Recording recording = Recording.ofFormat(1);

    @TempDir
    Path directory;

    @Test
    void has_every_kind_of_record_that_format_1_knows() {
        assertThat(types("account.events")).containsOnly("account.opened", "account.deposited", "account.withdrawn",
                "account.closed");
        assertThat(types("content.events")).containsOnly("content.created", "content.edited", "content.enabled",
                "content.disabled");
        assertThat(types("review.events")).containsOnly("review.requested", "review.approved", "review.refused");
        assertThat(types("transfer.events")).containsOnly("transfer.requested", "transfer.completed",
                "transfer.refunded", "transfer.refused");
        assertThat(types("publication.inbox")).contains("hive.result", "hive.deadline", "hive.parked", "hive.retry",
                "hive.skip", "hive.end");
        assertThat(types("money-transfer.inbox")).contains("transfer.requested", "hive.result", "hive.deadline",
                "hive.retry", "hive.end");
        assertThat(types("account.commands.dlq")).contains("hive.resent", "hive.discarded", "account.deposit");
        assertThat(recording.topic("content.commands.dlq").records())
                .anyMatch(letter -> letter.header("hive_value_omitted") != null);
        assertThat(recording.topic("account.commands").records())
                .anyMatch(command -> command.header("ce_forwardedfrom") != null)
                .anyMatch(command -> command.header("ce_expectedversion") != null)
                .anyMatch(command -> command.header("ce_source") == null)
                .anyMatch(command -> "4".equals(command.header("ce_sagaattempt")))
                .anyMatch(command -> command.header("ce_replyto") != null);
        assertThat(recording.topic("account.events").records().stream().filter(event -> "large".equals(event.key())))
                .hasSizeGreaterThan(256);
    }

    private List<String> types(String topic) {
        return recording.topic(topic).records().stream().map(record -> record.header("ce_type"))
                .map(String::valueOf).distinct().toList();
    }

    @Test
    void comes_back_at_the_same_offsets_with_the_keys_of_that_time() throws Exception {
        try (var stack = recording.start(directory)) {
            Map<String, Object> settings = Map.of("bootstrap.servers", stack.broker().bootstrapServers(),
                    "isolation.level", "read_committed");
            try (var admin = Admin.create(settings);
                    var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(),
                            new ByteArrayDeserializer())) {
                Map<String, String> newIds = newIds(admin);
                for (String name : List.of("account.commands", "account.events", "account.results",
                        "account.commands.dlq", "publication.inbox", "money-transfer.inbox")) {
                    RecordedTopic topic = recording.topic(name);
                    assertThat(read(consumer, topic)).isEqualTo(
                            topic.records().stream().map(record -> withIds(shown(record), newIds)).toList());
                }
                assertThat(admin.listConsumerGroupOffsets("command-processor").partitionsToOffsetAndMetadata().get()
                        .keySet()).contains(new TopicPartition("account.commands", 0),
                                new TopicPartition("transfer.commands", 1));
            }
            try (var redis = new RedisConnection(stack.redis().port())) {
                assertThat(redis.list("KEYS", "hive:{account:*}:*:s:carol")).hasSize(1);
                assertThat(redis.call("HGETALL", "hive:{account:1}:active"))
                        .isEqualTo(List.of("8277eb72a7a7", "g1-8277eb72a7a7"));
            }
        }
    }

    private Map<String, String> newIds(Admin admin) throws Exception {
        Map<String, String> ids = new HashMap<>();
        for (String aggregate : List.of("account", "content", "review", "transfer")) {
            String topic = aggregate + ".commands";
            var description = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
            ids.put(recording.topic(topic).id(), Objects.requireNonNull(description).topicId().toString());
        }
        return ids;
    }

    private static String withIds(String text, Map<String, String> newIds) {
        String replaced = text;
        for (Map.Entry<String, String> id : newIds.entrySet()) {
            replaced = replaced.replace(id.getKey(), id.getValue());
        }
        return replaced;
    }

    private static String shown(Recorded record) {
        return record.partition() + "/" + record.offset() + " at " + record.timestamp() + ": " + record.key() + " "
                + record.headers().stream().map(header -> header.name() + "=" + header.value()).toList() + " "
                + record.value();
    }

    private static List<String> read(KafkaConsumer<byte[], byte[]> consumer, RecordedTopic topic) {
        var partitions = IntStream.range(0, topic.ends().size())
                .mapToObj(partition -> new TopicPartition(topic.name(), partition)).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        List<Recorded> read = new ArrayList<>();
        while (partitions.stream().anyMatch(
                partition -> consumer.position(partition) < topic.ends().get(partition.partition()))) {
            consumer.poll(Duration.ofMillis(100)).forEach(record -> {
                List<RecordedTopic.Header> headers = new ArrayList<>();
                record.headers().forEach(
                        header -> headers.add(new RecordedTopic.Header(header.key(), text(header.value()))));
                read.add(new Recorded(record.partition(), record.offset(), record.timestamp(), text(record.key()),
                        headers, text(record.value())));
            });
        }
        read.sort(Comparator.comparingInt(Recorded::partition).thenComparingLong(Recorded::offset));
        return read.stream().map(RecordingTest::shown).toList();
    }

    private static @Nullable String text(byte @Nullable [] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }
}
