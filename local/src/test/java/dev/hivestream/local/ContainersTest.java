package dev.hivestream.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** What can be said of Dockerfile and compose.yaml without an engine. */
@NullUnmarked
class ContainersTest {

    private static final Path HOME = Path.of("..");
    private static final Map<String, String> TYPES = Map.of("command-processor", "producer", "saga-manager",
            "stream_processor", "cache-rebuilder", "consumer");

    private static Map<String, Object> services;

    @BeforeAll
    static void read() throws IOException {
        Map<String, Object> compose = new Yaml().load(Files.readString(HOME.resolve("compose.yaml")));
        services = map(compose.get("services"));
    }

    @Test
    void there_are_a_broker_a_redis_and_the_three_apps_each_with_a_pinned_image_and_a_health_check() {
        assertThat(services).containsOnlyKeys("kafka", "redis", "command-processor", "saga-manager", "cache-rebuilder");
        services.forEach((name, service) -> {
            // exactly one version; a digest takes its place
            assertThat(map(service).get("image").toString()).as(name)
                    .matches("\\$\\{HIVE_IMAGE:-hive}|\\$\\{[A-Z]+_IMAGE:-[a-z/]+:\\d+\\.\\d+\\.\\d+[\\w.-]*}");
            if (!name.equals("cache-rebuilder")) {
                assertThat(map(map(service).get("healthcheck"))).as(name).containsKeys("test", "interval", "timeout",
                        "retries");
            }
        });
        assertThat(map(services.get("redis")).get("command").toString()).contains("--maxmemory-policy, noeviction");
    }

    @Test
    void each_app_waits_for_broker_and_redis_writes_nothing_and_has_the_domain_mounted() {
        TYPES.keySet().forEach(name -> {
            Map<String, Object> app = map(services.get(name));
            assertThat(map(app.get("depends_on"))).as(name).containsOnlyKeys("kafka", "redis");
            map(app.get("depends_on")).values()
                    .forEach(condition -> assertThat(map(condition)).containsEntry("condition", "service_healthy"));
            assertThat(app).as(name).containsEntry("read_only", true).containsEntry("tmpfs", "/tmp");
            assertThat(app.get("volumes").toString()).as(name).contains(":/domains/domain.jar:ro");
        });
    }

    @Test
    void the_variables_are_those_of_the_readme_and_point_to_the_services() throws IOException {
        List<String> documented = Pattern.compile("^\\| (`[A-Z_`, ]+`) \\|", Pattern.MULTILINE)
                .matcher(Files.readString(HOME.resolve("README.md"))).results()
                .flatMap(row -> Stream.of(row.group(1).replace("`", "").split(", "))).toList();
        assertThat(documented).contains("PORT", "LOCK_TTL");
        TYPES.forEach((name, type) -> {
            Map<String, Object> variables = map(map(services.get(name)).get("environment"));
            assertThat(new TreeSet<>(documented)).as(name).containsAll(variables.keySet());
            assertThat(variables).as(name).containsEntry("PROCESSOR_TYPE", type)
                    .containsEntry("EVENT_STORE_URL", "kafka:9092").containsEntry("CACHE_URL", "redis://redis:6379")
                    .containsEntry("AGGREGATE_LIB", "/domains/domain.jar");
        });
        assertThat(map(map(services.get("kafka")).get("environment")).get("KAFKA_ADVERTISED_LISTENERS").toString())
                .contains("://kafka:9092");
    }

    @Test
    void services_are_published_to_this_machine_alone_and_no_two_at_one_port() {
        List<String> published = services.values().stream()
                .flatMap(service -> map(service).get("ports") instanceof List<?> ports ? ports.stream() : Stream.of())
                .map(Object::toString).toList();
        assertThat(published).isNotEmpty().allMatch(port -> port.startsWith("127.0.0.1:"))
                .extracting(port -> port.split(":")[1]).doesNotHaveDuplicates();
    }

