package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.Child;
import dev.hivestream.local.Ports;
import dev.hivestream.local.check.Fleet;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The boot jars, started as Data Flow's local deployer starts them; {@code bin/dataflow-check} has the real one. */
@Tag("faults")
class DataFlowIT {

    private final HttpClient http = HttpClient.newHttpClient();

    /** An app of a stream. */
    private record App(Child process, String url) {

        boolean isReady(HttpClient http) {
            try {
                return http.send(HttpRequest.newBuilder(URI.create(url + "/actuator/health/readiness")).build(),
                        BodyHandlers.discarding()).statusCode() == 200;
            } catch (java.io.IOException e) {
                return false;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void commands_events_and_a_saga_s_commands_flow_through_streams_and_all_end_in_good_order() throws Exception {
        try (Fleet fleet = new Fleet("dataflow");
                Admin admin = Admin.create(Map.of("bootstrap.servers", fleet.stack().broker().bootstrapServers()))) {
            App accounts = start(fleet, "accounts", "command-processor", "processor", Map.of(
                    "hive.aggregates", "account",
                    "spring.cloud.stream.bindings.input.destination", "account.commands",
                    "spring.cloud.stream.bindings.input.group", "accounts",
                    "spring.cloud.stream.bindings.output.destination", "account.events"));
            App transfers = start(fleet, "bank", "command-processor", "app", Map.of("hive.aggregates", "transfer"));
            App sagas = start(fleet, "bank", "saga-manager", "app", Map.of("hive.sagas", "money-transfer"));
            awaitReady(accounts, transfers, sagas);
            post(accounts, "/v1/account/ada/open", "{\"owner\":\"ada\"}");
            post(accounts, "/v1/account/bob/open", "{\"owner\":\"bob\"}");
            post(accounts, "/v1/account/ada/deposit", "{\"amount\":100}");
            post(transfers, "/v1/transfer/t-1/request", "{\"from\":\"ada\",\"to\":\"bob\",\"amount\":40}");
            await().atMost(Duration.ofSeconds(30)).untilAsserted(
                    () -> assertThat(get(transfers, "/v1/transfer/t-1").path("status").asString("")).isEqualTo(
                            "COMPLETED"));
            assertThat(get(accounts, "/v1/account/bob").path("balance").asInt()).isEqualTo(40);

            App cache = start(fleet, "cache", "cache-rebuilder", "sink", Map.of(
                    "hive.aggregates", "account", "hive.rebuild.follow", "true",
                    "spring.cloud.stream.bindings.input.destination", "account.events",
                    "spring.cloud.stream.bindings.input.group", "cache"));
            awaitReady(cache);
            // three by hand and two of the saga
            await().atMost(Duration.ofSeconds(30)).until(() -> get(cache, "/actuator/metrics/hive.rebuild.events")
                    .path("measurements").path(0).path("value").asInt() == 5);
            // what is rebuilt is read without the group, which is there once the cache is followed
            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptionsMatching(e -> e.getCause() instanceof GroupIdNotFoundException)
                    .until(() -> state(admin, "cache") == GroupState.STABLE);

            for (App app : List.of(cache, sagas, transfers, accounts)) {
                assertThat(send(app, "/shutdown", "").statusCode()).as("so that the deployer goes on to SIGTERM")
                        .isBetween(400, 499);
                assertThat(app.process().terminate(Duration.ofSeconds(30))).isEqualTo(143);
            }
            for (String group : List.of("accounts", "command-processor", "saga-manager", "saga-router-money-transfer",
                    "cache")) {
                assertThat(state(admin, group)).as(group).isEqualTo(GroupState.EMPTY);
            }

            App pipe = start(fleet, "pipe", "cache-rebuilder", "sink", Map.of("hive.aggregates", "account",
                    "spring.cloud.stream.bindings.input.destination", "account.events"));
            await().atMost(Duration.ofSeconds(60)).until(() -> !pipe.process().isAlive());
            assertThat(pipe.process().exitCode()).hasValue(1);
            assertThat(pipe.process().log().lines().filter(line -> line.startsWith("Start refused"))).containsExactly(
                    "Start refused: This is an app of the stream 'pipe' and would end when the cache is built, which Data "
                            + "Flow calls a failure. Set hive.rebuild.follow to true, or run the job without Data Flow");
        }
    }

    private static GroupState state(Admin admin, String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group).groupState();
    }

    private void awaitReady(App... apps) {
        Stream.of(apps).forEach(app -> app.process().awaitStart(Fleet.PATIENCE, () -> app.isReady(http)));
    }

    private void post(App app, String path, String json) throws Exception {
        HttpResponse<String> answer = send(app, path, json);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private HttpResponse<String> send(App app, String path, String json) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)).build(), BodyHandlers.ofString());
    }

    private JsonNode get(App app, String path) throws Exception {
        return JsonMapper.shared().readTree(http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).build(),
                BodyHandlers.ofString()).body());
    }

    /** With the properties that Data Flow 2.7 and Skipper 2.8 were seen to pass. */
    private static App start(Fleet fleet, String stream, String kind, String type, Map<String, String> definition) {
        String label = "hive-" + kind;
        int port = Ports.free();
        Map<String, String> properties = new LinkedHashMap<>(definition);
        properties.put("spring.kafka.bootstrap-servers", fleet.stack().broker().bootstrapServers());
        properties.put("spring.data.redis.url", fleet.stack().redis().uri());
        properties.put("server.port", "" + port);
        properties.put("spring.cloud.dataflow.stream.name", stream);
        properties.put("spring.cloud.dataflow.stream.app.label", label);
        properties.put("spring.cloud.dataflow.stream.app.type", type);
        properties.put("spring.cloud.application.group", stream);
        properties.put("spring.cloud.application.guid", stream + "." + label + "-v1-0");
        properties.put("spring.cloud.stream.instanceIndex", "0");
        properties.put("spring.application.index", "0");
        properties.put("instance.index", "0");
        properties.put("spring.jmx.default-domain", stream + "." + label + "-v1");
        properties.put("endpoints.jmx.unique-names", "true");
        properties.put("endpoints.shutdown.enabled", "true");
        properties.put("management.metrics.tags.service", "stream-application");
        properties.put("management.metrics.tags.stream.name", "${spring.cloud.dataflow.stream.name:unknown}");
        properties.put("management.metrics.tags.application", "${spring.cloud.dataflow.stream.name:unknown}-"
                + "${spring.cloud.dataflow.stream.app.label:unknown}-${spring.cloud.dataflow.stream.app.type:unknown}");
        properties.put("management.metrics.tags.application.name",
                "${vcap.application.application_name:${spring.cloud.dataflow.stream.app.label:unknown}}");
        properties.put("management.metrics.tags.application.type", "${spring.cloud.dataflow.stream.app.type:unknown}");
        properties.put("management.metrics.tags.application.guid", "${spring.cloud.application.guid:unknown}");
        properties.put("management.metrics.tags.instance.index",
                "${vcap.application.instance_index:${spring.cloud.stream.instanceIndex:0}}");
        List<String> command = Child.jvm("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dloader.path=" + Fleet.samples(), "-jar",
                Path.of("..", kind, "target", kind + "-boot.jar").toAbsolutePath().normalize().toString());
        Path directory = fleet.directory().resolve(stream + "." + label);
        Child process = Child.start(label, command,
                Map.of("SPRING_APPLICATION_JSON", JsonMapper.shared().writeValueAsString(properties)), directory,
                directory.resolve("log"));
        return new App(process, "http://127.0.0.1:" + port);
    }
}
