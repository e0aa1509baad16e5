package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the rebuild is measured.
 *
 * @param events in the log
 * @param accounts that they belong to, each with at least one
 * @param rounds of each contender
 * @param heap of each contender's JVM, in MB
 * @param json the file that the figures are written to; null: none
 */
record RebuildOptions(int events, int accounts, int partitions, int rounds, int heap, @Nullable Path json) {

    private static final Set<String> KNOWN = Set.of("--events", "--accounts", "--partitions", "--rounds", "--heap",
            "--json");

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static RebuildOptions parse(List<String> arguments) {
        var given = new Options(arguments, KNOWN);
        int events = given.number("--events", 5_000_000, 1);
        // fewer events than usual: as many to an account as usual
        int accounts = given.number("--accounts", Math.min(1_000_000, Math.max(1, events / 5)), 1);
        if (accounts > events) {
            throw new StartFailure("--accounts is " + accounts + " and --events " + events
                    + "; every account has at least one event");
        }
        return new RebuildOptions(events, accounts, given.number("--partitions", 8, 1), given.number("--rounds", 3, 1),
                given.number("--heap", 1024, 32), given.file("--json"));
    }
}
