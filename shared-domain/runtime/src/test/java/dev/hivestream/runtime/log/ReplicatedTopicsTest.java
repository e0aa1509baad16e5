package dev.hivestream.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.local.KafkaCluster;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.StartRefused;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Topics with more than one replica, on brokers whose default lets one replica acknowledge alone. */
@Timeout(180)
class ReplicatedTopicsTest {

    private static final String MIN_IN_SYNC = "min.insync.replicas";

    @TempDir
    Path directory;

    @Test
    void topics_demand_a_second_replica_when_they_are_created_and_at_each_start() throws Exception {
        try (KafkaCluster cluster = KafkaCluster.start(directory, 2, Map.of(), List.of());
                Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers()))) {
            ConfigResource brokers = new ConfigResource(ConfigResource.Type.BROKER, "");
            set(admin, brokers, "1");
            Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(
                    setting(admin, new ConfigResource(ConfigResource.Type.BROKER, "1"))).isEqualTo("1"));
            Topics topics = new Topics(properties(-1), admin);

            // one broker may not know yet what another one has created; whoever requires topics tries again
            Awaitility.await().atMost(Duration.ofSeconds(30)).ignoreExceptionsInstanceOf(KafkaException.class)
                    .until(() -> {
                        topics.require("account");
                        topics.requireSaga("transfer");
                        new Topics(properties(1), admin).require("single");
                        return true;
                    });

            for (String topic : List.of("account.commands", "account.events", "account.results", "account.commands.dlq",
                    "transfer.inbox", "transfer.inbox.dlq")) {
                assertThat(setting(admin, topic(topic))).as(topic).isEqualTo("2");
            }
            assertThat(setting(admin, topic("single.events"))).as("one replica").isEqualTo("1");

            for (String log : List.of("account.events", "transfer.inbox")) {
                set(admin, topic(log), "1");
                Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThatThrownBy(() -> {
                    topics.require("account");
                    topics.requireSaga("transfer");
                }).isInstanceOf(StartRefused.class).hasMessageStartingWith("The topic '" + log
                        + "' has 2 replicas and min.insync.replicas=1: a record is acknowledged when a single broker has it"));
                set(admin, topic(log), "2");
                Awaitility.await().atMost(Duration.ofSeconds(30))
                        .untilAsserted(() -> assertThat(setting(admin, topic(log))).isEqualTo("2"));
            }
            assertThat(topics.require("account")).isNotNull();
        }
    }

    private static HiveProperties properties(int replicas) {
        return new Binder(new MapConfigurationPropertySource(
                Map.of("hive.partitions", "1", "hive.topics.replication-factor", Integer.toString(replicas))))
                .bindOrCreate("hive", HiveProperties.class);
    }

    private static ConfigResource topic(String name) {
        return new ConfigResource(ConfigResource.Type.TOPIC, name);
    }

    private static String setting(Admin admin, ConfigResource resource) throws Exception {
        return Objects.requireNonNull(admin.describeConfigs(List.of(resource)).all().get().get(resource))
                .get(MIN_IN_SYNC).value();
    }

    private static void set(Admin admin, ConfigResource resource, String minInSync) throws Exception {
        admin.incrementalAlterConfigs(Map.of(resource, List.of(
                new AlterConfigOp(new ConfigEntry(MIN_IN_SYNC, minInSync), AlterConfigOp.OpType.SET)))).all().get();
    }
}
