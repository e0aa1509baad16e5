package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.Ports;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.runtime.message.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** An instance with many messages and a state that has grown with each of them, on a small heap. */
@Tag("faults")
class SmallHeapIT {

    private static final int MESSAGES = 20_000;

    @Test
    void a_long_history_with_a_growing_state_is_answered_and_readiness_stays_up() throws Exception {
        String id = Clocks.id();
        try (Fleet fleet = new Fleet("small-heap");
                Clocks clocks = new Clocks(fleet.stack());
                HttpClient http = HttpClient.newHttpClient()) {
            Path classes = Path.of("target", "test-classes").toAbsolutePath();
            BootApp manager = new BootApp("saga-manager", Path.of("target", "saga-manager-boot.jar").toAbsolutePath(),
                    Ports.free(), fleet.directory()).on(fleet.stack()).domains(classes.resolve("alarms"), classes)
                    .property("hive.partitions", "" + Clocks.PARTITIONS).jvmOptions("-Xmx160m", "-XX:+UseSerialGC");
            manager.start().awaitReady(Fleet.PATIENCE);
            assertThat(manager.stop(Fleet.PATIENCE)).isIn(0, 143);

            List<Future<RecordMetadata>> sent = new ArrayList<>();
            sent.add(record(clocks, id, 1, "wound", "{\"millis\":3600000}"));
            for (int version = 2; version <= MESSAGES; version++) {
                sent.add(record(clocks, id, version, "noted", "{\"text\":\"" + "x".repeat(100) + version + "\"}"));
            }
            Clocks.await(sent);

            manager.start().awaitReady(Fleet.PATIENCE);
            String instance = manager.url() + "/actuator/sagas/alarm/" + id;
            await().atMost(Fleet.PATIENCE).until(() -> json(http, instance).path("version").asInt() == MESSAGES);
            int seen = 0;
            for (String page = "?limit=200&states=true"; seen < 1_000;) {
                String answer = get(http, instance + page);
                assertThat(answer.length()).isLessThan(6_000_000);
                JsonNode line = Json.TOLERANT.readTree(answer);
                assertThat(line.path("state").asString()).contains("left out: it has");
                seen += line.path("messages").size();
                page = line.path("older").asString() + "&limit=200&states=true";
                assertThat(manager.isReady()).as("readiness after %d messages", seen).isTrue();
            }
            assertThat(manager.process().log()).doesNotContain("OutOfMemoryError");
            manager.close();
        }
    }

    private static Future<RecordMetadata> record(Clocks clocks, String id, int version, String event, String json) {
        return clocks.send("alarm.history", id, "clock." + event, json, "ce_time", Instant.now().toString(),
                "ce_sequence", "" + version, "ce_done", "{\"how\":\"HANDLED\",\"turns\":[{\"acts\":[]}]}");
    }

    private static JsonNode json(HttpClient http, String uri) throws Exception {
        return Json.TOLERANT.readTree(get(http, uri));
    }

    private static String get(HttpClient http, String uri) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString()).body();
    }
}
