package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("faults")
class DeadlinesIT {

    private static final int PENDING = Integer.getInteger("pending", 20_000);

    @TempDir
    Path directory;

    @Test
    void many_pending_deadlines_are_no_burden() throws Exception {
        try (LocalStack stack = LocalStack.start(directory, Ports.free(), Ports.free());
                Manager manager = Manager.start(stack);
                Clocks clocks = new Clocks(stack)) {
            long begun = System.nanoTime();
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < PENDING; i++) {
                sent.add(clocks.happen("pending-" + i, "wound", "{\"millis\":3600000}"));
            }
            Clocks.await(sent);
            await().atMost(Duration.ofMinutes(5))
                    .until(() -> manager.json("/actuator/sagas").path("alarm").path("active").asInt() == PENDING);
            System.out.printf("  %d instances with a deadline each after %.1f s%n", PENDING,
                    (System.nanoTime() - begun) / 1e9);
            List<Long> late = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                String id = Clocks.id();
                long set = clocks.happen(id, "wound", "{\"millis\":500}").get().timestamp();
                await().atMost(Duration.ofSeconds(30)).until(() -> !clocks.sent(id).isEmpty());
                assertThat(clocks.sent(id)).hasSize(1);
                late.add(clocks.sent(id).getFirst().time() - set - 500);
            }
            System.out.println("  late by, in ms: " + late);
            // within a second on a machine of one's own; here others may be at work
            assertThat(late).allMatch(ms -> ms >= 0 && ms < 5_000);

            // and all of them are there again when the cache is gone
            stack.redis().call("FLUSHALL");
            await().atMost(Duration.ofMinutes(5)).until(
                    () -> manager.json("/actuator/sagas").path("alarm").path("active").asInt() == PENDING + 5);
            // the gauge counts what may be processed again
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> manager.json("/actuator/metrics/hive.saga.deadlines.pending").path("measurements")
                            .path(0).path("value").asDouble() == PENDING);
        }
    }
}
