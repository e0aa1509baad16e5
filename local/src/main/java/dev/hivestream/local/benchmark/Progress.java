package dev.hivestream.local.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** How much of its work somebody had done by when, and how fast that was. Not thread-safe. */
final class Progress {

    /** What is fast enough to be called warm. */
    private static final double WARM = 0.8;

    private final List<Double> seconds = new ArrayList<>();
    private final List<Long> done = new ArrayList<>();

    /** Looked at so many seconds after the start. */
    void add(double now, long count) {
        seconds.add(now);
        done.add(count);
    }

    /** What the rates between the looks come to: those of the last third are steady. */
    double steady() {
        int first = first();
        int windows = seconds.size() - 1 - first;
        return Rounds.median(IntStream.range(seconds.size() - 1 - Math.max(1, windows / 3), seconds.size() - 1)
                .mapToDouble(this::rate));
    }

    /** The seconds from the start until it was four fifths as fast as that, and stayed so for two looks. */
    double secondsUntilWarm() {
        double enough = WARM * steady();
        for (int i = first(); i < seconds.size() - 2; i++) {
            if (rate(i) >= enough && rate(i + 1) >= enough) {
                return seconds.get(i);
            }
        }
        return seconds.getLast();
    }

    /** The seconds from the start until the first was done. */
    double secondsUntilFirst() {
        return seconds.get(first());
    }

    private double rate(int window) {
        return (done.get(window + 1) - done.get(window)) / (seconds.get(window + 1) - seconds.get(window));
    }

    // the last look before anything was done
    private int first() {
        return IntStream.range(0, seconds.size() - 1).filter(i -> done.get(i + 1) > done.get(0)).findFirst()
                .orElseThrow(() -> new Failure("The result is wrong: nothing was done"));
    }
}
