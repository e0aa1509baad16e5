package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How starts are measured.
 *
 * @param rounds of each contender
 * @param commands that a command-processor finds which has to warm up
 * @param json the file that the figures are written to; null: none
 */
record StartOptions(int rounds, int commands, @Nullable Path json) {

    private static final Set<String> KNOWN = Set.of("--rounds", "--commands", "--json");

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static StartOptions parse(List<String> arguments) {
        var given = new Options(arguments, KNOWN);
        return new StartOptions(given.number("--rounds", 3, 1), given.number("--commands", 2_000_000, 1),
                given.file("--json"));
    }
}
