package dev.hivestream.commandprocessor;

import dev.hivestream.commandprocessor.http.Reflections;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.BatchMeters;
import io.micrometer.core.instrument.MeterRegistry;

/** What is counted. Thread-safe. Names are stable; they are listed in docs/metrics.md. */
final class Outcomes extends BatchMeters {

    private final Reflections reflections;

    Outcomes(MeterRegistry meters, Reflections reflections) {
        super(meters, "aggregate", "Commands");
        this.reflections = reflections;
    }

    void count(String aggregate, Result.Outcome outcome, int commands) {
        if (commands > 0) {
            meters().counter("hive.commands", "aggregate", aggregate, "outcome", outcome.name()).increment(commands);
        }
    }

    void duplicate(String aggregate) {
        meters().counter("hive.commands.duplicate", "aggregate", aggregate).increment();
    }

    void redelivered(String aggregate) {
        meters().counter("hive.commands.redelivered", "aggregate", aggregate).increment();
    }

    void forwarded(String aggregate) {
        meters().counter("hive.commands.forwarded", "aggregate", aggregate).increment();
    }

    @Override
    public void written(Slot slot, Checkpoint checkpoint) {
        reflections.advanced(slot, checkpoint);
    }
}
