package dev.hivestream.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.StartRefused;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TopicsTest {

    private final Stand stand = Stand.unmade();
    private final String name = stand.served.name();

    @Test
    void missing_topics_are_created_as_they_must_be() throws Exception {
        Topics.Ids ids = Stand.unmade("hive.partitions", "3").topics.require(name);

        assertThat(Uuid.fromString(ids.events())).isEqualTo(id(name + ".events"));
        assertThat(Uuid.fromString(ids.commands())).isEqualTo(id(name + ".commands"));
        for (String topic : List.of(".commands", ".events", ".results", ".commands.dlq")) {
            assertThat(Stand.ADMIN.describeTopics(List.of(name + topic)).allTopicNames().get().get(name + topic)
                    .partitions()).hasSize(3);
        }
        assertThat(settings(name + ".events")).containsEntry("cleanup.policy", "delete")
                .containsEntry("retention.ms", "-1").containsEntry("retention.bytes", "-1");
        assertThat(settings(name + ".commands.dlq")).containsEntry("retention.ms", "-1")
                .containsEntry("max.message.bytes",
                        Integer.toString(dev.hivestream.runtime.message.Outgoing.DEAD_LETTER_BYTES));
        assertThat(settings(name + ".commands")).doesNotContainEntry("retention.ms", "-1");
    }

    @Test
    void a_saga_s_inbox_is_closed_to_versions_that_write_no_history() throws Exception {
        stand.topics.requireSaga(name);
        // the broker answers with the new setting a moment after it has accepted it
        org.awaitility.Awaitility.await().untilAsserted(() -> assertThat(settings(name + ".inbox"))
                .containsEntry("retention.ms", "-1").containsEntry("retention.bytes", "9223372036854775807"));
        assertThat(settings(name + ".history")).containsEntry("retention.ms", "-1").containsEntry("retention.bytes",
                "-1");

        alter(name + ".inbox", "retention.bytes", "-1");
        org.awaitility.Awaitility.await()
                .untilAsserted(() -> assertThat(settings(name + ".inbox")).containsEntry("retention.bytes", "-1"));
        stand.topics.requireSaga(name);
        org.awaitility.Awaitility.await().untilAsserted(() -> assertThat(settings(name + ".inbox"))
                .containsEntry("retention.bytes", "9223372036854775807"));
        assertThat(stand.topics.requireSaga(name).events()).isEqualTo(id(name + ".history").toString());
    }

    @Test
    void the_id_of_a_log_is_read_without_creating_or_checking_anything() throws Exception {
        assertThatThrownBy(() -> stand.topics.logId(stand.served)).isInstanceOf(KafkaException.class)
                .hasMessage("The broker does not know " + name + ".events yet");
        assertThat(Stand.ADMIN.listTopics().names().get()).doesNotContain(name + ".events");

        create(name + ".events", 2, Map.of("retention.ms", "1000000"));
        org.awaitility.Awaitility.await().ignoreExceptions()
                .until(() -> stand.topics.logId(stand.served).equals(id(name + ".events").toString()));
        assertThat(settings(name + ".events")).containsEntry("retention.ms", "1000000");
        assertThat(Stand.ADMIN.listTopics().names().get()).doesNotContain(name + ".commands");
    }

    @Test
    void records_of_a_sender_with_a_wrong_clock_are_taken_and_stamped_by_the_broker() throws Exception {
        stand.topics.require(name);
        long now = System.currentTimeMillis();
        try (var producer = new KafkaProducer<>(Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (String topic : List.of(".commands", ".events", ".results", ".commands.dlq")) {
                for (long hours : new long[]{-10_000, 2}) {
                    var sent = new ProducerRecord<>(name + topic, 0, now + Duration.ofHours(hours).toMillis(),
                            new byte[0], new byte[0]);
                    assertThat(producer.send(sent).get().timestamp()).isBetween(now, now + 60_000);
                }
            }
        }
    }

    @Test
    void what_is_there_already_stays_and_only_what_is_missing_is_created() throws Exception {
        create(name + ".commands", 1, Map.of("retention.ms", "1000000"));
        Uuid commands = id(name + ".commands");

        assertThat(stand.topics.require(name).commands()).isEqualTo(commands.toString());
        assertThat(settings(name + ".commands")).containsEntry("retention.ms", "1000000");
        assertThat(stand.topics.require(name)).isEqualTo(stand.topics.require(name));
    }

    @Test
    void several_instances_may_create_them_at_once() {
        List<CompletableFuture<Topics.Ids>> all = Stream.generate(() -> CompletableFuture.supplyAsync(
                () -> stand.topics.require(name))).limit(4).toList();
        assertThat(all.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    }

    @Test
    void topics_that_may_not_be_created_are_asked_for() {
        assertThatThrownBy(() -> Stand.unmade("hive.topics.create", "false").topics.require(name))
                .isInstanceOf(StartRefused.class)
                .hasMessage("The topics [" + name + ".commands, " + name + ".events, " + name + ".results, " + name
                        + ".commands.dlq] are missing and hive.topics.create is false. Create them, with 1 partitions "
                        + "(" + name
                        + ".events: retention.ms=-1, retention.bytes=-1, cleanup.policy=delete), or set hive.topics.create to true");
    }

    @Test
    void another_number_of_partitions_is_refused_for_each_of_the_three() throws Exception {
        for (String kind : List.of("commands", "events", "results")) {
            String aggregate = name + "-" + kind;
            create(aggregate + "." + kind, 2, Map.of());
            assertThatThrownBy(() -> stand.topics.require(aggregate)).isInstanceOf(StartRefused.class)
                    .hasMessage(
                            "The topic '" + aggregate + "." + kind + "' has 2 partitions and hive.partitions is 1. Set "
                                    + "hive.partitions to the number that the topics of '" + aggregate
                                    + "' had when the first command was decided, or create the topic anew with 1");
        }
    }

    @Test
    void dead_letters_may_have_more_partitions_and_not_fewer() throws Exception {
        create(name + ".commands.dlq", 2, Map.of());
        assertThat(stand.topics.require(name)).isNotNull();
        assertThatThrownBy(() -> {
            String other = name + "-other";
            create(other + ".commands.dlq", 2, Map.of());
            Stand.unmade("hive.partitions", "3").topics.require(other);
        }).isInstanceOf(StartRefused.class).hasMessage("The topic '" + name
                + "-other.commands.dlq' has 2 partitions and hive.partitions is 3: a dead letter goes to the partition of its "
                + "record. Add partitions to it");
    }

    @Test
    void events_that_would_be_lost_are_refused() throws Exception {
        stand.topics.require(name);
        String events = name + ".events";

        alter(events, "cleanup.policy", "compact");
        assertRefused(
                "The topic '" + events + "' is compacted (cleanup.policy=compact), so events would be lost. Set its "
                        + "cleanup.policy to delete and its retention.ms and retention.bytes to -1");
        alter(events, "cleanup.policy", "compact,delete");
        assertRefused(
                "The topic '" + events + "' is compacted (cleanup.policy=compact,delete), so events would be lost. "
                        + "Set its cleanup.policy to delete and its retention.ms and retention.bytes to -1");
        alter(events, "cleanup.policy", "delete");
        alter(events, "retention.ms", "604800000");
        assertRefused("The topic '" + events
                + "' expires (retention.ms=604800000), so events would be lost. Set its retention.ms to -1");
        alter(events, "retention.ms", "-1");
        alter(events, "retention.bytes", "1000");
        assertRefused("The topic '" + events
                + "' expires (retention.bytes=1000), so events would be lost. Set its retention.bytes to -1");
        alter(events, "retention.bytes", "-1");
        assertThat(stand.topics.require(name)).isNotNull();
    }

    @Test
    void a_log_with_replicas_of_which_one_alone_may_acknowledge_is_refused() {
        for (int replicas : List.of(2, 3, 5)) {
            assertThatThrownBy(() -> Topics.refuseUnlessInSync("account.events", replicas, 1))
                    .isInstanceOf(StartRefused.class).hasMessage("The topic 'account.events' has " + replicas
                            + " replicas and min.insync.replicas=1: a record is acknowledged when a single broker has it, and "
                            + "lost with that broker. Set its min.insync.replicas to 2 (kafka-configs.sh --alter --entity-type "
                            + "topics --entity-name account.events --add-config min.insync.replicas=2)");
            Topics.refuseUnlessInSync("account.events", replicas, 2);
        }
        assertThatNoException().isThrownBy(() -> Topics.refuseUnlessInSync("account.events", 1, 1));
    }

    @Test
    void a_single_replica_need_not_be_in_sync_with_another() throws Exception {
        stand.topics.require(name);

        assertThat(settings(name + ".events")).containsEntry("min.insync.replicas", "1");
    }

    @Test
    void a_topic_that_does_not_take_the_largest_record_is_refused() throws Exception {
        stand.topics.require(name);
        assertThat(stand.topics.limit(name + ".commands.dlq"))
                .isEqualTo(dev.hivestream.runtime.message.Outgoing.DEAD_LETTER_BYTES);
        assertThat(stand.topics.limit(name + ".events")).isEqualTo(1_048_588);
        assertThat(stand.topics.limit("other")).isEqualTo(1_048_588);

        alter(name + ".events", "max.message.bytes", "500000");
        assertRefused(
                "The topic '" + name + ".events' has max.message.bytes=500000, but records of up to 589824 bytes must "
                        + "fit. Set its max.message.bytes to 589824 or more, or lower hive.max-message");
        alter(name + ".events", "max.message.bytes", "589824");
        alter(name + ".results", "max.message.bytes", "90000");
        assertRefused(
                "The topic '" + name + ".results' has max.message.bytes=90000, but records of up to 98304 bytes must "
                        + "fit. Set its max.message.bytes to 98304 or more");
        alter(name + ".results", "max.message.bytes", "98304");
        alter(name + ".commands.dlq", "max.message.bytes", "65535");
        assertRefused(
                "The topic '" + name + ".commands.dlq' has max.message.bytes=65535, but records of up to 65536 bytes "
                        + "must fit. Set its max.message.bytes to 65536 or more");
        alter(name + ".commands.dlq", "max.message.bytes", "65536");
        org.awaitility.Awaitility.await().ignoreExceptions().until(() -> {
            stand.topics.require(name);
            return stand.topics.limit(name + ".commands.dlq") == 65_536;
        });
    }

    @Test
    void names_follow_from_the_aggregate() {
        assertThat(Topics.ownerOf(Topics.commands("a-b"))).isEqualTo("a-b");
        assertThat(List.of(Topics.commands("a"), Topics.events("a"), Topics.results("a"), Topics.deadLetters("a")))
                .containsExactly("a.commands", "a.events", "a.results", "a.commands.dlq");
    }

    private void assertRefused(String message) {
        // the broker answers with the new setting a moment after it has accepted it
        org.awaitility.Awaitility.await().untilAsserted(() -> assertThatThrownBy(() -> stand.topics.require(name))
                .isInstanceOf(StartRefused.class).hasMessage(message));
    }

    private static void create(String topic, int partitions, Map<String, String> configs) throws Exception {
        Stand.ADMIN
                .createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(configs)))
                .all().get();
    }

    private static Uuid id(String topic) throws Exception {
        return Stand.ADMIN.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
    }

    private static Map<String, String> settings(String topic) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config = Stand.ADMIN.describeConfigs(List.of(resource)).all().get().get(resource);
        Map<String, String> settings = new HashMap<>();
        config.entries().forEach(entry -> settings.put(entry.name(), entry.value()));
        return settings;
    }

    private static void alter(String topic, String setting, String value) throws Exception {
        Stand.ADMIN.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic),
                List.of(new AlterConfigOp(new ConfigEntry(setting, value), AlterConfigOp.OpType.SET)))).all().get();
    }
}
