package dev.hivestream.local.benchmark;

/**
 * What one run of a contender took.
 *
 * @param number from 1
 * @param count of the events that it read, or of whatever else it did
 * @param seconds that it says it took for them
 * @param process that its process took, from the start to the end, in seconds
 */
record Round(int number, String contender, long count, double seconds, double process) {

    double perSecond() {
        return count / seconds;
    }
}
