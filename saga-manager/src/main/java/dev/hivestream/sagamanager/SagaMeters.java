package dev.hivestream.sagamanager;

import dev.hivestream.runtime.owner.BatchMeters;
import io.micrometer.core.instrument.MeterRegistry;

/** What is counted. Thread-safe. Names are stable; they are listed in docs/sagas.md. */
final class SagaMeters extends BatchMeters {

    SagaMeters(MeterRegistry meters) {
        super(meters, "saga", "Messages");
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
        meters().counter("hive.saga.commands", "saga", saga).increment(commands);
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
        meters().counter(name, "saga", saga).increment();
    }
}
