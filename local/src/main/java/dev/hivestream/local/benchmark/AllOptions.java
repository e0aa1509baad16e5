package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How everything is measured, one after the other.
 *
 * @param rounds of each contender
 * @param only what is measured, by the names of the sub-commands; everything if empty
 * @param json the file that the figures are written to; null: none
 * @param chart the file that the chart is drawn into, an SVG; null: none
 */
record AllOptions(int rounds, Set<String> only, @Nullable Path json, @Nullable Path chart) {

    private static final Set<String> KNOWN = Set.of("--rounds", "--only", "--json", "--chart");

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static AllOptions parse(List<String> arguments) {
        var given = new Options(arguments, KNOWN);
        Set<String> only = given.names("--only");
        only.stream().filter(name -> !All.PARTS.containsKey(name)).findFirst().ifPresent(name -> {
            throw new StartFailure("There is no sub-command '" + name + "'; there are " + All.PARTS.keySet());
        });
        return new AllOptions(given.number("--rounds", 3, 1), only, given.file("--json"), given.file("--chart"));
    }
}
