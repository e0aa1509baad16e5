package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How sagas are measured.
 *
 * @param transfers of a round, and plain deposits
 * @param accounts that they are between
 * @param partitions of each topic
 * @param events in the log that the router reads
 * @param rounds of each contender
 * @param heap of each app's JVM, in MB
 * @param json the file that the figures are written to; null: none
 */
record SagaOptions(int transfers, int accounts, int partitions, int events, int rounds, int heap,
        @Nullable Path json) {

    private static final Set<String> KNOWN = Set.of("--transfers", "--accounts", "--partitions", "--events", "--rounds",
            "--heap", "--json");

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static SagaOptions parse(List<String> arguments) {
        var given = new Options(arguments, KNOWN);
        return new SagaOptions(given.number("--transfers", 20_000, 1), given.number("--accounts", 1_000, 2),
                given.number("--partitions", 8, 1), given.number("--events", 1_000_000, 1),
                given.number("--rounds", 3, 1), given.number("--heap", 512, 32), given.file("--json"));
    }
}
