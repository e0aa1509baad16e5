package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the gateway is measured.
 *
 * @param seconds of each run of a contender
 * @param rounds of each contender
 * @param accounts that the deposits are made to
 * @param partitions of each topic
 * @param heap of the app's JVM, in MB
 * @param json the file that the figures are written to; null: none
 */
record HttpOptions(int seconds, int rounds, int accounts, int partitions, int heap, @Nullable Path json) {

    private static final Set<String> KNOWN = Set.of("--seconds", "--rounds", "--accounts", "--partitions", "--heap",
            "--json");

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static HttpOptions parse(List<String> arguments) {
        var given = new Options(arguments, KNOWN);
        return new HttpOptions(given.number("--seconds", 10, 1), given.number("--rounds", 3, 1),
                given.number("--accounts", 100_000, 1), given.number("--partitions", 8, 1),
                given.number("--heap", 512, 32), given.file("--json"));
    }
}
