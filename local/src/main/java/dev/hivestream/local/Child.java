package dev.hivestream.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** A process of this JVM: it can be ended and paused, and it never outlives the JVM, however that ends. */
public final class Child {

    // The program begins only when it has been told to, that is when the watchdog knows its process.
    private static final String BEGIN_WHEN_TOLD = "read -r go && exec \"$@\" </dev/null";
    private static final String TO_FILE = "out=$1; shift; exec \"$@\" > \"$out\"";

    private final String name;
    private final Process process;
    private final Path logFile;
    private final long logStart;

    private Child(String name, Process process, Path logFile, long logStart) {
        this.name = name;
        this.process = process;
        this.logFile = logFile;
        this.logStart = logStart;
    }

    /**
     * Starts a program.
     *
     * @param name what messages call it
     * @param environment added to this JVM's own
     * @param directory its working directory; created if need be
     * @param logFile what it writes to either output is appended here
     */
    public static Child start(String name, List<String> command, Map<String, String> environment, Path directory,
            Path logFile) {
        var wrapped = new ArrayList<>(List.of("/bin/sh", "-c", BEGIN_WHEN_TOLD, name));
        wrapped.addAll(command);
        try {
            Files.createDirectories(directory);
            Files.createDirectories(logFile.toAbsolutePath().getParent());
            long logStart = Files.exists(logFile) ? Files.size(logFile) : 0;
            var builder = new ProcessBuilder(wrapped).directory(directory.toFile()).redirectErrorStream(true)
                    .redirectOutput(Redirect.appendTo(logFile.toFile()));
            builder.environment().putAll(environment);
            var process = builder.start();
            Watchdog.watch(process);
            try (var input = process.getOutputStream()) {
                input.write('\n');
            }
            return new Child(name, process, logFile, logStart);
        } catch (IOException e) {
            throw new UncheckedIOException("Could not start " + name, e);
        }
    }

    /** Starts a program whose standard output goes to a file of its own, and only what else it says to the log. */
    public static Child startTo(Path out, String name, List<String> program, Map<String, String> environment,
            Path directory) {
        var command = new ArrayList<>(List.of("/bin/sh", "-c", TO_FILE, name, out.toString()));
        command.addAll(program);
        return start(name, command, environment, directory, directory.resolve(name + ".log"));
    }

    /** The {@code java} of this JVM. */
    public static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /**
     * The beginning of a command line that starts a JVM like this one: it ends when it runs out of memory, for what goes on
     * after that has lost threads that it does not know of.
     *
     * @param arguments its options, its main class or jar, and what comes behind them; more can be added to the list
     */
    public static List<String> jvm(String... arguments) {
        var command = new ArrayList<>(List.of(java(), "-XX:+ExitOnOutOfMemoryError"));
        command.addAll(List.of(arguments));
        return command;
    }

    /** What messages call it. */
    public String name() {
        return name;
    }

    /** The process id. */
    public long pid() {
        return process.pid();
    }

    /** False once it has ended, for whatever reason. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** How it ended: as shells count it, 128 + the signal if by a signal; empty while it runs. */
    public OptionalInt exitCode() {
        return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
    }

    /** SIGKILL: it ends without a chance to do anything about it. Returns when it is gone. */
    public void kill() {
        process.destroyForcibly();
        await();
    }

    /**
     * SIGTERM: asks it to end, and wakes it for that if it is paused.
     *
     * @param patience after this it is killed
     * @return its exit code, which is 137 if it had to be killed
     */
    public int terminate(Duration patience) {
        process.destroy();
        resume();
        try {
            if (process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
        process.destroyForcibly();
        return await();
    }

    /** SIGSTOP: it stands still, with its connections open, until {@link #resume()}. */
    public void pause() {
        signal("STOP");
    }

    /** SIGCONT: it goes on after a {@link #pause()}. */
    public void resume() {
        signal("CONT");
    }

    /** What it has written so far; not what earlier processes with the same log file wrote. */
    public String log() {
        try (var file = Files.newByteChannel(logFile)) {
            file.position(logStart);
            var bytes = ByteBuffer.allocate(Math.toIntExact(Math.max(0, file.size() - logStart)));
            while (bytes.hasRemaining() && file.read(bytes) >= 0) {
            }
            return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where {@link #log()} is read from. */
    public Path logFile() {
        return logFile;
    }

    /** Waits for it to be usable; its end, or the end of patience, is a failure that shows the last lines of its log. */
    public void awaitStart(Duration patience, BooleanSupplier usable) {
        boolean done = Await.until(patience, () -> !isAlive() || usable.getAsBoolean());
        if (!isAlive()) {
            throw new StartFailure(end());
        }
        if (!done) {
            throw new StartFailure(name + " was not usable within " + patience.toSeconds() + " s. " + lastLines());
        }
    }

    /** How it ended, and the last lines of its log. */
    public String end() {
        return name + " ended with exit code " + process.exitValue() + ". " + lastLines();
    }

    /** Runs something when it has ended. */
    public void onEnd(Runnable action) {
        var _ = process.onExit().thenRun(action);
    }

    private String lastLines() {
        var lines = log().lines().toList();
        return "Its log (" + logFile + ") ends with:\n" + lines.stream().skip(Math.max(0, lines.size() - 30))
                .map(line -> "    " + line).collect(Collectors.joining("\n"));
    }

    private int await() {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    private void signal(String signal) {
        if (!process.isAlive()) {
            return;
        }
        try {
            // the shell's own kill: not every system has one as a program
            new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + pid()).redirectErrorStream(true)
                    .redirectOutput(Redirect.DISCARD).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    @Override
    public String toString() {
        return name + " (pid " + pid() + ")";
    }
}
