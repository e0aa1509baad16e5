package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.StartRefused;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.junit.jupiter.api.Test;

/** Where ids would change owners, nothing is decided. */
class PartitionsAddedTest {

    @Test
    void partitions_that_are_added_while_it_runs_end_the_work_and_refuse_the_next_start() throws Exception {
        // an aggregate of its own: its topics are spoiled for good
        String aggregates = "--hive.aggregates=growing";
        try (Processor processor = DomainFolder.with("misfit",
                () -> Processor.start(LocalStack.shared(), aggregates,
                        "--spring.kafka.consumer.properties.metadata.max.age.ms=300"));
                Wire wire = new Wire(LocalStack.shared());
                Admin admin = Admin
                        .create(Map.of("bootstrap.servers", LocalStack.shared().broker().bootstrapServers()))) {
            String id = Wire.id();
            assertThat(processor.post("/v1/growing/" + id + "/add", "{}").statusCode()).isEqualTo(200);

            admin.createPartitions(Map.of("growing.commands", NewPartitions.increaseTo(9))).all().get();

            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                var readiness = processor.get("/actuator/health/readiness");
                assertThat(readiness.statusCode()).isEqualTo(503);
                var closed = Answers.json(readiness).path("components").path("hive").path("details").path("closed");
                assertThat(closed.propertyNames()).hasSize(9);
                var status = closed.path("growing:" + Wire.partitionOf(id));
                assertThat(status.path("state").asString("")).isEqualTo("STOPPED");
                assertThat(status.path("reason").asString(""))
                        .contains("'growing.commands' has 9 partitions and hive.partitions is 8")
                        .contains("Set hive.partitions");
            });
            assertThat(processor.post("/v1/growing/" + id + "/add", "{}", "Prefer", "wait=1").statusCode())
                    .isEqualTo(202);
            assertThat(wire.events("growing", id)).hasSize(1);
            assertThat(processor.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
        }
        assertThatThrownBy(
                () -> DomainFolder.with("misfit", () -> Processor.start(LocalStack.shared(), aggregates)).close())
                .hasRootCauseInstanceOf(StartRefused.class).rootCause()
                .hasMessageContaining("'growing.commands' has 9 partitions");
    }
}
