package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.runtime.message.Json;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The apps as they are shipped, with a collector of OpenTelemetry's and structured logs. */
@Tag("faults")
class TraceIT {

    private static final List<String> APPS = List.of("command-processor", "saga-manager", "cache-rebuilder");

    @Test
    void one_trace_goes_through_all_apps_and_the_logs_are_structured() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("TraceIT: -Dseed=" + seed);
        byte[] traceId = new byte[16];
        new Random(seed).nextBytes(traceId);
        String trace = HexFormat.of().formatHex(traceId);
        Queue<byte[]> exported = new ConcurrentLinkedQueue<>();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            exported.add(exchange.getRequestBody().readAllBytes());
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        try (Fleet fleet = new Fleet("trace"); HttpClient http = HttpClient.newHttpClient()) {
            List<BootApp> apps = List.of(fleet.app("processor").property("hive.aggregates", "account,transfer"),
                    fleet.sagaManager("sagas").property("hive.sagas", "money-transfer"),
                    fleet.app("cache-rebuilder", "follower").property("hive.aggregates", "account,transfer")
                            .property("hive.partitions", "" + Fleet.PARTITIONS)
                            .property("hive.rebuild.follow", "true"));
            for (BootApp app : apps) {
                app.property("management.opentelemetry.tracing.export.otlp.endpoint",
                        "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces")
                        .property("management.opentelemetry.tracing.export.schedule-delay", "200ms")
                        .property("management.tracing.sampling.probability", "0")
                        .property("logging.structured.format.console", "ecs").start().awaitReady(Fleet.PATIENCE);
            }
            String url = apps.getFirst().url() + "/v1/";
            post(http, url + "account/ada/open", "{\"owner\":\"Ada\"}", null);
            post(http, url + "account/bob/open", "{\"owner\":\"Bob\"}", null);
            post(http, url + "account/ada/deposit", "{\"amount\":50}", null);
            post(http, url + "transfer/t/request", "{\"from\":\"ada\",\"to\":\"bob\",\"amount\":20}",
                    "00-" + trace + "-00f067aa0ba902b7-01");
            // what the last command of the saga, and the last event, were made of
            await().atMost(Duration.ofSeconds(40)).untilAsserted(() -> assertThat(spans(exported, traceId)).contains(
                    "command-processor: http post /v1/{aggregate}/{id}/{command}",
                    "command-processor: process transfer.commands", "saga-manager: process money-transfer.inbox",
                    "command-processor: process account.commands", "cache-rebuilder: fold account.events",
                    "cache-rebuilder: fold transfer.events"));
            for (BootApp app : apps) {
                List<String> lines = Files.readAllLines(app.process().logFile()).stream()
                        .filter(line -> line.startsWith("{")).toList();
                assertThat(lines).isNotEmpty().allSatisfy(line -> {
                    JsonNode json = Json.TOLERANT.readTree(line);
                    assertThat(json.path("ecs").path("version").asString("")).isNotBlank();
                    assertThat(json.path("service").path("name").asString("")).isIn(APPS);
                });
            }
        } finally {
            collector.stop(0);
        }
    }

    /** App and name of the spans that were exported of a trace. */
    private static List<String> spans(Queue<byte[]> exported, byte[] traceId) {
        String id = new String(traceId, StandardCharsets.ISO_8859_1);
        // protocol buffers: the texts in them stand there as they are
        return exported.stream().map(body -> new String(body, StandardCharsets.ISO_8859_1))
                .filter(body -> body.contains(id))
                .flatMap(body -> APPS.stream().filter(body::contains)
                        .flatMap(app -> Stream.of("http post /v1/{aggregate}/{id}/{command}",
                                "process transfer.commands", "process account.commands",
                                "process money-transfer.inbox", "fold account.events", "fold transfer.events")
                                .filter(body::contains).map(name -> app + ": " + name)))
                .distinct().collect(Collectors.toList());
    }

    private static void post(HttpClient http, String url, String json, String trace) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json));
        if (trace != null) {
            request.header("traceparent", trace);
        }
        var answer = http.send(request.build(), BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }
}
