package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How commands are measured.
 *
 * @param commands that each contender finds in its topic
 * @param accounts that they are for
 * @param partitions of each topic
 * @param rounds of each contender
 * @param heap of each contender's JVM, in MB
 * @param only the contenders that take part, by name; all if empty
 * @param json the file that the figures are written to; null: none
 */
record CommandsOptions(int commands, int accounts, int partitions, int rounds, int heap, Set<String> only,
        @Nullable Path json) {

    private static final Set<String> KNOWN = Set.of("--commands", "--accounts", "--partitions", "--rounds", "--heap",
            "--only", "--json");

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static CommandsOptions parse(List<String> arguments) {
        var given = new Options(arguments, KNOWN);
        int commands = given.number("--commands", 2_000_000, 1_000);
        int accounts = given.number("--accounts", Math.min(100_000, commands / 10), 1);
        if (accounts > commands / 2) {
            throw new StartFailure("--accounts is " + accounts + " and --commands " + commands
                    + "; there are at least two commands an account");
        }
        return new CommandsOptions(commands, accounts, given.number("--partitions", 8, 1),
                given.number("--rounds", 3, 1), given.number("--heap", 1024, 64), given.names("--only"),
                given.file("--json"));
    }
}
