package dev.hivestream.local.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** How the command-processor's speed and cost change with partitions, aggregates, and the size of their snapshots. */
final class Growth implements SubCommand {

    static final List<String> SERIES = List.of("partitions", "accounts", "snapshots");

    private static final int FEW_ACCOUNTS = 10_000;
    private static final int USUAL_ACCOUNTS = 100_000;
    private static final int MANY_ACCOUNTS = 1_000_000;
    private static final int USUAL_PARTITIONS = 8;
    private static final int EACH = 10;

    private final GrowthOptions options;

    Growth(GrowthOptions options) {
        this.options = options;
    }

    /**
     * What is measured.
     *
     * @param value of the series, for instance the number of partitions
     * @param ownerBytes the size of a state, nearly
     */
    private record Point(String series, int value, int commands, int accounts, int partitions, int ownerBytes) {}

    /** How it was. */
    private record Run(String series, int value, int round, Course course, Cost cost) {}

    @Override
    public void run(Bench bench) throws Exception {
        bench.out().printf("One command-processor, a lock a partition; the rate is that of the second half%n%n");
        bench.out().printf("%-11s %10s %12s %15s %12s %12s %9s   %s%n", "series", "value", "commands/s",
                "heap B/command", "Redis B/cmd", "trips/1,000", "tx/1,000", "µs of CPU a command");
        var runs = new ArrayList<Run>();
        try (var arena = new Arena(bench)) {
            for (int round = 1; round <= options.rounds(); round++) {
                for (Point point : points()) {
                    var of = new CommandsOptions(point.commands(), point.accounts(), point.partitions(), 1,
                            options.heap(), Set.of(), null);
                    var result = new Race(bench, arena, Contender.PARTITION, round, of, point.ownerBytes()).run();
                    var run = new Run(point.series(), point.value(), round, result.course(),
                            Objects.requireNonNull(result.cost()));
                    runs.add(run);
                    bench.out().printf("%-11s %,10d %,12.0f %,15.0f %,12.0f %12.2f %9.2f   %s%n", run.series(),
                            run.value(), run.course().steady(), run.cost().heapBytes(), run.cost().redisBytes(),
                            run.cost().roundTrips(), run.cost().transactions(), Commands.cpu(run.course()));
                }
            }
        }
        var ratios = new LinkedHashMap<String, Double>();
        if (options.only().isEmpty() || options.only().contains("accounts")) {
            ratios.put("commands_million_vs_ten_thousand_accounts", median(runs, "accounts", MANY_ACCOUNTS)
                    / median(runs, "accounts", FEW_ACCOUNTS));
        }
        if (options.only().isEmpty() || options.only().contains("partitions")) {
            ratios.put("commands_16_vs_1_partitions", median(runs, "partitions", 16) / median(runs, "partitions", 1));
        }
        bench.out().println();
        ratios.forEach((name, ratio) -> bench.out().printf("%s %.3f%n", name, ratio));
        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", "growth");
        figures.put("runs", runs);
        figures.put("ratios", ratios);
        FiguresFile.write(options.json(), figures);
    }

    private List<Point> points() {
        var points = new ArrayList<Point>();
        int all = options.commands();
        for (int partitions : List.of(1, 2, 4, 8, 16)) {
            points.add(new Point("partitions", partitions, all, Math.min(USUAL_ACCOUNTS, all / 2), partitions,
                    Race.OWNER_BYTES));
        }
        for (int accounts : List.of(FEW_ACCOUNTS, USUAL_ACCOUNTS, MANY_ACCOUNTS)) {
            points.add(new Point("accounts", accounts, Math.max(all, 2 * accounts), accounts, USUAL_PARTITIONS,
                    Race.OWNER_BYTES));
        }
        for (int bytes : List.of(100, 1_000, 10_000, 100_000)) {
            // few for each, so that what is remembered of them is the smaller part
            int commands = (int) Math.min(all, all * 1_000L / bytes);
            points.add(new Point("snapshots", bytes, commands, commands / EACH, USUAL_PARTITIONS, bytes));
        }
        points.removeIf(point -> !options.only().isEmpty() && !options.only().contains(point.series()));
        return points;
    }

    private static double median(List<Run> runs, String series, int value) {
        return Rounds.median(runs.stream().filter(run -> run.series().equals(series) && run.value() == value)
                .mapToDouble(run -> run.course().steady()));
    }
}
