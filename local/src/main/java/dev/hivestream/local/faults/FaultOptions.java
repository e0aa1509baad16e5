package dev.hivestream.local.faults;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How the suite is run.
 *
 * @param seed decides what is broken, when and how long, and what clients do
 * @param minutes after which no other round begins
 * @param only the kinds of faults that there are
 * @param mutation what is taken away; null: nothing
 * @param json the file that the report is written to; null: none
 */
record FaultOptions(long seed, int minutes, Set<Kind> only, @Nullable Mutation mutation, @Nullable Path json) {

    /**
     * Reads the command line.
     *
     * @throws StartFailure if it cannot be understood
     */
    static FaultOptions parse(List<String> arguments) {
        long seed = ThreadLocalRandom.current().nextInt(1_000_000);
        int minutes = 5;
        Set<Kind> only = EnumSet.allOf(Kind.class);
        Mutation mutation = null;
        Path json = null;
        for (int i = 0; i < arguments.size(); i += 2) {
            String option = arguments.get(i);
            if (i + 1 == arguments.size()) {
                throw new StartFailure(option + " wants a value");
            }
            String value = arguments.get(i + 1);
            switch (option) {
                case "--seed" -> seed = number(option, value);
                case "--minutes" -> minutes = (int) number(option, value);
                case "--only" -> only = Arrays.stream(value.split(",")).map(FaultOptions::kind)
                        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Kind.class)));
                case "--mutation" -> mutation = Mutation.of(value);
                case "--json" -> json = Path.of(value);
                default -> throw new StartFailure("Unknown option " + option + ", see --help");
            }
        }
        return new FaultOptions(seed, minutes, only, mutation, json);
    }

    private static long number(String option, String value) {
        if (!value.matches("\\d{1,9}")) {
            throw new StartFailure(option + " is '" + value + "'; it takes a whole number below a thousand million");
        }
        return Long.parseLong(value);
    }

    private static Kind kind(String value) {
        try {
            return Kind.valueOf(value.toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException e) {
            throw new StartFailure("There is no kind of faults '" + value + "'; there are "
                    + Arrays.stream(Kind.values()).map(Kind::option).collect(Collectors.joining(", ")), e);
        }
    }
}
