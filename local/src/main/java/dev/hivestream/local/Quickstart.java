package dev.hivestream.local;

import dev.hivestream.local.check.Check;
import dev.hivestream.local.check.CommandsCheck;
import dev.hivestream.local.check.Findings;
import dev.hivestream.local.check.RebuildCheck;
import dev.hivestream.local.check.Running;
import dev.hivestream.local.check.SagaCheck;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs everything on this machine: a broker, a Redis and the apps. What {@code bin/quickstart} starts. */
public final class Quickstart {

    private static final List<Check> CHECKS = List.of(new SagaCheck(), new RebuildCheck());

    private static final Duration APP_START = Duration.ofMinutes(5);
    private static final Duration APP_STOP = Duration.ofSeconds(30);

    private final QuickstartOptions options;
    private final Path home;
    private final PrintStream out;
    // what runs, the last started first: the order in which it is ended
    private final Deque<Part> parts = new ArrayDeque<>();
    private final CompletableFuture<Child> ended = new CompletableFuture<>();
    private volatile boolean stopping;
    private @Nullable Path throwAway;
    // a field: a lock whose channel is collected is no lock any more
    private @Nullable FileLock lock;

    private Quickstart(QuickstartOptions options, Path home, PrintStream out) {
        this.options = options;
        this.home = home;
        this.out = out;
    }

    private record Part(Child process, Runnable end) {}

    /**
     * Takes the options of {@code bin/quickstart}; the system property {@code hive.home} is the project's directory. Ends
     * with 0, with 1 if something failed, with 2 if the options cannot be understood.
     */
    public static void main(String[] arguments) {
        var out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        QuickstartOptions options;
        try {
            options = QuickstartOptions.parse(arguments, System.getenv());
        } catch (StartFailure e) {
            System.err.println("quickstart: " + e.getMessage());
            System.exit(2);
            return;
        }
        var home = Path.of(System.getProperty("hive.home", ".")).toAbsolutePath().normalize();
        var quickstart = new Quickstart(options, home, out);
        Watchdog.beforeKilling(quickstart::stop);
        Watchdog.endWithScript();
        System.exit(quickstart.run());
    }

