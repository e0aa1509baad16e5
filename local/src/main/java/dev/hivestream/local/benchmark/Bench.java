package dev.hivestream.local.benchmark;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.Child;
import dev.hivestream.local.Job;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.kafka.common.utils.Utils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Where a benchmark takes place: a throw-away folder and the processes in it, all gone when it is closed. */
final class Bench implements AutoCloseable {

    private static final List<String> BROKER_JVM = List.of("-Xmx1g");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path home;
    private final PrintStream out;
    private final Path folder;
    // the last started first: the order in which they are ended
    private final Deque<Child> processes = new ArrayDeque<>();
    private final CompletableFuture<Child> lost = new CompletableFuture<>();
    private volatile boolean closed;

    /**
     * An empty one.
     *
     * @param home the project's directory
     */
    Bench(Path home, PrintStream out) {
        this.home = home;
        this.out = out;
        var parent = home.resolve("target/benchmark");
        removeLeftOvers(parent);
        this.folder = parent.resolve("" + ProcessHandle.current().pid());
    }

    /** What a program told on its standard output, and how long its process took from the start to the end. */
    record Ran(JsonNode report, double seconds) {}

    /**
     * The boot jar of an app.
     *
     * @throws Failure if it is not there
     */
    Path jar(String app) {
        return required(home.resolve(app + "/target/" + app + "-boot.jar"));
    }

    /**
     * The jar of the samples.
     *
     * @throws Failure if it is not there
     */
    Path samples() {
        return required(Path.of(System.getProperty("hive.samples", "the samples' jar")));
    }

    private static Path required(Path jar) {
        if (!Files.isRegularFile(jar)) {
            throw new Failure("There is no " + jar + ": build first");
        }
        return jar;
    }

    /** The project's directory. */
    Path home() {
        return home;
    }

    /** Where what is measured may write. */
    Path folder() {
        return folder;
    }

    /** What people read. */
    PrintStream out() {
        return out;
    }

    /** Starts a broker that has no data yet; its JVM is free to optimize. */
    KafkaBroker broker() {
        var broker = KafkaBroker.start(folder.resolve("kafka"), Ports.free(), Map.of(), BROKER_JVM);
        keep(broker.process());
        return broker;
    }

    /** Starts an empty Redis that never saves: a fork in the middle would be measured too. */
    RedisServer redis() {
        var redis = RedisServer.start(folder.resolve("redis"), Ports.free(), "--save", "");
        keep(redis.process());
        return redis;
    }

    /**
     * The options of an app's JVM: those of the image, but for the heap.
     *
     * @param heap in MB
     */
    List<String> jvm(String app, int heap) {
        var image = Job.run("options-" + app, List.of(home.resolve("bin/image").toString(), "options", app), folder,
                PATIENCE);
        if (image.code() != 0) {
            throw new Failure("bin/image does not know how the " + app + " is started: " + image.out());
        }
        var options = new ArrayList<>(image.out().lines().toList());
        options.add("-Xmx" + heap + "m");
        return options;
    }

    /** Starts an app with the samples. */
    BootApp app(String app, LocalStack stack, int heap, Map<String, String> properties) {
        var started = new BootApp(app, jar(app), Ports.free(), folder).on(stack).domains(samples())
                .jvmOptions(jvm(app, heap).toArray(String[]::new));
        properties.forEach(started::property);
        started.start();
        keep(started.process());
        return started;
    }

    /** Starts a program that runs until it is ended. */
    Child program(String name, List<String> program) {
        var process = Child.start(name, program, Map.of(), folder, folder.resolve(name + ".log"));
        keep(process);
        return process;
    }

    /** Starts a program with variables of its environment, with this Java on its path. */
    Child start(String name, Map<String, String> environment, List<String> program) {
        var variables = new HashMap<>(environment);
        variables.put("PATH", Path.of(Child.java()).getParent() + ":" + System.getenv("PATH"));
        var process = Child.start(name, program, variables, folder, folder.resolve(name + ".log"));
        keep(process);
        return process;
    }

    /**
     * Runs a program like {@link #start} to its end.
     *
     * @throws Failure if it fails
     */
    void call(String name, Map<String, String> environment, List<String> program) {
        var process = start(name, environment, program);
        var done = new CompletableFuture<Child>();
        process.onEnd(() -> done.complete(process));
        ended(process);
        if (done.join().exitCode().orElseThrow() != 0) {
            throw new Failure(process.end());
        }
    }

    private void keep(Child process) {
        started(process);
        process.onEnd(() -> lost(process));
    }

    private synchronized void lost(Child process) {
        if (processes.contains(process)) {
            lost.complete(process);
        }
    }

    /**
     * For those who wait.
     *
     * @throws Failure if something that runs here has ended by itself, or all of it was stopped
     */
    void requireRunning() {
        var missing = lost.getNow(null);
        if (missing != null || closed) {
            throw new Failure(missing == null ? "Stopped" : missing.end());
        }
    }

    /** Ends a process in good order. */
    void end(Child process) {
        ended(process);
        process.terminate(PATIENCE);
    }

    /** Ends a process as a crash would. */
    void kill(Child process) {
        ended(process);
        process.kill();
    }

    /** Ends all that runs here and removes what it wrote. */
    synchronized void clear() {
        var running = List.copyOf(processes);
        processes.clear();
        running.forEach(Child::kill);
        delete(folder);
    }

    /**
     * Runs a program to its end.
     *
     * @throws Failure if it, or broker or Redis meanwhile, fails
     */
    Ran run(String name, List<String> program) {
        var output = folder.resolve(name + ".out");
        long start = System.nanoTime();
        var process = Child.startTo(output, name, program, Map.of(), folder);
        var done = new CompletableFuture<Child>();
        process.onEnd(() -> done.complete(process));
        started(process);
        var ended = done.applyToEither(lost, Function.identity()).join();
        double seconds = (System.nanoTime() - start) / 1e9;
        if (ended != process || process.exitCode().orElseThrow() != 0) {
            throw new Failure(ended.end());
        }
        ended(process);
        return new Ran(report(name, output), seconds);
    }

    private static JsonNode report(String name, Path output) {
        try {
            String text = Files.readString(output);
            try {
                var report = JsonMapper.shared().readTree(text);
                if (report.isObject()) {
                    return report;
                }
            } catch (JacksonException e) {
                // told below
            }
            throw new Failure(name + " did not write a JSON object to its standard output but: " + text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized void started(Child process) {
        if (closed) {
            process.kill();
            throw new Failure("Stopped while " + process.name() + " was starting");
        }
        processes.addFirst(process);
    }

    private synchronized void ended(Child process) {
        processes.remove(process);
    }

    /** Whether it has been closed, by whomever. */
    boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized void close() {
        closed = true;
        clear();
    }

    private static void removeLeftOvers(Path parent) {
        if (!Files.isDirectory(parent)) {
            return;
        }
        try (var folders = Files.list(parent)) {
            folders.filter(folder -> folder.getFileName().toString().matches("\\d{1,18}"))
                    .filter(folder -> ProcessHandle.of(Long.parseLong(folder.getFileName().toString())).isEmpty())
                    .forEach(Bench::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try {
            Utils.delete(folder.toFile());
        } catch (IOException e) {
            // somebody who was just starting still writes to it: the next benchmark removes it
        }
    }
}
