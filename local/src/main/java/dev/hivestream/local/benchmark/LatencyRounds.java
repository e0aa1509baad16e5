package dev.hivestream.local.benchmark;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The runs of contenders that take turns, told as they come: how many a second, and how long each took. */
final class LatencyRounds {

    private final PrintStream out;
    private final List<LatencyRound> all = new ArrayList<>();

    /** None yet: prints the head of the table. */
    LatencyRounds(PrintStream out) {
        this.out = out;
        out.printf("%-8s %-12s %10s %10s %10s %10s%n", "round", "contender", "a second", "p50 ms", "p99 ms",
                "p99.9 ms");
    }

    /** Adds one and prints it. */
    void add(LatencyRound round) {
        all.add(round);
        print("" + round.round(), round);
    }

    /** Prints the medians. */
    void conclude() {
        medians().values().forEach(median -> print("median", median));
    }

    private void print(String name, LatencyRound round) {
        out.printf("%-8s %-12s %10.0f %10.2f %10.2f %10.2f%n", name, round.contender(), round.perSecond(), round.p50(),
                round.p99(), round.p999());
    }

    /** The median of a figure of a contender. */
    double median(String contender, ToDoubleFunction<LatencyRound> figure) {
        return Rounds.median(all.stream().filter(round -> round.contender().equals(contender)).mapToDouble(figure));
    }

    /** The medians, each by itself, of all contenders. */
    Map<String, LatencyRound> medians() {
        var medians = new LinkedHashMap<String, LatencyRound>();
        for (LatencyRound round : all) {
            medians.computeIfAbsent(round.contender(),
                    name -> new LatencyRound(0, name, Math.round(median(name, LatencyRound::count)),
                            median(name, LatencyRound::perSecond), median(name, LatencyRound::p50),
                            median(name, LatencyRound::p99), median(name, LatencyRound::p999)));
        }
        return medians;
    }

    /** Each run. */
    List<LatencyRound> all() {
        return List.copyOf(all);
    }
}