    private int run() {
        try {
            Ports.requireFree(options.httpPort(), "HTTP", "choose another with --http-port");
            Ports.requireFree(options.sagaPort(), "the saga-manager", "choose another with --saga-port");
            Ports.requireFree(options.kafkaPort(), "Kafka", "choose another with --kafka-port");
            Ports.requireFree(options.redisPort(), "Redis", "choose another with --redis-port");
            return runIn(dataFolder());
        } catch (StartFailure e) {
            if (!stopping) {
                System.err.println("quickstart: " + e.getMessage());
            }
            return 1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int runIn(Path data) throws IOException {
        lock(data);
        if (options.fresh()) {
            Stream.of("kafka", "redis", "apps").forEach(part -> Folders.delete(data.resolve(part)));
        }
        long start = System.nanoTime();
        var broker = KafkaBroker.start(data.resolve("kafka"), options.kafkaPort());
        started(broker.process(), broker::stop, broker.bootstrapServers());
        var redis = RedisServer.start(data.resolve("redis"), options.redisPort());
        started(redis.process(), redis::stop, redis.uri());
        var stack = new LocalStack(broker, redis);
        var commandProcessor = commandProcessor(stack, data.resolve("apps")).start();
        started(commandProcessor.process(), () -> commandProcessor.stop(APP_STOP), commandProcessor.url());
        if (options.check()) {
            // the first check needs no more: the saga-manager starts meanwhile
            commandProcessor.awaitReady(APP_START);
        }
        var sagaManager = sagaManager(stack, data.resolve("apps")).start();
        started(sagaManager.process(), () -> sagaManager.stop(APP_STOP), sagaManager.url());
        if (!options.check()) {
            commandProcessor.awaitReady(APP_START);
            sagaManager.awaitReady(APP_START);
        }
        out.printf("Ready after %.1f s. Data and logs: %s%n%n", (System.nanoTime() - start) / 1e9, shown(data));

        if (options.check()) {
            return check(new Running(stack, commandProcessor.url(), sagaManager.url(), reviewWithin(),
                    cacheRebuilder(stack), data.resolve("apps")), sagaManager);
        }
        invite(commandProcessor.url());
        var process = ended.join();
        if (!stopping) {
            System.err.println("quickstart: " + process.end());
        }
        return 1;
    }

    private BootApp commandProcessor(LocalStack stack, Path apps) throws IOException {
        var jar = home.resolve("command-processor/target/command-processor-boot.jar");
        return new BootApp("command-processor", jar, options.httpPort(), apps.resolve("command-processor")).on(stack)
                .domains(built("shared-domain/samples/target", "hive-samples-"))
                .jvmOptions("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
    }

    private BootApp sagaManager(LocalStack stack, Path apps) throws IOException {
        var jar = home.resolve("saga-manager/target/saga-manager-boot.jar");
        return new BootApp("saga-manager", jar, options.sagaPort(), apps.resolve("saga-manager")).on(stack)
                .domains(built("shared-domain/samples/target", "hive-samples-"))
                .property("samples.review-within", reviewWithin().toString())
                .jvmOptions("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
    }

    /** Who only checks does not wait for two days. */
    private Duration reviewWithin() {
        return options.check() ? Duration.ofSeconds(10) : Duration.ofHours(48);
    }

    private List<String> cacheRebuilder(LocalStack stack) throws IOException {
        return Child.jvm("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dsamples.review-within=" + reviewWithin(),
                "-Dloader.path=" + built("shared-domain/samples/target", "hive-samples-"), "-jar",
                home.resolve("cache-rebuilder/target/cache-rebuilder-boot.jar").toString(), "--brokers",
                stack.broker().bootstrapServers(), "--redis", stack.redis().uri());
    }

    private int check(Running running, BootApp sagaManager) throws IOException {
        long start = System.nanoTime();
        var findings = new Findings(out);
        findings.of(new CommandsCheck(), running);
        sagaManager.awaitReady(APP_START);
        CHECKS.forEach(check -> findings.of(check, running));
        out.printf("%n%d held, %d did not, in %.1f s%n%n", findings.passed(), findings.failed(),
                (System.nanoTime() - start) / 1e9);
        if (findings.failed() > 0) {
            // the logs explain it
            throwAway = null;
            return 1;
        }
        return 0;
    }

    private void invite(String url) {
        String content = url + "/v1/content/" + unusedContent(url);
        String json = " -H 'Content-Type: application/json' -d ";
        out.println("Create content, change it, look at it:");
        out.println();
        out.println("  curl -i -X POST " + content + "/create" + json + "'{\"text\":\"Hello\"}'");
        out.println("  curl -i -X POST " + content + "/edit" + json + "'{\"text\":\"Hello, Hive\"}'");
        out.println("  curl -i " + content);
        out.println();
        out.println("Ctrl-C stops everything.");
    }

    // The data survive a restart: an id of yesterday would be refused.
    private static String unusedContent(String url) {
        for (int i = 1;; i++) {
            String id = i == 1 ? "hello" : "hello-" + i;
            if (!exists(url + "/v1/content/" + id)) {
                return id;
            }
        }
    }

    // 503 while the partition is being caught up
    private static boolean exists(String url) {
        var status = new int[1];
        Await.until(Duration.ofSeconds(30), () -> {
            status[0] = status(url);
            return status[0] != 503;
        });
        return status[0] == 200;
    }

    private static int status(String url) {
        try {
            return ((HttpURLConnection) URI.create(url).toURL().openConnection()).getResponseCode();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void started(Child process, Runnable end, String address) {
        synchronized (parts) {
            if (stopping) {
                process.kill();
                throw new StartFailure("Stopped while " + process.name() + " was starting");
            }
            parts.addFirst(new Part(process, end));
        }
        process.onEnd(() -> ended.complete(process));
        out.printf("%-18s %s%n", process.name(), address);
    }

    private void stop() {
        synchronized (parts) {
            stopping = true;
            for (var part : parts) {
                if (part.process().isAlive()) {
                    out.println("Stopping " + part.process().name());
                    part.end().run();
                }
            }
        }
        if (throwAway != null) {
            Folders.delete(throwAway);
        }
    }

    private Path dataFolder() throws IOException {
        if (options.data() != null) {
            return Files.createDirectories(options.data().toAbsolutePath());
        }
        var target = Files.createDirectories(home.resolve("target"));
        if (options.check()) {
            throwAway = Files.createTempDirectory(target, "quickstart-check-");
            return throwAway;
        }
        return Files.createDirectories(target.resolve("quickstart"));
    }

    // Kafka has a lock of its own, but takes it only after it has written to its metadata.
    private void lock(Path data) throws IOException {
        var file = FileChannel.open(data.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        lock = file.tryLock();
        if (lock == null) {
            throw new StartFailure(
                    "Another quick start uses " + data + ": stop it, or choose another folder with --data.");
        }
    }

    private Path built(String folder, String name) throws IOException {
        try (var files = Files.list(home.resolve(folder))) {
            return files.filter(file -> file.getFileName().toString().matches(name + "\\d[^-]*(-SNAPSHOT)?\\.jar"))
                    .max(Comparator.comparing(file -> file.toFile().lastModified()))
                    .orElseThrow(
                            () -> new StartFailure("There is no " + name + "….jar in " + folder + ": build first."));
        }
    }

    private Path shown(Path path) {
        var here = Path.of("").toAbsolutePath();
        return path.startsWith(here) ? here.relativize(path) : path;
    }
}
