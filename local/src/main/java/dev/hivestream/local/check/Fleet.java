package dev.hivestream.local.check;

import dev.hivestream.local.Await;
import dev.hivestream.local.BootApp;
import dev.hivestream.local.Child;
import dev.hivestream.local.Job;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
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
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A broker and a Redis of a test's own, apps as processes of their own, and what clients were told: for being hurt, and
 * checked afterwards. The logs stay in {@code target/faults} of the module that is tested until the next run. Not
 * thread-safe.
 */
public final class Fleet implements AutoCloseable {

    public static final int PARTITIONS = 4;
    public static final Duration PATIENCE = Duration.ofSeconds(120);
    /** Short time-outs: what a killed or paused owner holds is free soon. */
    public static final Map<String, String> SETTINGS = Map.of(
            "hive.partitions", "" + PARTITIONS,
            "hive.lock.ttl", "3s",
            "hive.http.patience", "4s",
            "spring.cloud.stream.kafka.bindings.input.consumer.configuration.session.timeout.ms", "6000",
            "spring.cloud.stream.kafka.bindings.input.consumer.configuration.heartbeat.interval.ms", "1000",
            "spring.cloud.stream.kafka.binder.transaction.producer.configuration.transaction.timeout.ms", "4000");

    /** Tests run in the folder of their module, scripts name the project's. */
    private static final Path HOME = Path.of(System.getProperty("hive.home", "..")).toAbsolutePath().normalize();

    private final LocalStack stack;
    private final History history = new History();
    private final Path directory;
    private final List<BootApp> apps = new ArrayList<>();

    /** @param name of its folder */
    public Fleet(String name) {
        this(Path.of("target", "faults", name).toAbsolutePath(),
                directory -> LocalStack.start(directory, Ports.free(), Ports.free()));
    }

    /**
     * A fleet on a stack of another make.
     *
     * @param directory for data and logs; what is in it is deleted
     */
    public Fleet(Path directory, Function<Path, LocalStack> stack) {
        this.directory = directory;
        delete(directory);
        this.stack = stack.apply(directory);
    }

    public LocalStack stack() {
        return stack;
    }

    /** What clients were told. */
    public History history() {
        return history;
    }

    /** Where the logs are. */
    public Path directory() {
        return directory;
    }

    /** The samples' jar. */
    public static Path samples() {
        try (var files = Files.list(HOME.resolve("shared-domain/samples/target"))) {
            return files
                    .filter(file -> file.getFileName().toString().matches("hive-samples-.*(?<!sources|javadoc)\\.jar"))
                    .findFirst().orElseThrow().toAbsolutePath().normalize();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A command-processor that does not run yet, with the samples unless {@code domains} names other jars. */
    public BootApp app(String name, Path... domains) {
        BootApp app = app("command-processor", name, domains);
        SETTINGS.forEach(app::property);
        return domains.length > 0 ? app : app.property("hive.aggregates", "account,content");
    }

    /** A saga-manager that does not run yet, with the samples unless {@code domains} names other jars. */
    public BootApp sagaManager(String name, Path... domains) {
        BootApp app = app("saga-manager", name, domains);
        SETTINGS.forEach((key, value) -> {
            if (key.contains(".input.")) {
                app.property(key.replace(".input.", ".inbox."), value);
                app.property(key.replace(".input.", ".router."), value);
            } else {
                app.property(key, value);
            }
        });
        return app;
    }

    /** An app of the project that does not run yet and has no settings. */
    public BootApp app(String kind, String name, Path... domains) {
        BootApp app = new BootApp(name, HOME.resolve(kind + "/target/" + kind + "-boot.jar"), Ports.free(), directory)
                .on(stack).property("hive.instance", name)
                .domains(domains.length == 0 ? new Path[]{samples()} : domains).unpacked()
                .jvmOptions("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
        apps.add(app);
        return app;
    }

    /** Runs an app that is a job to its end, with the samples. */
    public Job job(String kind, String... arguments) {
        List<String> onStack = new ArrayList<>(List.of(arguments));
        onStack.addAll(List.of("--brokers", stack.broker().bootstrapServers(), "--redis", stack.redis().uri()));
        return jobOn(kind, Map.of(), onStack);
    }

    /**
     * Like {@link #job}, on the broker and the Redis that its arguments name, with system properties. The domain is that of the
     * samples unless {@code loader.path} is among them.
     */
    public Job jobOn(String kind, Map<String, String> properties, List<String> arguments) {
        List<String> program = Child.jvm("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
        Map<String, String> all = new HashMap<>(properties);
        all.putIfAbsent("loader.path", samples().toString());
        all.forEach((key, value) -> program.add("-D" + key + "=" + value));
        program.addAll(List.of("-jar", HOME.resolve(kind + "/target/" + kind + "-boot.jar").toString()));
        program.addAll(arguments);
        program.addAll(List.of("--partitions", "" + PARTITIONS));
        return Job.run(kind, program, directory, PATIENCE);
    }

    /** Where its apps take commands. */
    public List<String> urls() {
        return apps.stream().map(BootApp::url).toList();
    }

    /** Clients that send to all apps. */
    public Load load(int clients, Deposits deposits) {
        return new Load(history, urls(), clients, deposits);
    }

    /** Waits until there is nothing left to decide: the group has committed the ends of the commands topics. */
    public void awaitQuiet(String... aggregates) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.broker().bootstrapServers()))) {
            if (!Await.until(PATIENCE, () -> decided(admin, aggregates))) {
                throw new AssertionError("There are commands left after " + PATIENCE);
            }
        }
    }

