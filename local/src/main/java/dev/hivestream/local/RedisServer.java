package dev.hivestream.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A Redis of its own, on the loopback interface. Unless its options say otherwise it saves its data when it is stopped,
 * so that they survive {@link #stop()} and {@link #start()}; {@link #kill()} takes it back to what was saved last.
 */
public final class RedisServer implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String DUMP = "dump.rdb";
    /** The embedded-redis library has one for each machine. */
    private static final String EXECUTABLE = "redis-server-7.0.15";

    private final Path directory;
    private final int port;
    private final List<String> options;
    private Child child;

    private RedisServer(Path directory, int port, List<String> options) {
        this.directory = directory.toAbsolutePath();
        this.port = port;
        this.options = options;
        this.child = launch();
    }

    /**
     * Starts a Redis on the data in a directory.
     *
     * @param options as on the command line of redis-server, for example {@code "--save", ""} to save never or
     *     {@code "--appendonly", "yes"} to lose nothing by a kill
     */
    public static RedisServer start(Path directory, int port, String... options) {
        return new RedisServer(directory, port, List.of(options));
    }

    /** The port that it listens on. */
    public int port() {
        return port;
    }

    /** Where clients find it, as {@code spring.data.redis.url} wants it. */
    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    /** Starts it again after {@link #stop()} or {@link #kill()}, on what it saved and the same port. */
    public void start() {
        if (child.isAlive()) {
            throw new IllegalStateException("Redis runs already");
        }
        child = launch();
    }

    /** Starts it without any data; ends it before if it runs. */
    public void startEmpty() {
        child.kill();
        Folders.delete(directory.resolve("appendonlydir"));
        try {
            Files.deleteIfExists(directory.resolve(DUMP));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start();
    }

    /** Ends it in good order. */
    public void stop() {
        child.terminate(PATIENCE);
    }

    /** Ends it as a crash would: what was written since it last saved is gone. */
    public void kill() {
        child.kill();
    }

    /** Copies the data as they are now into a file. */
    public void snapshotTo(Path file) {
        call("SAVE");
        copy(directory.resolve(DUMP), file);
    }

    /** Starts it on the data of {@link #snapshotTo(Path)}; ends it before if it runs. Without append-only file only. */
    public void restoreFrom(Path file) {
        child.kill();
        copy(file, directory.resolve(DUMP));
        start();
    }

    /** Sends one command, on a connection of its own: see {@link RedisConnection#call}. */
    public @Nullable Object call(String... words) {
        try (var connection = new RedisConnection(port)) {
            return connection.call(words);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
        var command = new ArrayList<>(List.of(executable().toString(), "--bind", "127.0.0.1", "--port", "" + port,
                "--dir", directory.toString(), "--dbfilename", DUMP, "--save", "3600", "1"));
        command.addAll(options);
        var started = Child.start("Redis", command, Map.of(), directory, directory.resolve("redis.log"));
        started.awaitStart(PATIENCE, this::answers);
        return started;
    }

    private boolean answers() {
        try (var connection = new RedisConnection(port)) {
            return "PONG".equals(connection.call("PING"));
        } catch (IOException | UncheckedIOException | IllegalStateException e) {
            // not listening yet, or still loading
            return false;
        }
    }

    private Path executable() {
        // a folder that an earlier version left keeps its data and gets this executable
        var file = directory.resolve(EXECUTABLE);
        if (!Files.exists(file)) {
            String resource = "/" + resource(System.getProperty("os.name"), System.getProperty("os.arch"));
            try (var content = redis.embedded.RedisServer.class.getResourceAsStream(resource)) {
                if (content == null) {
                    throw new StartFailure("There is no " + resource + " in the embedded-redis library");
                }
                Files.createDirectories(directory);
                var partial = directory.resolve("redis-server.partial");
                Files.copy(content, partial, StandardCopyOption.REPLACE_EXISTING);
                if (!partial.toFile().setExecutable(true)) {
                    throw new StartFailure(partial + " cannot be made executable");
                }
                Files.move(partial, file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return file;
    }

    static String resource(String system, String machine) {
        String processor = machine.equals("aarch64") || machine.equals("arm64") ? "arm64" : "amd64";
        if (system.toLowerCase(Locale.ROOT).startsWith("mac")) {
            return EXECUTABLE + "-darwin-" + processor;
        }
        if (system.equals("Linux")) {
            return EXECUTABLE + "-linux-" + processor;
        }
        throw new StartFailure("No Redis for " + system + " on " + machine + ": Linux and macOS are supported");
    }

    private static void copy(Path from, Path to) {
        try {
            Files.createDirectories(to.toAbsolutePath().getParent());
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