    @Test
    void the_image_is_built_of_what_is_there_and_runs_as_nobody() throws IOException {
        String dockerfile = Files.readString(HOME.resolve("Dockerfile")).replaceAll("\\\\\n", " ");
        List<String> lines = dockerfile.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
        assertThat(lines).allMatch(
                line -> line.matches("(ARG|FROM|WORKDIR|COPY|RUN|LABEL|ENV|EXPOSE|USER|HEALTHCHECK|ENTRYPOINT) .*"));
        List<String> stages = lines.stream().filter(line -> line.matches("FROM .* AS \\w+")).map(
                line -> line.replaceAll(".* AS ", "")).toList();
        for (String line : lines) {
            if (line.startsWith("COPY --from=")) {
                assertThat(stages).contains(line.replaceAll("COPY --from=(\\w+) .*", "$1"));
            } else if (line.startsWith("COPY ")) {
                assertThat(HOME.resolve(line.split(" ")[1])).exists();
            }
        }
        String last = lines.stream().filter(line -> line.startsWith("FROM")).reduce((_, next) -> next).orElseThrow();
        List<String> image = lines.subList(lines.lastIndexOf(last), lines.size());
        assertThat(image).contains("USER 10001:10001", "ENTRYPOINT [\"/opt/hive/bin/image\", \"run\"]");
        assertThat(last).isEqualTo("FROM ${JRE_IMAGE}");
        // the caches of classes are good for the JVM that made them alone
        assertThat(lines).contains("FROM ${JRE_IMAGE} AS train", "FROM ${JDK_IMAGE} AS build");
        assertThat(lines.stream().filter(line -> line.matches("ARG [A-Z]+_IMAGE=.*"))).hasSize(2)
                .allMatch(line -> line.matches("ARG JDK_IMAGE=eclipse-temurin:25\\.\\d+\\.\\d+_\\d+-jdk-\\w+")
                        || line.matches("ARG JRE_IMAGE=eclipse-temurin:25\\.\\d+\\.\\d+_\\d+-jre-\\w+"));
        assertThat(Files.isExecutable(HOME.resolve("bin/image"))).isTrue();
    }

    @Test
    void an_app_is_started_with_the_options_that_the_image_names_for_it(@TempDir Path folder) throws IOException {
        Path java = Files.writeString(folder.resolve("java"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        for (String app : TYPES.keySet()) {
            Files.createDirectories(folder.resolve(app));
            List<String> options = image(folder, Map.of(), "options", app);
            assertThat(options).as(app).contains("-XX:+UseParallelGC", "-XX:+ExitOnOutOfMemoryError")
                    .allMatch(option -> option.startsWith("-XX:"));
            List<String> told = new ArrayList<>(List.of("-XX:MaxRAMPercentage=75"));
            told.addAll(options);
            told.addAll(List.of("-jar", folder.resolve(app).resolve(app + ".jar").toString(), "an argument"));
            assertThat(image(folder, Map.of("PROCESSOR_TYPE", TYPES.get(app)), "run", "an argument")).isEqualTo(told);
        }
        assertThat(image(folder, Map.of("JAVA_TOOL_OPTIONS", "-XX:+UseZGC"), "options", "cache-rebuilder"))
                .doesNotContain("-XX:+UseParallelGC");
        assertThat(image(folder, Map.of(), "options", "cache-rebuilder")).as("a job")
                .anyMatch(option -> option.startsWith("-XX:Tier4"));
    }

    @Test
    void every_app_that_the_scripts_and_the_documents_start_ends_when_it_runs_out_of_memory() throws IOException {
        List<Path> files = new ArrayList<>(List.of(HOME.resolve("README.md"), HOME.resolve("helm/README.md")));
        for (String folder : List.of("docs", "bin")) {
            try (Stream<Path> found = Files.walk(HOME.resolve(folder))) {
                found.filter(Files::isRegularFile).forEach(files::add);
            }
        }
        List<String> started = new ArrayList<>();
        for (Path file : files) {
            Files.readString(file).replaceAll("\\\\\n", " ").lines().filter(
                    line -> line.matches(".*\\bjava\"? .*(-jar|-cp) .*") || line.contains("local.javaOpts="))
                    .forEach(started::add);
        }
        assertThat(started).hasSizeGreaterThan(6)
                // bin/image, whose options are looked at above
                .allMatch(line -> line.contains("-XX:+ExitOnOutOfMemoryError") || line.contains(" $jvm ")
                        || line.contains("$(options \"$app\")"));
    }

    /** What the script printed, whose Java is in the folder. */
    private static List<String> image(Path folder, Map<String, String> variables, String... arguments) {
        Map<String, String> environment = new HashMap<>(variables);
        environment.putAll(Map.of("HIVE_HOME", folder.toString(), "PATH", folder + ":" + System.getenv("PATH")));
        List<String> program = new ArrayList<>(List.of(HOME.resolve("bin/image").toAbsolutePath().toString()));
        program.addAll(List.of(arguments));
        Job job = Job.run("image", program, environment, folder, Duration.ofSeconds(30));
        assertThat(job.code()).as(job::out).isZero();
        return job.out().lines().toList();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) Objects.requireNonNull(value);
    }
}
