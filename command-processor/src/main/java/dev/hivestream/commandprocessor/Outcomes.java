package dev.hivestream.commandprocessor;

import dev.hivestream.runtime.message.Result;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** What is counted. Thread-safe. Names are stable; they are listed in docs/metrics.md. */
final class Outcomes {

    private final MeterRegistry meters;
    private final DistributionSummary batches;

    Outcomes(MeterRegistry meters) {
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

    void overtaken(String aggregate) {
        meters.counter("hive.writeback.overtaken", "aggregate", aggregate).increment();
    }

    void batch(int size) {
        batches.record(size);
    }

    /** Ends a step that began at {@code since} (nano time); gives the time at which the next one begins. */
    long step(String name, long since) {
        long now = System.nanoTime();
        Timer.builder("hive.step").tag("step", name).register(meters).record(now - since, TimeUnit.NANOSECONDS);
        return now;
    }
}
