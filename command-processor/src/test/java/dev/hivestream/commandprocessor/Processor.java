package dev.hivestream.commandprocessor;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
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

/** A command-processor in this JVM, ready, with what talks to it over HTTP. */
final class Processor implements AutoCloseable {

    final int port = Ports.free();
    final ConfigurableApplicationContext context;
    private final int management;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5)).build();

    private Processor(LocalStack stack, List<Class<?>> more, int management, List<String> arguments) {
        this.management = management < 0 ? port : management;
        List<String> all = new ArrayList<>(List.of("--server.port=" + port,
                "--spring.kafka.bootstrap-servers=" + stack.broker().bootstrapServers(),
                "--spring.data.redis.url=" + stack.redis().uri(), "--spring.jmx.enabled=false"));
        all.addAll(arguments);
        context = new SpringApplicationBuilder(CommandProcessorApplication.class)
                .sources(more.toArray(Class<?>[]::new)).registerShutdownHook(false)
                .run(all.toArray(String[]::new));
    }

    static Processor start(LocalStack stack, String... arguments) {
        return startWith(List.of(), stack, arguments);
    }

    /** With configuration classes of the test beside its own. */
    static Processor startWith(List<Class<?>> more, LocalStack stack, String... arguments) {
        return ready(new Processor(stack, more, -1, List.of(arguments)));
    }

    /** With a port of its own for management. */
    static Processor startWithManagement(LocalStack stack, int management, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--management.server.port=" + management);
        return ready(new Processor(stack, List.of(), management, all));
    }

    private static Processor ready(Processor processor) {
        processor.awaitReady();
        return processor;
    }

    void awaitReady() {
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(50))
                .until(() -> send(URI.create("http://127.0.0.1:" + management + "/actuator/health/readiness"))
                        .statusCode() == 200);
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(uri(path));
    }

    private HttpResponse<String> send(URI uri) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** POSTs JSON; headers are name, value, name, value. */
    HttpResponse<String> post(String path, String json, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() {
        context.close();
        http.close();
    }
}
