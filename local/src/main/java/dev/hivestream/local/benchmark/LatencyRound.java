package dev.hivestream.local.benchmark;

/**
 * What came of one run of a contender.
 *
 * @param round from 1
 * @param count of what was done
 * @param p50 and the others in milliseconds
 */
record LatencyRound(int round, String contender, long count, double perSecond, double p50, double p99, double p999) {

    static LatencyRound of(int round, String contender, Latencies latencies) {
        return new LatencyRound(round, contender, latencies.count(), latencies.perSecond(), latencies.millis(0.5),
                latencies.millis(0.99), latencies.millis(0.999));
    }
}
