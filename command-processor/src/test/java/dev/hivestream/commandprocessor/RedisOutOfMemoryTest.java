package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Result;
import java.time.Duration;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Redis that refuses to write is an outage, and no record's fault. */
class RedisOutOfMemoryTest {

    private static final String CREATE = "{\"text\":\"hello\"}";

    @AfterEach
    void free() {
        LocalStack.shared().redis().call("CONFIG", "SET", "maxmemory", "0");
    }

    @Test
    void it_is_waited_out_with_readiness_down_and_nothing_is_lost_or_blamed() throws Exception {
        try (Processor processor = Processor.start(LocalStack.shared(), "--hive.aggregates=content");
                Wire wire = new Wire(LocalStack.shared())) {
            String id = Wire.id();
            LocalStack.shared().redis().call("CONFIG", "SET", "maxmemory", "100kb");
            soon().untilAsserted(() -> assertThat(processor.get("/actuator/health/readiness").statusCode())
                    .isEqualTo(503));
            assertThat(processor.get("/actuator/health/readiness").body()).contains("Redis is out of memory");
            Answers.problem(processor.post("/v1/content/" + id + "/create", CREATE), 503, "not-taken");
            wire.send(Wire.command("content.create", id, id, CREATE));
            // long enough for a batch that is tried, and rolled back
            await().during(Duration.ofSeconds(3)).atMost(Duration.ofSeconds(5))
                    .until(() -> wire.results("content", id).isEmpty());
            assertThat(processor.get("/actuator/health/liveness").statusCode()).isEqualTo(200);

            LocalStack.shared().redis().call("CONFIG", "SET", "maxmemory", "0");
            soon().untilAsserted(() -> assertThat(wire.results("content", id)).hasSize(1));
            assertThat(wire.results("content", id)).extracting(Result::outcome)
                    .containsExactly(Result.Outcome.accepted);
            processor.awaitReady();
            assertThat(processor.get("/v1/content/" + id).statusCode()).isEqualTo(200);
        }
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(50));
    }
}
