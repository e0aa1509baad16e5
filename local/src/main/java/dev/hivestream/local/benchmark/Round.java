package dev.hivestream.local.benchmark;

/**
 * What one run of a contender took.
 *
 * @param number from 1
 * @param events that it read
 * @param seconds that it says it took for them
 * @param process that its process took, from the start to the end, in seconds
 */
record Round(int number, String contender, long events, double seconds, double process) {

    double eventsPerSecond() {
        return events / seconds;
    }
}
