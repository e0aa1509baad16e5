package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.log.VersionViolation;
import dev.hivestream.runtime.log.VersionViolations;
import dev.hivestream.runtime.owner.Ownership;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

@Timeout(120)
class HiveHealthTest {

    private final Stand stand = Stand.fresh();

    @Test
    void a_partition_without_progress_takes_readiness_down_and_is_named_with_the_reason() {
        // creates the topics
        stand.ids();
        try (Ownership ownership = stand.ownership();
                Outages outages = new Outages(Stand.ADMIN, Stand.CACHE);
                KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                        Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers(), "group.id", stand.group),
                        new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            HiveHealth health = new HiveHealth(ownership, outages, new VersionViolations(1));
            ownership.onPartitionsAssigned("input", consumer, List.of(stand.commands()), true);
            // the first restore of a JVM also waits until the broker has created the topic of the groups' offsets
            await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> assertThat(health.health()).satisfies(
                    now -> assertThat(now.getStatus()).as("%s", now.getDetails()).isEqualTo(Status.UP)));

            ownership.progress().rolledBack(List.of(stand.commands()), 1, new IllegalStateException("the lock expired"),
                    System.nanoTime() - Duration.ofMinutes(1).toNanos());

            Health stalled = health.health();
            assertThat(stalled.getStatus()).isEqualTo(Status.DOWN);
            assertThat(stalled.getDetails().get("closed")).isEqualTo(Map.of());
            assertThat(String.valueOf(stalled.getDetails().get("stalled")))
                    .startsWith("{" + stand.slot + "=No batch was committed for 6")
                    .endsWith(". Reason of the last rollback: java.lang.IllegalStateException: the lock expired}");

            ownership.progress().progressed(List.of(stand.commands()), System.nanoTime());
            assertThat(health.health().getStatus()).isEqualTo(Status.UP);
        }
    }

    @Test
    void a_log_whose_versions_are_not_in_order_is_named_and_keeps_no_instance_out() {
        VersionViolations violations = new VersionViolations(1);
        try (Ownership ownership = stand.ownership();
                var outages = new Outages(Stand.ADMIN, Stand.CACHE);
                var consumer = new KafkaConsumer<>(
                        Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers(), "group.id", stand.group),
                        new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            HiveHealth health = new HiveHealth(ownership, outages, violations);
            ownership.onPartitionsAssigned("input", consumer, List.of(), true);
            await().atMost(Duration.ofMinutes(1)).until(() -> health.health().getStatus().equals(Status.UP));
            assertThat(health.health().getDetails()).containsEntry("versionViolations", 0L);

            violations.add(new VersionViolation(VersionViolation.Kind.REPEATED, "account.events", 3, 17, "ada", 1, 2));
            violations.add(new VersionViolation(VersionViolation.Kind.MISSING, "account.events", 3, 18, "bob", 4, 2));

            Health now = health.health();
            assertThat(now.getStatus()).isEqualTo(Status.UP);
            assertThat(now.getDetails()).containsEntry("versionViolations", 2L).containsEntry("violations",
                    List.of("account.events/3/17: version 1 of 'ada' is repeated after version 2"));
        }
    }
}
