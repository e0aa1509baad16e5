package dev.hivestream.local.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.faults.Health.Held;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HealthTest {

    @Test
    void lets_threads_files_and_memory_come_and_go_but_not_pile_up() {
        var before = new Held(60, 150, 50);
        assertThat(before.leaks(new Held(70, 180, 90))).isFalse();
        assertThat(before.leaks(new Held(90, 150, 50))).isTrue();
        assertThat(before.leaks(new Held(60, 250, 50))).isTrue();
        assertThat(before.leaks(new Held(60, 150, 200))).isTrue();
    }

    @Test
    void finds_log_entries_with_a_stack_trace() {
        String broke = "2026-01-31T12:00:00.000Z ERROR 1 --- it broke";
        Stream<String> log = Stream.of("2026-01-31T12:00:00.000Z INFO all is well", broke,
                "java.lang.IllegalStateException: why", "\tat dev.hivestream.Some.method(Some.java:7)",
                "Caused by: java.io.IOException", "\tat app//org.other.Thing$1.<init>(Thing.java:9)", "at ease again");
        assertThat(Health.stackTraces(log)).isEqualTo(List.of(broke));
    }
}
