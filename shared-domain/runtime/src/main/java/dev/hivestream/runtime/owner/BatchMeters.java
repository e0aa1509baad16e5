package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Slot;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** Counts batches and times their steps. Thread-safe. Names are stable; they are listed in docs/metrics.md. */
public abstract class BatchMeters implements Attempt.Watcher {

    private final MeterRegistry meters;
    private final String tag;
    private final DistributionSummary batches;

    /**
     * Of an app.
     *
     * @param tag for the names of slots: aggregate, or saga
     * @param records what batches consist of
     */
    protected BatchMeters(MeterRegistry meters, String tag, String records) {
        this.meters = meters;
        this.tag = tag;
        this.batches = DistributionSummary.builder("hive.batch.size").description(records + " in a batch")
                .register(meters);
    }

    /** Where the app's own are registered. */
    protected final MeterRegistry meters() {
        return meters;
    }

    @Override
    public final void batch(int size) {
        batches.record(size);
    }

    @Override
    public final long step(String name, long since) {
        long now = System.nanoTime();
        Timer.builder("hive.step").tag("step", name).register(meters).record(now - since, TimeUnit.NANOSECONDS);
        return now;
    }

    @Override
    public final void overtaken(Slot slot) {
        meters.counter("hive.writeback.overtaken", tag, slot.aggregate()).increment();
    }

    /** Nothing is counted; for who waits for it. */
    @Override
    public void written(Slot slot, Checkpoint checkpoint) {
        // no meter
    }
}
