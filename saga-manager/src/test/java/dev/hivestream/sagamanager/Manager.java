package dev.hivestream.sagamanager;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.runtime.message.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/** A saga-manager in this JVM, with the domain {@link Alarms} unless another is given, and what talks to it over HTTP. */
final class Manager implements AutoCloseable {

    final int port = Ports.free();
    final ConfigurableApplicationContext context;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5)).build();

    private Manager(LocalStack stack, ClassLoader domain, List<String> arguments) {
        List<String> all = new ArrayList<>(List.of("--server.port=" + port, "--hive.partitions=" + Clocks.PARTITIONS,
                "--spring.kafka.bootstrap-servers=" + stack.broker().bootstrapServers(),
                "--spring.data.redis.url=" + stack.redis().uri(), "--spring.jmx.enabled=false"));
        all.addAll(arguments);
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(domain);
        try {
            context = new SpringApplicationBuilder(SagaManagerApplication.class).registerShutdownHook(false)
                    .run(all.toArray(String[]::new));
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    static Manager start(LocalStack stack, String... arguments) {
        Manager manager = launch(stack, arguments);
        manager.awaitReady();
        return manager;
    }

    /** One that need not be ready. */
    static Manager launch(LocalStack stack, String... arguments) {
        return launch(stack, Alarms.loader(), arguments);
    }

    /** One with another domain. */
    static Manager launch(LocalStack stack, ClassLoader domain, String... arguments) {
        return new Manager(stack, domain, List.of(arguments));
    }

    void awaitReady() {
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(50))
                .until(() -> get("/actuator/health/readiness").statusCode() == 200);
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)));
    }

    HttpResponse<String> post(String path) throws IOException, InterruptedException {
        return post(path, "{}");
    }

    HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    JsonNode json(String path) throws IOException, InterruptedException {
        return Json.TOLERANT.readTree(get(path).body());
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    @Override
    public void close() {
        context.close();
        http.close();
    }
}
