package dev.hivestream.local.benchmark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** How fast commands are decided, from a full topic to committed events and written snapshots, beside others who do so. */
final class Commands implements SubCommand {

    static final long SEED = 20_260_101;

    private final CommandsOptions options;

    Commands(CommandsOptions options) {
        this.options = options;
    }

    /** How a contender did in a round. */
    record Run(String contender, int round, Course course, @Nullable Cost cost) {}

    @Override
    public void run(Bench bench) throws Exception {
        bench.out().printf(
                "%,d commands of %,d accounts in %d partitions, seed %d; the rate is that of the second half%n%n",
                options.commands(), options.accounts(), options.partitions(), SEED);
        bench.out().printf("%-12s %-7s %12s %12s %9s   %s%n", "contender", "round", "commands/s", "whole/s", "seconds",
                "µs of CPU a command");
        var contenders = Contender.named(options.only());
        var runs = new ArrayList<Run>();
        try (var arena = new Arena(bench)) {
            for (int round = 1; round <= options.rounds(); round++) {
                // the first of a round is another one each time: what the machine has left over for them drifts
                var order = new ArrayList<>(contenders);
                Collections.rotate(order, round - 1);
                for (Contender contender : order) {
                    var race = new Race(bench, arena, contender, round, options);
                    var result = race.run();
                    var run = new Run(contender.label(), round, result.course(), result.cost());
                    runs.add(run);
                    print(bench, run);
                }
            }
        }
        conclude(bench, contenders, runs);
    }

    private static void print(Bench bench, Run run) {
        var course = run.course();
        bench.out().printf("%-12s %-7d %,12.0f %,12.0f %9.1f   %s%n", run.contender(), run.round(), course.steady(),
                course.records() / course.whole(), course.whole(), cpu(course));
    }

    static String cpu(Course course) {
        var text = new ArrayList<String>();
        course.cpu().forEach((process, micros) -> text.add("%s %.1f".formatted(process, micros)));
        return String.join(", ", text);
    }

    private void conclude(Bench bench, List<Contender> contenders, List<Run> runs) throws IOException {
        bench.out().printf("%n%-12s %12s %14s   medians%n", "contender", "commands/s", "CPU µs, all");
        var medians = new LinkedHashMap<String, Object>();
        for (Contender contender : contenders) {
            double steady = median(runs, contender, Course::steady);
            double cpu = median(runs, contender,
                    course -> course.cpu().values().stream().mapToDouble(Double::doubleValue).sum());
            bench.out().printf("%-12s %,12.0f %14.1f%n", contender.label(), steady, cpu);
            medians.put(contender.label(), Map.of("commandsPerSecond", Math.round(steady), "cpuMicros", cpu));
        }
        var ratios = new LinkedHashMap<String, Double>();
        ratio(ratios, runs, "commands_vs_streams", Contender.PARTITION, Contender.STREAMS);
        ratio(ratios, runs, "commands_vs_limit", Contender.PARTITION, Contender.LIMIT);
        ratio(ratios, runs, "undecided_vs_streams", Contender.UNDECIDED, Contender.STREAMS);
        ratio(ratios, runs, "commands_aggregate_lock_vs_streams", Contender.AGGREGATE, Contender.STREAMS);
        ratio(ratios, runs, "commands_two_instances_vs_one", Contender.PARTITION_TWICE, Contender.PARTITION);
        ratio(ratios, runs, "commands_single_vs_batch", Contender.SINGLE, Contender.PARTITION);
        costs(bench, contenders, runs);
        bench.out().println();
        ratios.forEach((name, ratio) -> bench.out().printf("%s %.3f%n", name, ratio));
        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", "commands");
        figures.put("commands", options.commands());
        figures.put("accounts", options.accounts());
        figures.put("partitions", options.partitions());
        figures.put("heapMegabytes", options.heap());
        figures.put("seed", SEED);
        figures.put("runs", runs);
        figures.put("medians", medians);
        figures.put("ratios", ratios);
        FiguresFile.write(options.json(), figures);
    }

    private static void costs(Bench bench, List<Contender> contenders, List<Run> runs) {
        bench.out().printf("%n%-12s %14s %14s %14s %14s   medians%n", "", "heap B/command", "Redis B/cmd",
                "trips/1,000",
                "tx/1,000");
        for (Contender contender : contenders) {
            var costs = runs.stream().filter(run -> run.contender().equals(contender.label())).map(Run::cost)
                    .filter(Objects::nonNull).toList();
            if (!costs.isEmpty()) {
                bench.out().printf("%-12s %,14.0f %,14.0f %14.2f %14.2f%n", contender.label(),
                        Rounds.median(costs.stream().mapToDouble(Cost::heapBytes)),
                        Rounds.median(costs.stream().mapToDouble(Cost::redisBytes)),
                        Rounds.median(costs.stream().mapToDouble(Cost::roundTrips)),
                        Rounds.median(costs.stream().mapToDouble(Cost::transactions)));
            }
        }
    }

    private static void ratio(Map<String, Double> ratios, List<Run> runs, String name, Contender above,
            Contender below) {
        if (took(runs, above) && took(runs, below)) {
            ratios.put(name, median(runs, above, Course::steady) / median(runs, below, Course::steady));
        }
    }

    private static boolean took(List<Run> runs, Contender contender) {
        return runs.stream().anyMatch(run -> run.contender().equals(contender.label()));
    }

    private static double median(List<Run> runs, Contender contender, ToDoubleFunction<Course> figure) {
        return Rounds.median(runs.stream().filter(run -> run.contender().equals(contender.label())).map(Run::course)
                .mapToDouble(figure));
    }
}
