package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The options of a sub-command as they were written: each with a value, in any order. */
final class Options {

    private final Map<String, String> values = new HashMap<>();

    /**
     * Reads the command line.
     *
     * @param known the options that there are
     * @throws StartFailure if it cannot be understood
     */
    Options(List<String> arguments, Set<String> known) {
        for (int i = 0; i < arguments.size(); i += 2) {
            String option = arguments.get(i);
            if (!known.contains(option)) {
                throw new StartFailure("Unknown option " + option + ", see --help");
            }
            if (i + 1 == arguments.size()) {
                throw new StartFailure(option + " wants a value");
            }
            values.put(option, arguments.get(i + 1));
        }
    }

    /**
     * A whole number.
     *
     * @throws StartFailure if something else was given
     */
    int number(String option, int usual, int least) {
        String text = values.get(option);
        if (text == null) {
            return usual;
        }
        if (!text.matches("\\d{1,10}") || Long.parseLong(text) < least || Long.parseLong(text) > Integer.MAX_VALUE) {
            throw new StartFailure(
                    option + " is '" + text + "'; it takes a number from " + least + " to " + Integer.MAX_VALUE);
        }
        return Integer.parseInt(text);
    }

    /** Names with commas between them, empty if none was given. */
    Set<String> names(String option) {
        String text = values.get(option);
        return text == null ? Set.of() : Set.copyOf(List.of(text.split(",")));
    }

    /** A file, null if none was given. */
    @Nullable
    Path file(String option) {
        String text = values.get(option);
        return text == null ? null : Path.of(text);
    }
}
