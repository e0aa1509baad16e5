package dev.hivestream.commandprocessor.http;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The commands that were published and are not known to be decided, whether somebody waits for them or not. They tell how long
 * a further one has to wait: as long as the oldest has waited, if they are of one partition, which is decided in order; and as
 * long as so many took lately. Thread-safe.
 *
 * @param <C> names a command
 */
final class Backlog<C> {

    /** Fewer say nothing about the pace: the batch behind them may be any number. */
    private static final int FEW = 8;

    private final LongSupplier nanos;
    private final Duration longest;
    private final Map<C, Long> open = new LinkedHashMap<>();
    /** Since when there is always something to decide, later the weight of what is long ago is halved; and how many were since. */
    private long busySince;
    private long decided;

    /**
     * With nothing in it.
     *
     * @param nanos the time
     * @param longest wait that is borne
     */
    Backlog(LongSupplier nanos, Duration longest) {
        this.nanos = nanos;
        this.longest = longest;
    }

    /** One more; a repeat of one that is open changes nothing. */
    synchronized void published(C command) {
        long now = nanos.getAsLong();
        if (open.isEmpty()) {
            busySince = now;
            decided = 0;
        }
        open.putIfAbsent(command, now);
    }

    /** It is decided, or will never be. */
    synchronized void over(C command) {
        if (open.remove(command) != null) {
            decided++;
        }
    }

    /**
     * How long the oldest has waited.
     *
     * @param lost one that has waited longer is counted no more: its result may never come
     */
    synchronized Duration age(Duration lost) {
        long now = nanos.getAsLong();
        Iterator<Long> oldest = open.values().iterator();
        while (oldest.hasNext()) {
            long age = now - oldest.next();
            if (age <= lost.toNanos()) {
                return Duration.ofNanos(age);
            }
            oldest.remove();
        }
        return Duration.ZERO;
    }

    /** How long so many took lately; nothing if that is not known. */
    synchronized Duration atThisPace() {
        long busy = nanos.getAsLong() - busySince;
        if (busy > longest.toNanos()) {
            busySince += busy / 2;
            decided /= 2;
            busy -= busy / 2;
        }
        boolean known = decided >= FEW && busy >= longest.toNanos() / 10;
        return known ? Duration.ofNanos(open.size() * (busy / decided)) : Duration.ZERO;
    }

    /** Nothing is known of any. */
    synchronized void clear() {
        open.clear();
    }

    /** How many there are. */
    synchronized int size() {
        return open.size();
    }
}
