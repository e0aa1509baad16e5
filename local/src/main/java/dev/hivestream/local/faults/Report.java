package dev.hivestream.local.faults;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What was broken, what became of it, and what must not be. Not thread-safe. */
public final class Report {

    private static final int SHOWN = 5;

    private final long seed;
    private final Map<String, Integer> faults = new TreeMap<>();
    private final Map<String, List<String>> checks = new LinkedHashMap<>();
    private final Map<String, Long> figures = new LinkedHashMap<>();
    private Map<String, Long> outcomes = Map.of();

    Report(long seed) {
        this.seed = seed;
    }

    /** A fault came, once more. @param kind as options and the table name it */
    void injected(String kind) {
        faults.merge(kind, 1, Integer::sum);
    }

    /** Something was checked, once more. */
    void checked(String what, List<String> violations) {
        checks.merge(what, violations, (before, more) -> before.isEmpty() ? more : before);
    }

    void outcomes(Map<String, Long> counts) {
        outcomes = counts;
    }

    void figure(String name, long value) {
        figures.put(name, value);
    }

    /** All that must not be, by what was checked. */
    public Map<String, List<String>> violations() {
        Map<String, List<String>> found = new LinkedHashMap<>(checks);
        found.values().removeIf(List::isEmpty);
        return found;
    }

    /** How often each kind of fault came. */
    public Map<String, Integer> faults() {
        return faults;
    }

    /** The table at the end. */
    void print(PrintStream out) {
        out.println();
        table(out, "faults injected", faults);
        table(out, "operations and answers", outcomes);
        out.println("checked");
        checks.forEach((what, violations) -> {
            out.println("  " + (violations.isEmpty() ? "✓ " : "✗ ") + what);
            violations.stream().limit(SHOWN).forEach(violation -> out.println("      " + violation));
            if (violations.size() > SHOWN) {
                out.println("      and " + (violations.size() - SHOWN) + " more");
            }
        });
        out.println();
        figures.forEach((name, value) -> out.println(name + " " + value));
        out.println("violations " + violations().values().stream().mapToInt(List::size).sum());
        out.println("seed " + seed);
    }

    private static void table(PrintStream out, String heading, Map<String, ? extends Number> rows) {
        out.println(heading);
        rows.forEach((name, count) -> out.printf("  %8d  %s%n", count.longValue(), name));
    }

    void write(@Nullable Path file) throws IOException {
        if (file == null) {
            return;
        }
        var all = new LinkedHashMap<String, Object>();
        all.put("seed", seed);
        all.put("faults", faults);
        all.put("outcomes", outcomes);
        all.put("checks", checks);
        all.putAll(figures);
        Files.writeString(file, JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build()
                .writeValueAsString(all) + "\n");
    }
}
