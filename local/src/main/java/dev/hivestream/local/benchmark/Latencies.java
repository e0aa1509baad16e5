package dev.hivestream.local.benchmark;

import java.util.Arrays;

/** How long each of many like things took. Not thread-safe. */
final class Latencies {

    private long[] nanos = new long[1024];
    private int count;
    private long whole;

    void add(long took) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = took;
    }

    /** There are no more; all of them together took so long. */
    void end(long took) {
        whole = took;
        Arrays.sort(nanos, 0, count);
    }

    /** How many there are. */
    int count() {
        return count;
    }

    double seconds() {
        return whole / 1e9;
    }

    double perSecond() {
        return count / seconds();
    }

    /** What so large a part of them took at most, in milliseconds: the nearest rank. */
    double millis(double part) {
        return nanos[Math.max(0, (int) Math.ceil(part * count) - 1)] / 1e6;
    }
}
