package dev.hivestream.local.benchmark;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** The runs of contenders that take turns, told as they come. */
final class Rounds {

    private final PrintStream out;
    private final String unit;
    private final List<Round> all = new ArrayList<>();

    /**
     * None yet: prints the head of the table.
     *
     * @param unit what is counted
     */
    Rounds(PrintStream out, String unit) {
        this.out = out;
        this.unit = unit;
        out.printf("%-8s %-10s %12s %10s %18s%n", "round", "contender", unit + "/s", "seconds", "process, seconds");
    }

    /**
     * Adds one and prints it.
     *
     * @param ran reports the members {@code events} and {@code seconds}
     * @throws Failure if these are not there, or other events than expected were read
     */
    void add(int number, String contender, Bench.Ran ran, long expected) {
        var events = ran.report().path("events");
        var seconds = ran.report().path("seconds");
        if (!events.isIntegralNumber() || !seconds.isNumber() || seconds.asDouble() <= 0) {
            throw new Failure(contender + " did not tell events and seconds but: " + ran.report());
        }
        if (events.asLong() != expected) {
            throw new Failure("The result is wrong: " + contender + " read " + events.asLong() + " of " + expected
                    + " events");
        }
        add(new Round(number, contender, events.asLong(), seconds.asDouble(), ran.seconds()));
    }

    /** Adds one and prints it. */
    void add(Round round) {
        all.add(round);
        print("" + round.number(), round.contender(), round.perSecond(), round.seconds(), round.process());
    }

    /** Prints the medians. */
    void conclude() {
        contenders().forEach(contender -> print("median", contender, perSecond(contender),
                median(contender, Round::seconds), median(contender, Round::process)));
    }

    private void print(String round, String contender, double perSecond, double seconds, double process) {
        out.printf("%-8s %-10s %12.0f %10.2f %18.2f%n", round, contender, perSecond, seconds, process);
    }

    /** The median. */
    double perSecond(String contender) {
        return median(contender, Round::perSecond);
    }

    private double median(String contender, ToDoubleFunction<Round> figure) {
        return median(all.stream().filter(round -> round.contender().equals(contender)).mapToDouble(figure));
    }

    /** The median of some figures, at least one. */
    static double median(DoubleStream figures) {
        double[] sorted = figures.sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private List<String> contenders() {
        return all.stream().map(Round::contender).distinct().toList();
    }

    /** Each run, for a file. */
    List<Map<String, Object>> figures() {
        return all.stream().map(round -> {
            var figures = new LinkedHashMap<String, Object>();
            figures.put("round", round.number());
            figures.put("contender", round.contender());
            figures.put(unit, round.count());
            figures.put(unit + "PerSecond", Math.round(round.perSecond()));
            figures.put("seconds", round.seconds());
            figures.put("processSeconds", round.process());
            return (Map<String, Object>) figures;
        }).toList();
    }

    /** The medians by contender, for a file. */
    Map<String, Object> medians() {
        var medians = new LinkedHashMap<String, Object>();
        for (String contender : contenders()) {
            var figures = new LinkedHashMap<String, Object>();
            figures.put(unit + "PerSecond", Math.round(perSecond(contender)));
            figures.put("seconds", median(contender, Round::seconds));
            figures.put("processSeconds", median(contender, Round::process));
            medians.put(contender, figures);
        }
        return medians;
    }
}
