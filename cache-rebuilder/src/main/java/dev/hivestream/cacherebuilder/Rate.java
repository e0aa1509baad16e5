package dev.hivestream.cacherebuilder;

import java.util.concurrent.TimeUnit;

/** Keeps to a number of events a second, over all threads. Thread-safe. */
final class Rate {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final long perSecond;
    private long free = System.nanoTime();

    /** @param perSecond 0 is no limit */
    Rate(long perSecond) {
        this.perSecond = perSecond;
    }

    /** Waits until events that were read are within the rate. */
    void spend(int events) {
        if (perSecond <= 0) {
            return;
        }
        long wait;
        synchronized (this) {
            long now = System.nanoTime();
            free = Math.max(free, now) + events * SECOND / perSecond;
            wait = free - now;
        }
        try {
            TimeUnit.NANOSECONDS.sleep(wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
