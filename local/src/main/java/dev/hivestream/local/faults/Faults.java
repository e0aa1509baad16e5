package dev.hivestream.local.faults;

import dev.hivestream.local.StartFailure;
import dev.hivestream.local.Watchdog;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Breaks the system and checks what becomes of it. What {@code bin/faults} starts. */
public final class Faults {

    private static final Duration ROUND = Duration.ofSeconds(75);
    private static final Duration MUTATED_ROUND = Duration.ofSeconds(25);
    private static final Duration MUTATED = Duration.ofMinutes(4);

    private final FaultOptions options;
    private final Path directory = Path.of("target", "faults").toAbsolutePath();
    private final PrintStream out;

    private Faults(FaultOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /**
     * Takes a sub-command, if it is {@code cluster}, {@code saga-change}, {@code runbooks}, {@code partitions} or
     * {@code mutations}, and options. The system property {@code hive.home} is the project's directory. Ends with 0, with 1 if
     * there was a violation or something did not start, with 2 if the options cannot be understood.
     */
    public static void main(String[] arguments) {
        var out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        List<String> rest = new ArrayList<>(List.of(arguments));
        String command = !rest.isEmpty() && !rest.getFirst().startsWith("-") ? rest.removeFirst() : "";
        Faults faults;
        try {
            faults = new Faults(FaultOptions.parse(rest), out);
        } catch (StartFailure e) {
            System.err.println("faults: " + e.getMessage());
            System.exit(2);
            return;
        }
        Watchdog.endWithScript();
        System.exit(faults.run(command));
    }

    private int run(String command) {
        try {
            boolean good = switch (command) {
                case "" -> trial(false);
                case "cluster" -> trial(true);
                case "saga-change" -> isClean(sagaChange(options.mutation()));
                case "mutations" -> mutations();
                case "partitions" -> new Partitions(directory, options.seed(), out).run();
                case "runbooks" -> new Runbooks(directory, options.seed(), out).run();
                default -> throw new StartFailure("Unknown sub-command " + command + ", see --help");
            };
            return good ? 0 : 1;
        } catch (StartFailure e) {
            System.err.println("faults: " + e.getMessage());
            return 1;
        } catch (Exception e) {
            e.printStackTrace();
            return 1;
        }
    }

    private boolean trial(boolean cluster) throws Exception {
        Mutation mutation = options.mutation();
        if (mutation != null && !mutation.concernsCommands()) {
            return isClean(sagaChange(mutation));
        }
        Set<Kind> kinds = options.only().stream().filter(kind -> !cluster || kind.isForCluster())
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Kind.class)));
        if (kinds.isEmpty()) {
            throw new StartFailure("None of the kinds of faults is for a cluster");
        }
        sayWhere();
        return isClean(report(mutation == null
                ? new Trial.Settings(options.seed(), Duration.ofMinutes(options.minutes()), ROUND, kinds, cluster, null)
                : mutated(mutation)));
    }

    private void sayWhere() {
        out.println("Seed " + options.seed() + ", data and logs in " + directory);
    }

    private boolean isClean(Report report) throws IOException {
        report.print(out);
        report.write(options.json());
        return report.violations().isEmpty();
    }

    private Report sagaChange(@Nullable Mutation mutation) throws InterruptedException {
        if (mutation != null && !mutation.concernsSagas()) {
            throw new StartFailure("The mutation '" + mutation.option() + "' does not concern sagas");
        }
        sayWhere();
        Duration length = mutation == null
                ? Duration.ofMinutes(options.minutes())
                : mutation.isHarmless() ? Duration.ZERO : MUTATED;
        try (var change = new SagaChange(options.seed(), length, mutation, directory, out)) {
            Watchdog.beforeKilling(change::close);
            return change.run();
        }
    }

    private Trial.Settings mutated(Mutation mutation) {
        return new Trial.Settings(options.seed(), mutation.isHarmless() ? MUTATED_ROUND.multipliedBy(2) : MUTATED,
                MUTATED_ROUND, mutation.faults(), false, mutation);
    }

    private Report report(Trial.Settings settings) throws InterruptedException {
        try (var trial = new Trial(settings, directory, out)) {
            Watchdog.beforeKilling(trial::close);
            return trial.run();
        }
    }

    /** Each mutation has to be found. */
    private boolean mutations() throws InterruptedException {
        List<String> lines = new ArrayList<>();
        boolean good = true;
        for (Mutation mutation : EnumSet.allOf(Mutation.class)) {
            out.println(mutation.option());
            long since = System.nanoTime();
            Map<String, List<String>> violations = new LinkedHashMap<>();
            if (mutation.concernsCommands()) {
                violations.putAll(report(mutated(mutation)).violations());
            }
            if (mutation.concernsSagas()) {
                violations.putAll(sagaChange(mutation).violations());
            }
            boolean found = !violations.isEmpty();
            good &= found != mutation.isHarmless();
            lines.add("%s %-20s %4d s  %s".formatted(found != mutation.isHarmless() ? "✓" : "✗", mutation.option(),
                    (System.nanoTime() - since) / 1_000_000_000,
                    found ? "found: " + String.join("; ", violations.keySet()) : "not found"));
            violations.values().forEach(each -> out.println("    " + each.getFirst()));
        }
        out.println();
        lines.forEach(out::println);
        return good;
    }
}
