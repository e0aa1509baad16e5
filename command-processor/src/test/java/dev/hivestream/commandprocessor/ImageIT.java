package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.Await;
import dev.hivestream.local.Child;
import dev.hivestream.local.Job;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.check.Fleet;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the Dockerfile does and what its image starts with, without an engine: by the same script. */
@Tag("faults")
class ImageIT {

    private static final String SCRIPT = Path.of("../bin/image").toAbsolutePath().normalize().toString();
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @TempDir
    Path folder;

    @Test
    void it_runs_from_its_layers_with_the_cache_of_its_training_and_the_variables_of_the_hive_stack() throws Exception {
        Path jar = Path.of("target/command-processor-boot.jar").toAbsolutePath();
        Path home = folder.resolve("layers/application");
        image(Map.of(), "layers", "command-processor", jar.toString(), folder.resolve("layers").toString());
        // as COPY does
        Job copied = Job.run("copy", List.of("cp", "-a", folder.resolve("layers/dependencies/.").toString(),
                home.toString()), folder, PATIENCE);
        assertThat(copied.code()).isZero();
        image(Map.of("HIVE_HOME", home.toString()), "train", "command-processor", Fleet.samples().toString());

        int port = Ports.free();
        Map<String, String> environment = new HashMap<>(Map.of("HIVE_HOME", home.toString(), "PORT", "" + port,
                "EVENT_STORE_URL", LocalStack.shared().broker().bootstrapServers(), "CACHE_URL",
                LocalStack.shared().redis().uri(), "AGGREGATE", "content", "AGGREGATE_LIB",
                Fleet.samples().toString(), "EVENT_STORE_ID", "image-1", "EVENT_STORE_BUFFER", "100"));
        // ends if the cache cannot be used
        environment.put("JAVA_TOOL_OPTIONS", "-XX:AOTMode=on");
        environment.put("PATH", path());
        Child app = Child.start("image", List.of(SCRIPT, "run", "--hive.topics.create=true"), environment, folder,
                folder.resolve("image.log"));
        try {
            app.awaitStart(PATIENCE, () -> job(Map.of("PORT", "" + port), "ready").code() == 0);
            String url = "http://127.0.0.1:" + port + "/v1/";
            try (HttpClient http = HttpClient.newHttpClient()) {
                var created = http.send(HttpRequest.newBuilder(URI.create(url + "content/image/create"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"text\":\"Hello\"}")).build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
                var other = http.send(HttpRequest.newBuilder(URI.create(url + "account/ada")).build(),
                        HttpResponse.BodyHandlers.ofString());
                Answers.problem(other, 404, "unknown-aggregate");
            }
        } finally {
            assertThat(app.terminate(Duration.ofSeconds(30))).isIn(0, 143);
        }
        assertThat(job(Map.of("PORT", "" + port), "ready").code()).isNotZero();

        assertThat(refusal(home, "PROCESSOR_TYPE", "consumer")).contains("built without the cache-rebuilder");
        assertThat(refusal(home, "PROCESSOR_TYPE", "reader")).contains("one of producer, consumer, stream_processor");
        assertThat(refusal(home, "EVENT_STORE_TYPE", "2")).containsPattern("Start refused: .*EVENT_STORE_TYPE is '2'");
    }

    private String refusal(Path home, String variable, String value) throws Exception {
        Path log = folder.resolve("refused-" + variable + "-" + value + ".log");
        Child app = Child.start("refused", List.of(SCRIPT, "run"), Map.of("HIVE_HOME", home.toString(), variable, value,
                "AGGREGATE_LIB", Fleet.samples().toString(), "PATH", path()), folder, log);
        assertThat(Await.until(PATIENCE, () -> !app.isAlive())).isTrue();
        assertThat(app.exitCode().orElseThrow()).isNotZero();
        return app.log();
    }

    private void image(Map<String, String> environment, String... arguments) {
        Job job = job(environment, arguments);
        assertThat(job.code()).as(() -> job.out()).isZero();
    }

    private Job job(Map<String, String> environment, String... arguments) {
        Map<String, String> variables = new HashMap<>(environment);
        variables.put("PATH", path());
        List<String> program = new ArrayList<>(List.of(SCRIPT));
        program.addAll(List.of(arguments));
        return Job.run(arguments[0], program, variables, folder, PATIENCE);
    }

    /** With this test's Java, as the image has one. */
    private static String path() {
        return Path.of(Child.java()).getParent() + ":" + System.getenv("PATH");
    }
}
