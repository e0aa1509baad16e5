package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.check.CacheDump;
import dev.hivestream.local.check.Checker;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.History;
import dev.hivestream.local.check.Load;
import dev.hivestream.local.check.Violation;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;

/**
 * A broker and a Redis of a test's own, command-processors as processes of their own, and what clients were told: for being
 * hurt, and checked afterwards. The logs stay in {@code target/faults} until the next run.
 */
final class Fleet implements AutoCloseable {

    static final int PARTITIONS = 4;
    static final Duration PATIENCE = Duration.ofSeconds(120);
    /** Short time-outs: what a killed or paused owner holds is free soon. */
    static final Map<String, String> SETTINGS = Map.of(
            "hive.partitions", "" + PARTITIONS,
            "hive.lock.ttl", "3s",
            "hive.http.patience", "4s",
            "spring.cloud.stream.kafka.bindings.input.consumer.configuration.session.timeout.ms", "6000",
            "spring.cloud.stream.kafka.bindings.input.consumer.configuration.heartbeat.interval.ms", "1000",
            "spring.cloud.stream.kafka.binder.transaction.producer.configuration.transaction.timeout.ms", "4000");

    private static final Path BOOT_JAR = Path.of("target", "command-processor-boot.jar");

    final LocalStack stack;
    final History history = new History();
    final Path directory;
    private final List<BootApp> apps = new ArrayList<>();

    Fleet(String name) {
        directory = Path.of("target", "faults", name).toAbsolutePath();
        delete(directory);
        stack = LocalStack.start(directory, Ports.free(), Ports.free());
    }

    /** The samples' jar. */
    static Path samples() {
        try (var files = Files.list(Path.of("..", "shared-domain", "samples", "target"))) {
            return files
                    .filter(file -> file.getFileName().toString().matches("hive-samples-.*(?<!sources|javadoc)\\.jar"))
                    .findFirst().orElseThrow().toAbsolutePath().normalize();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A command-processor that does not run yet, with the samples unless {@code domains} names other jars. */
    BootApp app(String name, Path... domains) {
        String loaderPath = String.join(",",
                domains.length == 0
                        ? List.of(samples().toString())
                        : List.of(domains).stream().map(Path::toString).toList());
        BootApp app = new BootApp(name, BOOT_JAR, Ports.free(), directory).on(stack).property("hive.instance", name)
                .property("loader.path", loaderPath)
                .jvmOptions("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto");
        SETTINGS.forEach(app::property);
        apps.add(app);
        return app;
    }

    List<String> urls() {
        return apps.stream().map(BootApp::url).toList();
    }

    Load load(int clients, Deposits deposits) {
        return new Load(history, urls(), clients, deposits);
    }

    /** Waits until there is nothing left to decide: the group has committed the ends of the commands topics. */
    void awaitQuiet(String... aggregates) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.broker().bootstrapServers()))) {
            Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).ignoreExceptions()
                    .until(() -> decided(admin, aggregates));
        }
    }

    private static boolean decided(Admin admin, String... aggregates) throws ExecutionException, InterruptedException {
        var asked = new HashMap<TopicPartition, OffsetSpec>();
        for (String aggregate : aggregates) {
            for (int i = 0; i < PARTITIONS; i++) {
                asked.put(new TopicPartition(aggregate + ".commands", i), OffsetSpec.latest());
            }
        }
        var committed = admin.listConsumerGroupOffsets("command-processor").partitionsToOffsetAndMetadata().get();
        return admin.listOffsets(asked).all().get().entrySet().stream().allMatch(end -> {
            var offset = committed.get(end.getKey());
            return end.getValue().offset() == (offset == null ? 0 : offset.offset());
        });
    }

    /** How many records a topic has. */
    long records(String topic) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.broker().bootstrapServers()))) {
            var asked = new HashMap<TopicPartition, OffsetSpec>();
            admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions()
                    .forEach(info -> asked.put(new TopicPartition(topic, info.partition()), OffsetSpec.latest()));
            return admin.listOffsets(asked).all().get().values().stream().mapToLong(end -> end.offset()).sum();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    EventLog log(String... aggregates) {
        return EventLog.read(stack.broker().bootstrapServers(), List.of(aggregates));
    }

    /** The settings of {@link #app}, for a {@link Processor}. */
    static String[] arguments() {
        return SETTINGS.entrySet().stream().map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                .toArray(String[]::new);
    }

    /** How long it takes until clients are served again: until they have so many more answers. */
    static Duration awaitAnswers(Load load, long more) {
        long before = load.answered();
        long since = System.nanoTime();
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20))
                .until(() -> load.answered() >= before + more);
        return Duration.ofNanos(System.nanoTime() - since);
    }

    /** When all is quiet: no invariant is broken. */
    EventLog requireClean(String... aggregates) {
        awaitQuiet(aggregates);
        EventLog log = log(aggregates);
        List<Violation> violations = Checker.check(log, CacheDump.read(stack.redis().port()), history,
                Checker.sampleFolds());
        assertThat(violations).isEmpty();
        System.out.printf("  checked %d events, %d commands, %d answers%n", log.events().size(), history.sent().size(),
                history.answers().size());
        return log;
    }

    @Override
    public void close() {
        apps.forEach(BootApp::close);
        stack.close();
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
