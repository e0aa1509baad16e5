package dev.hivestream.local.benchmark;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.DoubleStream;

/**
 * The longest time for which nothing was seen of each of some partitions, of which there is always something to be seen.
 * Times are those of {@link System#nanoTime}. Not thread-safe.
 */
final class Gaps {

    private final long since;
    private final Map<Integer, Gap> gaps = new HashMap<>();

    private static final class Gap {
        private long last;
        private long longest;
        private long end;
        private long made = Long.MIN_VALUE;
    }

    Gaps(Set<Integer> partitions, long since) {
        this.since = since;
        partitions.forEach(partition -> {
            var gap = new Gap();
            gap.last = since;
            gap.end = since;
            gaps.put(partition, gap);
        });
    }

    /**
     * Something was seen.
     *
     * @param made when it was made, in milliseconds since 1970
     */
    void seen(int partition, long made, long now) {
        var gap = gaps.get(partition);
        if (gap == null) {
            return;
        }
        if (now - gap.last > gap.longest) {
            gap.longest = now - gap.last;
            gap.end = now;
        }
        gap.last = now;
        gap.made = Math.max(gap.made, made);
    }

    /** Whether something that was made later than this was seen of each. */
    boolean areOver(long millis) {
        return gaps.values().stream().allMatch(gap -> gap.made > millis);
    }

    /** The seconds until the end of each longest one. */
    DoubleStream seconds() {
        return gaps.values().stream().mapToDouble(gap -> (gap.end - since) / 1e9);
    }
}
