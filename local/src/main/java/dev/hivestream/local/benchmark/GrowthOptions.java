package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How growth is measured.
 *
 * @param commands of each point, but for large snapshots, which get a part
 * @param rounds of each point
 * @param heap of the app's JVM, in MB
 * @param only the series that are measured, by name; all if empty
 * @param json the file that the figures are written to; null: none
 */
record GrowthOptions(int commands, int rounds, int heap, Set<String> only, @Nullable Path json) {

    private static final Set<String> KNOWN = Set.of("--commands", "--rounds", "--heap", "--only", "--json");

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static GrowthOptions parse(List<String> arguments) {
        var given = new Options(arguments, KNOWN);
        Set<String> only = given.names("--only");
        only.stream().filter(name -> !Growth.SERIES.contains(name)).findFirst().ifPresent(name -> {
            throw new StartFailure("There is no series '" + name + "'; there are " + Growth.SERIES);
        });
        return new GrowthOptions(given.number("--commands", 1_000_000, 10_000), given.number("--rounds", 1, 1),
                given.number("--heap", 1024, 64), only, given.file("--json"));
    }
}
