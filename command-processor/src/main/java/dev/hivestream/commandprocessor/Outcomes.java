package dev.hivestream.commandprocessor;

import dev.hivestream.commandprocessor.http.Reflections;
import dev.hivestream.runtime.cache.Watermark;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Attempt;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** What is counted. Thread-safe. Names are stable; they are listed in docs/metrics.md. */
final class Outcomes implements Attempt.Watcher {

    private final MeterRegistry meters;
    private final DistributionSummary batches;
    private final Reflections reflections;

    Outcomes(MeterRegistry meters, Reflections reflections) {
        this.reflections = reflections;
        this.meters = meters;
        this.batches = DistributionSummary.builder("hive.batch.size").description("Commands in a batch")
                .register(meters);
    }

    void count(String aggregate, Result.Outcome outcome) {
        meters.counter("hive.commands", "aggregate", aggregate, "outcome", outcome.name()).increment();
    }

    void duplicate(String aggregate) {
        meters.counter("hive.commands.duplicate", "aggregate", aggregate).increment();
    }

    void redelivered(String aggregate) {
        meters.counter("hive.commands.redelivered", "aggregate", aggregate).increment();
    }

    void forwarded(String aggregate) {
        meters.counter("hive.commands.forwarded", "aggregate", aggregate).increment();
    }

    @Override
    public void overtaken(Slot slot) {
        meters.counter("hive.writeback.overtaken", "aggregate", slot.aggregate()).increment();
    }

    @Override
    public void written(Slot slot, Watermark watermark) {
        reflections.advanced(slot, watermark);
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
}
