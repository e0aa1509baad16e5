package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.Test;

/** Two saga-managers with different sagas that react to the same events, on a broker of their own. */
class DifferentSagasTest {

    private static final int CLOCKS = 40;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void each_saga_gets_every_event() throws Exception {
        try (LocalStack stack = LocalStack.start(
                Path.of("target", "different-" + ProcessHandle.current().pid()), Ports.free(), Ports.free());
                Clocks clocks = new Clocks(stack);
                Manager first = manager(stack, "first-alarm");
                Manager second = manager(stack, "second-alarm")) {
            first.awaitReady();
            second.awaitReady();
            List<Future<RecordMetadata>> sent = IntStream.range(0, CLOCKS).mapToObj(_ -> Clocks.id())
                    .flatMap(id -> Stream.of(clocks.happen(id, "wound", "{\"millis\":3600000}"),
                            clocks.happen(id, "finished", "{}")))
                    .toList();
            Clocks.await(sent);
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(completed(first, "first-alarm")).isEqualTo(CLOCKS);
                assertThat(completed(second, "second-alarm")).isEqualTo(CLOCKS);
            });
            assertThat(clocks.read("first-alarm.inbox")).hasSize(2 * CLOCKS);
            assertThat(clocks.read("second-alarm.inbox")).hasSize(2 * CLOCKS);
        }
    }

    private static Manager manager(LocalStack stack, String saga) {
        return Manager.launch(stack, Alarms.loaderOfTwo(), "--hive.sagas=" + saga);
    }

    private static int completed(Manager manager, String saga) throws Exception {
        return manager.json("/actuator/sagas").path(saga).path("completed").asInt();
    }
}
