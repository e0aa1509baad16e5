package dev.hivestream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final int http = Ports.free();
    private final int sagas = Ports.free();
    private final int kafka = Ports.free();
    private final int redis = Ports.free();

    @TempDir
    Path home;

    @BeforeEach
    void build() throws IOException {
        FakeApp.jar(home.resolve("command-processor/target/command-processor-boot.jar"));
        FakeApp.jar(home.resolve("saga-manager/target/saga-manager-boot.jar"));
        FakeApp.jar(home.resolve("shared-domain/samples/target/hive-samples-0.1.0-SNAPSHOT.jar"));
    }

    @Test
    void starts_everything_invites_and_ends_it_in_order_when_told_to() {
        Child quickstart = quickstart();
        await().atMost(PATIENCE).until(() -> quickstart.log().contains("Ctrl-C stops everything."));
        assertThat(quickstart.log()).contains("Redis              redis://127.0.0.1:" + redis,
                "Kafka              127.0.0.1:" + kafka, "command-processor  http://127.0.0.1:" + http,
                "saga-manager       http://127.0.0.1:" + sagas,
                "curl -i -X POST http://127.0.0.1:" + http + "/v1/content/hello/create");

        assertThat(quickstart.terminate(PATIENCE)).isEqualTo(143);
        assertThat(quickstart.log().lines().filter(line -> line.startsWith("Stopping"))).containsExactly(
                "Stopping saga-manager", "Stopping command-processor", "Stopping Redis", "Stopping Kafka");
        assertThat(List.of(http, kafka, redis)).allMatch(Ports::isFree);
    }

    @Test
    void ends_everything_and_says_why_when_a_part_of_it_ends() {
        Child quickstart = quickstart();
        await().atMost(PATIENCE).until(() -> quickstart.log().contains("Ctrl-C stops everything."));
        try (var connection = new RedisConnection(redis)) {
            connection.call("SHUTDOWN");
        } catch (Exception e) {
            assertThat(e).hasMessageContaining("closed the connection");
        }
        await().atMost(PATIENCE).until(() -> !quickstart.isAlive());
        assertThat(quickstart.exitCode()).hasValue(1);
        assertThat(quickstart.log()).contains("quickstart: Redis ended with exit code 0");
        assertThat(List.of(http, kafka, redis)).allMatch(Ports::isFree);
    }

    @Test
    void says_in_one_line_that_a_port_is_in_use_and_starts_nothing() throws IOException {
        try (var _ = new ServerSocket(kafka, 1, InetAddress.getLoopbackAddress())) {
            Child quickstart = quickstart();
            await().atMost(PATIENCE).until(() -> !quickstart.isAlive());
            assertThat(quickstart.exitCode()).hasValue(1);
            assertThat(quickstart.log()).isEqualTo("quickstart: Port " + kafka
                    + " for Kafka is in use: stop what listens there, or choose another with --kafka-port.\n");
            assertThat(home.resolve("target/quickstart/kafka")).doesNotExist();
        }
    }

    @Test
    void does_not_share_its_data_with_another() {
        Child first = quickstart();
        await().atMost(PATIENCE).until(() -> first.log().contains("Redis  "));
        Child second = Child.start("second", command(Ports.free(), Ports.free(), Ports.free(), Ports.free()), Map.of(),
                home,
                home.resolve("second.log"));
        await().atMost(PATIENCE).until(() -> !second.isAlive());
        assertThat(second.exitCode()).hasValue(1);
        assertThat(second.log()).isEqualTo("quickstart: Another quick start uses " + home.resolve("target/quickstart")
                + ": stop it, or choose another folder with --data.\n");
        first.kill();
    }

    @Test
    void leaves_the_folders_of_others_alone_when_it_begins_afresh() throws IOException {
        var data = home.resolve("data");
        Files.createDirectories(data.resolve("kafka/data"));
        Files.writeString(data.resolve("kafka/data/old"), "");
        Files.writeString(data.resolve("thesis.txt"), "");
        Child quickstart = quickstart("--fresh", "--data", data.toString());
        await().atMost(PATIENCE).until(() -> quickstart.log().contains("Ctrl-C stops everything."));
        quickstart.kill();
        assertThat(data.resolve("kafka/data/old")).doesNotExist();
        assertThat(data.resolve("thesis.txt")).exists();
        await().atMost(PATIENCE).until(() -> List.of(http, kafka, redis).stream().allMatch(Ports::isFree));
    }

    private Child quickstart(String... options) {
        return Child.start("quickstart", command(http, sagas, kafka, redis, options), Map.of(), home,
                home.resolve("quickstart.log"));
    }

    private List<String> command(int http, int saga, int kafka, int redis, String... options) {
        var command = Child.jvm("-Xmx128m", "-Dhive.home=" + home,
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", System.getProperty("java.class.path"),
                Quickstart.class.getName(), "--http-port", "" + http, "--saga-port", "" + saga,
                "--kafka-port", "" + kafka, "--redis-port", "" + redis);
        command.addAll(List.of(options));
        return command;
    }
}
