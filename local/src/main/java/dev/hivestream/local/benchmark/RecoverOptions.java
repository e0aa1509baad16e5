package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How recovering is measured.
 *
 * @param rate of the commands while owners come and go, a second
 * @param events in the log that is caught up
 * @param accounts that there are
 * @param partitions of each topic
 * @param rounds of each contender
 * @param heap of each app's JVM, in MB
 * @param json the file that the figures are written to; null: none
 */
record RecoverOptions(int rate, int events, int accounts, int partitions, int rounds, int heap, @Nullable Path json) {

    private static final Set<String> KNOWN = Set.of("--rate", "--events", "--accounts", "--partitions", "--rounds",
            "--heap", "--json");

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static RecoverOptions parse(List<String> arguments) {
        var given = new Options(arguments, KNOWN);
        int events = given.number("--events", 1_000_000, 1);
        return new RecoverOptions(given.number("--rate", 500, 1), events,
                given.number("--accounts", Math.min(100_000, Math.max(1, events / 5)), 1),
                given.number("--partitions", 8, 2), given.number("--rounds", 3, 1), given.number("--heap", 512, 32),
                given.file("--json"));
    }
}