    private boolean decided(Admin admin, String... aggregates) {
        try {
            return areDecided(admin, aggregates);
        } catch (ExecutionException e) {
            // a topic that is not there yet, a broker that is not
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private boolean areDecided(Admin admin, String... aggregates)
            throws ExecutionException, InterruptedException {
        var asked = new HashMap<TopicPartition, OffsetSpec>();
        for (String aggregate : aggregates) {
            for (int i = 0; i < PARTITIONS; i++) {
                asked.put(new TopicPartition(aggregate + ".commands", i), OffsetSpec.latest());
            }
        }
        var committed = admin.listConsumerGroupOffsets("command-processor").partitionsToOffsetAndMetadata().get();
        var behind = new HashMap<TopicPartition, Long>();
        var ends = new HashMap<TopicPartition, Long>();
        admin.listOffsets(asked).all().get().forEach((partition, end) -> {
            var offset = committed.get(partition);
            long position = offset == null ? 0 : offset.offset();
            if (position < end.offset()) {
                behind.put(partition, position);
                ends.put(partition, end.offset());
            }
        });
        return behind.isEmpty() || areMarkersOnly(behind, ends);
    }

    /** Behind the last command of a saga is the marker of its transaction, which nobody commits. */
    private boolean areMarkersOnly(Map<TopicPartition, Long> from, Map<TopicPartition, Long> ends) {
        try (var consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", stack.broker().bootstrapServers(), "isolation.level", "read_committed",
                        "fetch.max.wait.ms", 50),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(from.keySet());
            from.forEach(consumer::seek);
            boolean none = true;
            long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
            while (none
                    && ends.entrySet().stream().anyMatch(each -> consumer.position(each.getKey()) < each.getValue())) {
                none = consumer.poll(Duration.ofMillis(100)).isEmpty() && System.nanoTime() - end < 0;
            }
            return none;
        }
    }

    /** How many records a topic has. */
    public long records(String topic) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.broker().bootstrapServers()))) {
            var asked = new HashMap<TopicPartition, OffsetSpec>();
            Objects.requireNonNull(admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic)).partitions()
                    .forEach(info -> asked.put(new TopicPartition(topic, info.partition()), OffsetSpec.latest()));
            return admin.listOffsets(asked).all().get().values().stream().mapToLong(end -> end.offset()).sum();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The events topics, read whole. */
    public EventLog log(String... aggregates) {
        return EventLog.read(stack.broker().bootstrapServers(), List.of(aggregates));
    }

    /** The settings of {@link #app}, for a {@link Processor}. */
    public static String[] arguments() {
        return SETTINGS.entrySet().stream().map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                .toArray(String[]::new);
    }

    /** How long it takes until clients are served again: until they have so many more answers. */
    public static Duration awaitAnswers(Load load, long more) {
        long before = load.answered();
        long since = System.nanoTime();
        if (!Await.until(PATIENCE, () -> load.answered() >= before + more)) {
            throw new AssertionError("No " + more + " answers within " + PATIENCE + ": " + load);
        }
        return Duration.ofNanos(System.nanoTime() - since);
    }

    /** When all is quiet: no invariant is broken. */
    public EventLog requireClean(String... aggregates) {
        awaitQuiet(aggregates);
        EventLog log = log(aggregates);
        List<Violation> violations = Checker.check(log, CacheDump.read(stack.redis().port()), history,
                Checker.sampleFolds());
        if (!violations.isEmpty()) {
            throw new AssertionError(violations.size() + " violations, the first: "
                    + violations.subList(0, Math.min(10, violations.size())));
        }
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
