package dev.hivestream.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

/**
 * A Kafka broker of its own, in its own JVM: broker and controller in one node, on the loopback interface. What it has
 * acknowledged is still there after {@link #kill()} and {@link #start()}.
 */
public final class KafkaBroker implements AutoCloseable {

    // without the optimizing compiler it is up in two thirds of the time
    static final List<String> QUICK_START = List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Path directory;
    private final int port;
    private final Map<String, String> overrides;
    private final List<String> jvmOptions;
    private Child child;

    private KafkaBroker(Path directory, int port, Map<String, String> overrides, List<String> jvmOptions) {
        this.directory = directory.toAbsolutePath();
        this.port = port;
        this.overrides = Map.copyOf(overrides);
        this.jvmOptions = List.copyOf(jvmOptions);
        this.child = launch();
    }

    /** Starts a broker on the data in a directory; an empty or missing one becomes a new cluster. */
    public static KafkaBroker start(Path directory, int port) {
        return start(directory, port, Map.of());
    }

    /** Like {@link #start(Path, int)}, with broker properties that replace or complete the default ones. */
    public static KafkaBroker start(Path directory, int port, Map<String, String> overrides) {
        return start(directory, port, overrides, QUICK_START);
    }

    /**
     * Like {@link #start(Path, int, Map)}, with options of its JVM in place of the default ones: those give it 512 MB and
     * prefer an early start to the last bit of speed.
     */
    public static KafkaBroker start(Path directory, int port, Map<String, String> overrides, List<String> jvmOptions) {
        return new KafkaBroker(directory, port, overrides, jvmOptions);
    }

    /** Where clients find it. */
    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    /** The port that clients use. */
    public int port() {
        return port;
    }

    /** Starts it again after {@link #stop()} or {@link #kill()}, on the same data and port. */
    public void start() {
        if (child.isAlive()) {
            throw new IllegalStateException("The broker runs already");
        }
        child = launch();
    }

    /** Ends it in good order. */
    public void stop() {
        child.terminate(Duration.ofSeconds(30));
    }

    /** Ends it as a crash would. */
    public void kill() {
        child.kill();
    }

    /** Where its data are. While it is stopped, they may be replaced by a copy that was taken while it was stopped. */
    public Path data() {
        return directory.resolve("data");
    }

    /** Its process, for pauses and its log. */
    public Child process() {
        return child;
    }

    @Override
    public void close() {
        stop();
    }

    private Child launch() {
        var data = data();
        var configuration = directory.resolve("broker.properties");
        try {
            Files.createDirectories(directory);
            Files.writeString(configuration, properties(data).entrySet().stream()
                    .map(property -> property.getKey() + "=" + property.getValue() + "\n")
                    .collect(Collectors.joining()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var command = Child.jvm();
        command.addAll(jvmOptions);
        command.addAll(List.of("--sun-misc-unsafe-memory-access=allow", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS", "-cp", BrokerJars.classPath(),
                KafkaProcess.class.getName(), configuration.toString(), data.toString()));
        var started = Child.start("Kafka", command, Map.of(), directory, directory.resolve("broker.log"));
        started.awaitStart(PATIENCE, () -> Ports.accepts(port));
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
            started.awaitStart(PATIENCE, () -> answers(admin));
        }
        return started;
    }

    private static boolean answers(Admin admin) {
        try {
            return !admin.describeCluster().nodes().get(10, TimeUnit.SECONDS).isEmpty();
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    private Map<String, String> properties(Path data) {
        int controllerPort = Ports.free();
        var properties = new LinkedHashMap<String, String>();
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", "1");
        properties.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        properties.put("controller.listener.names", "CONTROLLER");
        properties.put("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        properties.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
        properties.put("log.dirs", data.toString());
        properties.put("auto.create.topics.enable", "false");
        properties.put("default.replication.factor", "1");
        properties.put("min.insync.replicas", "1");
        properties.put("offsets.topic.replication.factor", "1");
        properties.put("offsets.topic.num.partitions", "8");
        properties.put("transaction.state.log.replication.factor", "1");
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("transaction.state.log.num.partitions", "8");
        properties.put("share.coordinator.state.topic.replication.factor", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        properties.put("group.initial.rebalance.delay.ms", "0");
        // how late a transaction of somebody who was killed may be ended after its time-out; 10 s by default
        properties.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
        // how long a broker that was killed keeps its successor out; 9 s by default
        properties.put("broker.session.timeout.ms", "3000");
        properties.put("broker.heartbeat.interval.ms", "500");
        properties.put("log.cleaner.dedupe.buffer.size", "16777216");
        properties.putAll(overrides);
        return properties;
    }
}
