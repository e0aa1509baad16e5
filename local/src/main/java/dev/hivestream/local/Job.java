package dev.hivestream.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A program that was run to its end.
 *
 * @param code its exit code
 * @param out what it wrote to its standard output
 */
public record Job(int code, String out) {

    /** As {@link #run(String, List, Map, Path, Duration)}, with nothing added to the environment. */
    public static Job run(String name, List<String> program, Path directory, Duration patience) {
        return run(name, program, Map.of(), directory, patience);
    }

    /**
     * Runs a program to its end. What it writes to its standard error is appended to {@code <name>.log} in the directory.
     *
     * @param environment added to that of this JVM
     * @throws StartFailure if it has not ended in time; it is killed then
     */
    public static Job run(String name, List<String> program, Map<String, String> environment, Path directory,
            Duration patience) {
        var out = directory.resolve(name + ".out");
        var child = Child.startTo(out, name, program, environment, directory);
        if (!Await.until(patience, () -> !child.isAlive())) {
            child.kill();
            throw new StartFailure(name + " has not ended after " + patience.toSeconds() + " s. See "
                    + directory.resolve(name + ".log"));
        }
        try {
            return new Job(child.exitCode().orElseThrow(), Files.readString(out));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
