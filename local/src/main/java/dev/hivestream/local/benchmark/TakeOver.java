package dev.hivestream.local.benchmark;

import java.util.List;

/**
 * How an owner's partitions came to the next.
 *
 * @param round from 1
 * @param end how the owner ended
 * @param partitions that it had
 * @param first seconds from its end, or from the request to end, until the next has decided a command of one of them
 * @param last … and of each of them
 */
record TakeOver(int round, String end, int partitions, double first, double last) {

    /** The median of the seconds until all partitions go on. */
    static double median(List<TakeOver> all, String end) {
        return Rounds.median(all.stream().filter(one -> one.end().equals(end)).mapToDouble(TakeOver::last));
    }
}
