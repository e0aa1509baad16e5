package dev.hivestream.sagamanager;

import dev.hivestream.runtime.cache.Watermark;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Attempt;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** What is counted. Thread-safe. Names are stable; they are listed in docs/metrics.md. */
final class SagaMeters implements Attempt.Watcher {

    private final MeterRegistry meters;
    private final DistributionSummary batches;

    SagaMeters(MeterRegistry meters) {
        this.meters = meters;
        this.batches = DistributionSummary.builder("hive.batch.size").description("Messages in a batch")
                .register(meters);
    }

    void routed(String saga) {
        count("hive.saga.routed", saga);
    }

    void handled(String saga) {
        count("hive.saga.messages", saga);
    }

    void ignored(String saga) {
        count("hive.saga.ignored", saga);
    }

    void sent(String saga, int commands) {
        meters.counter("hive.saga.commands", "saga", saga).increment(commands);
    }

    void parked(String saga) {
        count("hive.saga.parked", saga);
    }

    void deadLettered(String saga) {
        count("hive.saga.dead", saga);
    }

    void deadline(String saga) {
        count("hive.saga.deadlines", saga);
    }

    private void count(String name, String saga) {
        meters.counter(name, "saga", saga).increment();
    }

    @Override
    public void batch(int size) {
        batches.record(size);
    }

    @Override
    public long step(String name, long since) {
        long now = System.nanoTime();
        Timer.builder("hive.step").tag("step", name).register(meters).record(now - since, TimeUnit.NANOSECONDS);
        return now;
    }

    @Override
    public void written(Slot slot, Watermark watermark) {
        // nobody waits for it here
    }

    @Override
    public void overtaken(Slot slot) {
        meters.counter("hive.writeback.overtaken", "saga", slot.aggregate()).increment();
    }
}
