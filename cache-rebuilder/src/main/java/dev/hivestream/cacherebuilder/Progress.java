package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.message.Slot;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * How far the work has come. Positions count markers of transactions too, events do not. Thread-safe.
 */
final class Progress {

    /** Events/s are those of the last seconds. */
    private static final long WINDOW_NANOS = 5_000_000_000L;

    /**
     * How far it is at a moment.
     *
     * @param phase what is being done
     * @param events folded in this phase
     * @param behind positions that are still to be read
     * @param percent of the phase, 0 to 100
     * @param eventsPerSecond over the last seconds
     * @param secondsLeft at that rate, or null if that cannot be said
     * @param waiting what is waited for, or null
     */
    record Now(String phase, long events, long behind, double percent, long eventsPerSecond,
            @Nullable Long secondsLeft, @Nullable String waiting) {}

    private record Reach(long start, long next, long end) {}

    private record Sample(long nanos, long events) {}

    private final Map<Slot, Reach> reaches = new ConcurrentHashMap<>();
    private final LongAdder events = new LongAdder();
    private final LongAdder all = new LongAdder();
    private final Counter counter;
    private volatile String phase = "starting";
    private volatile @Nullable String waiting;
    private Sample before = new Sample(System.nanoTime(), 0);
    private Sample last = before;

    Progress(MeterRegistry meters) {
        counter = meters.counter("hive.rebuild.events");
        Gauge.builder("hive.rebuild.progress", this, progress -> progress.now().percent() / 100).register(meters);
        Gauge.builder("hive.rebuild.lag", this, progress -> progress.now().behind()).register(meters);
        Gauge.builder("hive.rebuild.rate", this, progress -> progress.now().eventsPerSecond()).register(meters);
    }

    /** A new phase begins. */
    synchronized void begin(String what) {
        phase = what;
        reaches.clear();
        events.reset();
        before = new Sample(System.nanoTime(), all.sum());
        last = before;
    }

    /** A slot is to be read from a position to another one. */
    void reach(Slot slot, long next, long end) {
        reaches.put(slot, new Reach(next, next, Math.max(next, end)));
    }

    /** The log has grown. */
    void end(Slot slot, long end) {
        reaches.computeIfPresent(slot, (same, reach) -> new Reach(reach.start, reach.next, Math.max(reach.next, end)));
    }

    /** A slot was read so many events further. */
    void advanced(Slot slot, int more, long next) {
        events.add(more);
        all.add(more);
        counter.increment(more);
        reaches.computeIfPresent(slot,
                (same, reach) -> new Reach(reach.start, next, Math.max(next, reach.end)));
        waiting = null;
    }

    /** Nothing goes on until something is there again. */
    void waits(String what) {
        waiting = what;
    }

    /** All events since the start. */
    long total() {
        return all.sum();
    }

    /** How far it is. */
    synchronized Now now() {
        long nanos = System.nanoTime();
        long sum = all.sum();
        if (nanos - last.nanos > WINDOW_NANOS) {
            before = last;
            last = new Sample(nanos, sum);
        }
        double seconds = Math.max(0.001, (nanos - before.nanos) / 1e9);
        long rate = Math.round((sum - before.events) / seconds);
        long done = 0;
        long whole = 0;
        for (Reach reach : reaches.values()) {
            done += reach.next - reach.start;
            whole += reach.end - reach.start;
        }
        long behind = whole - done;
        return new Now(phase, events.sum(), behind, whole == 0 ? 100 : 100.0 * done / whole, rate,
                rate == 0 ? null : Long.valueOf(behind / rate), waiting);
    }
}
