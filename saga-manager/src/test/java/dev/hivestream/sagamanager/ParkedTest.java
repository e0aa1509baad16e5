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
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Instances that stand still take a bounded place, and lose nothing: what they do not hold comes back from the history. */
@Timeout(300)
class ParkedTest {

    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final int INSTANCES = 20;
    private static final int NOTES = 200;
    private static final int HELD = 3;

    @TempDir
    Path directory;

    private LocalStack stack;
    private Clocks clocks;

    @BeforeEach
    void start() {
        Alarms.broken = true;
        stack = LocalStack.start(directory, Ports.free(), Ports.free());
        clocks = new Clocks(stack);
    }

    @AfterEach
    void stop() {
        Alarms.broken = false;
        Alarms.complaint = "a bug";
        clocks.close();
        stack.close();
    }

    @Test
    void what_many_instances_did_not_hold_comes_back_from_the_history_in_order_and_once() throws Exception {
        List<String> ids = new ArrayList<>();
        List<String> heard = new ArrayList<>(List.of("Wound", "Dropped"));
        IntStream.range(0, NOTES).forEach(note -> heard.add("note " + note));
        try (Manager manager = Manager.start(stack, "--hive.saga.held-messages.limit=" + HELD,
                "--hive.saga.look=10ms")) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < INSTANCES; i++) {
                String id = Clocks.id();
                ids.add(id);
                sent.add(clocks.happen(id, "wound", "{\"millis\":3600000}"));
                sent.add(clocks.happen(id, "dropped", "{}"));
            }
            for (int note = 0; note < NOTES; note++) {
                for (String id : ids) {
                    sent.add(clocks.happen(id, "noted", "{\"text\":\"note " + note + "\"}"));
                }
            }
            Clocks.await(sent);
            await().atMost(PATIENCE).until(() -> StreamSupport
                    .stream(manager.json("/actuator/sagas/alarm?limit=1000&status=parked").spliterator(), false)
                    .filter(one -> one.path("held").asInt() == NOTES + 1).count() == INSTANCES);
            assertThat(timeline(manager, ids.getFirst()).path("version").asLong()).isEqualTo(NOTES + 2);

            Alarms.broken = false;
            for (String id : ids) {
                assertThat(manager.post("/actuator/sagas/alarm/" + id + "/retry").statusCode()).isEqualTo(202);
            }
            // those that come now come after all that were held
            for (String id : ids) {
                clocks.happen(id, "noted", "{\"text\":\"last\"}").get();
            }
            heard.add("last");
            await().atMost(PATIENCE).until(() -> manager.json("/actuator/sagas").path("alarm").path("active")
                    .asInt() == INSTANCES);
            for (String id : ids) {
                List<String> what = new ArrayList<>();
                timeline(manager, id).path("state").path("what").forEach(one -> what.add(one.asString()));
                assertThat(what).as(id).isEqualTo(heard);
            }
        }
        long fed = clocks.read("alarm.inbox").stream().filter(ParkedTest::isFed).count();
        long waited = clocks.read("alarm.history").stream()
                .filter(record -> Clocks.header(record, "ce_done").contains("LATER")).count();
        System.out.printf("  %d messages waited in the history, %d came into the inbox again%n", waited, fed);
        assertThat(waited).isGreaterThanOrEqualTo(INSTANCES * (NOTES + 1L - HELD));
        assertThat(fed).isBetween(waited, waited + waited / 10);
    }

    @Test
    void a_reason_of_five_megabytes_is_cut_everywhere() throws Exception {
        Alarms.complaint = "a bug ".repeat(5 * 1024 * 1024 / 6);
        String id = Clocks.id();
        try (Manager manager = Manager.start(stack)) {
            clocks.happen(id, "wound", "{\"millis\":3600000}").get();
            clocks.happen(id, "dropped", "{}").get();
            await().atMost(PATIENCE)
                    .until(() -> timeline(manager, id).path("status").asString().equals("parked"));
            assertThat(timeline(manager, id).path("parked").asString()).contains("a bug").hasSizeLessThan(4_100);
            assertThat(manager.get("/actuator/sagas/alarm?status=parked").body()).contains("a bug")
                    .hasSizeLessThan(10_000);
            assertThat(manager.get("/actuator/sagas/alarm/" + id).body()).hasSizeLessThan(30_000);
        }
        for (ConsumerRecord<String, String> record : clocks.read("alarm.history")) {
            assertThat(Clocks.header(record, "ce_done")).hasSizeLessThan(10_000);
        }
    }

    private static boolean isFed(ConsumerRecord<?, ?> record) {
        return !Clocks.header(record, "ce_again").isEmpty();
    }

    private static JsonNode timeline(Manager manager, String id) throws Exception {
        return manager.json("/actuator/sagas/alarm/" + id);
    }
}
