package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.hivestream.local.Child;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Where the invariants would not hold, nothing starts, and one line says what to change. */
class StartRefusedTest {

    private static final Map<String, String> KEPT = Map.of("cleanup.policy", "delete", "retention.ms", "-1",
            "retention.bytes", "-1");

    static Stream<Arguments> topics() {
        return Stream.of(
                arguments("few-commands", new NewTopic("few-commands.commands", Optional.of(3), Optional.empty()),
                        "'few-commands.commands' has 3 partitions and hive.partitions is 8"),
                arguments("few-events",
                        new NewTopic("few-events.events", Optional.of(7), Optional.empty()).configs(KEPT),
                        "'few-events.events' has 7 partitions and hive.partitions is 8"),
                arguments("many-results", new NewTopic("many-results.results", Optional.of(9), Optional.empty()),
                        "'many-results.results' has 9 partitions and hive.partitions is 8"),
                arguments("compacted",
                        new NewTopic("compacted.events", Optional.of(8), Optional.empty())
                                .configs(Map.of("cleanup.policy", "compact")),
                        "'compacted.events' is compacted"),
                arguments("aging",
                        new NewTopic("aging.events", Optional.of(8), Optional.empty())
                                .configs(Map.of("retention.ms", "604800000")),
                        "Set its retention.ms to -1"),
                arguments("bounded",
                        new NewTopic("bounded.events", Optional.of(8), Optional.empty()).configs(
                                Map.of("retention.ms", "-1", "retention.bytes", "1000000")),
                        "Set its retention.bytes to -1"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("topics")
    void a_topic_that_is_not_as_it_must_be_is_refused(String aggregate, NewTopic topic, String line) throws Exception {
        try (Admin admin = Admin
                .create(Map.of("bootstrap.servers", LocalStack.shared().broker().bootstrapServers()))) {
            admin.createTopics(List.of(topic)).all().get();
        }
        assertThat(refusal(() -> DomainFolder.with("misfit",
                () -> Processor.start(LocalStack.shared(), "--hive.aggregates=" + aggregate)))).contains(line);
    }

    @Test
    void topics_that_are_missing_and_may_not_be_created_are_refused() throws Exception {
        assertThat(refusal(() -> DomainFolder.with("misfit", () -> Processor.start(LocalStack.shared(),
                "--hive.aggregates=sound", "--hive.topics.create=false")))).contains("sound.commands")
                .contains("Create them, with 8 partitions");
    }

    @Test
    void a_class_path_without_a_domain_is_refused() throws Exception {
        assertThat(refusal(() -> DomainFolder.without(() -> Processor.start(LocalStack.shared()))))
                .contains("No domain found").contains("loader.path");
    }

    @Test
    void an_aggregate_that_nobody_knows_is_refused() throws Exception {
        assertThat(refusal(() -> Processor.start(LocalStack.shared(), "--hive.aggregates=content,unicorn")))
                .contains("Unknown aggregate 'unicorn'").contains("account, content, review, transfer");
    }

    static Stream<Arguments> settings() {
        return Stream.of(arguments("hive.partitions=0", "hive.partitions is 0; set it to"),
                arguments("hive.lock.ttl=5ms", "hive.lock.ttl is"),
                arguments("spring.kafka.ssl.bundle=own", "spring.kafka.ssl.bundle is set"),
                arguments("hive.security.aggregates.unicorn.reads=some", "Unknown aggregate 'unicorn'"),
                arguments("hive.decide.attempts=0", "hive.decide.attempts is 0; set it to"),
                arguments("hive.decide.timeout=8s", "set hive.decide.timeout below hive.lock.ttl"),
                arguments("hive.decide.timeout=1ms", "hive.decide.timeout is PT0.001S; set it to"),
                arguments("hive.decide.max-events=0", "hive.decide.max-events is 0; set it to"),
                arguments("hive.decide.max-bytes=1KB", "hive.decide.max-bytes is 1024B and hive.max-message is"),
                arguments("hive.max-message=5MB", "max.request.size of the producer is 4194304"),
                arguments("spring.cloud.stream.kafka.binder.transaction.producer.configuration.max.request.size=500000",
                        "max.request.size of the producer is 500000"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("settings")
    void a_setting_out_of_its_bounds_is_refused(String setting, String line) throws Exception {
        assertThat(refusal(() -> Processor.start(LocalStack.shared(), "--" + setting))).contains(line);
    }

    @Test
    void a_Redis_that_may_evict_is_refused_and_the_process_ends(@TempDir Path folder) throws Exception {
        try (RedisServer redis = RedisServer.start(folder.resolve("redis"), Ports.free(), "--save", "")) {
            redis.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
            Path errors = folder.resolve("stderr");
            Child child = Child.start("command-processor",
                    List.of("/bin/sh", "-c", "exec \"$@\" 2>'" + errors + "'", "app", Child.java(), "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            "-XX:TieredStopAtLevel=1", CommandProcessorApplication.class.getName(),
                            "--server.port=" + Ports.free(), "--spring.data.redis.url=" + redis.uri(),
                            "--spring.kafka.bootstrap-servers=" + LocalStack.shared().broker().bootstrapServers()),
                    Map.of(), folder, folder.resolve("stdout"));
            await().atMost(Duration.ofSeconds(90)).until(() -> !child.isAlive());
            assertThat(child.exitCode()).hasValue(1);
            assertThat(Files.readString(errors).lines()).singleElement().asString()
                    .startsWith("Start refused: Redis may evict snapshots: its maxmemory-policy is 'allkeys-lru'.")
                    .contains("Set maxmemory-policy to noeviction");
            assertThat(child.log()).doesNotContain("\tat ");
        }
    }

    private interface Start {
        Processor start() throws Exception;
    }

    /** The one line that a refused start writes to stderr. */
    private static String refusal(Start start) {
        PrintStream before = System.err;
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        try {
            assertThatThrownBy(() -> start.start().close());
        } finally {
            System.setErr(before);
        }
        List<String> refused = errors.toString(StandardCharsets.UTF_8).lines()
                .filter(line -> line.startsWith("Start refused: ")).toList();
        assertThat(refused).as(errors.toString(StandardCharsets.UTF_8)).hasSize(1);
        assertThat(errors.toString(StandardCharsets.UTF_8)).doesNotContain("\tat ");
        return refused.getFirst();
    }
}
