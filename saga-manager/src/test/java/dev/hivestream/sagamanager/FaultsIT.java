package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.faults.Report;
import dev.hivestream.local.faults.SagaChange;
import dev.hivestream.local.faults.Trial;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Short rounds of {@code bin/faults}. */
class FaultsIT {

    private static final Duration BROKEN = Duration.ofSeconds(Integer.getInteger("faults.seconds", 15));
    private static final List<String> KINDS = List.of("app-kill", "redis-flush", "broker-kill", "net-reset");

    @Test
    void nothing_is_lost_repeated_or_made_up_while_apps_brokers_redis_and_connections_break() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime() % 1_000_000);
        System.out.println("FaultsIT: -Dseed=" + seed);
        try (var trial = Trial.of(seed, Duration.ZERO, BROKEN, KINDS, Path.of("target", "faults", "suite"),
                System.out)) {
            Report report = trial.run();
            assertThat(report.violations()).isEmpty();
            assertThat(report.faults()).isNotEmpty();
        }
    }

    @Test
    @Tag("faults")
    void no_change_of_a_saga_repeats_what_was_done_or_loses_what_comes() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime() % 1_000_000);
        System.out.println("FaultsIT: -Dseed=" + seed);
        try (var change = SagaChange.of(seed, Duration.ZERO, Path.of("target", "faults", "saga-change"), System.out)) {
            assertThat(change.run().violations()).isEmpty();
        }
    }
}
