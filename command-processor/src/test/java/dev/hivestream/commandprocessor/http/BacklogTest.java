package dev.hivestream.commandprocessor.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BacklogTest {

    private static final Duration LOST = Duration.ofSeconds(10);

    private final AtomicLong nanos = new AtomicLong();
    private final Backlog<String> backlog = new Backlog<>(nanos::get, Duration.ofSeconds(5));

    @Test
    void the_oldest_that_is_open_says_how_long_a_further_one_waits() {
        assertThat(backlog.age(LOST)).isZero();
        backlog.published("a");
        pass(1);
        backlog.published("b");
        pass(1);
        assertThat(backlog.age(LOST)).hasSeconds(2);
        backlog.over("a");
        assertThat(backlog.age(LOST)).hasSeconds(1);
        backlog.over("b");
        backlog.over("never");
        assertThat(backlog.age(LOST)).isZero();
        assertThat(backlog.size()).isZero();
    }

    @Test
    void a_repeat_waits_as_long_as_the_first() {
        backlog.published("a");
        pass(3);
        backlog.published("a");
        assertThat(backlog.age(LOST)).hasSeconds(3);
        backlog.over("a");
        assertThat(backlog.age(LOST)).isZero();
    }

    @Test
    void what_has_no_result_for_too_long_is_forgotten() {
        backlog.published("lost");
        pass(9);
        backlog.published("later");
        assertThat(backlog.age(LOST)).hasSeconds(9);
        pass(2);
        assertThat(backlog.age(LOST)).hasSeconds(2);
        assertThat(backlog.size()).isEqualTo(1);
    }

    @Test
    void many_wait_as_long_as_so_many_took() {
        for (int i = 0; i < 1_000; i++) {
            backlog.published("c" + i);
        }
        assertThat(backlog.atThisPace()).isZero();
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(500));
        decide(0, 7);
        assertThat(backlog.atThisPace()).as("few say nothing").isZero();
        decide(7, 50);
        assertThat(backlog.atThisPace()).hasMillis(9_500);
        pass(5);
        decide(50, 900);
        assertThat(backlog.atThisPace()).isLessThan(Duration.ofSeconds(1));
        decide(900, 1_000);
        assertThat(backlog.atThisPace()).isZero();
        backlog.published("after a rest");
        pass(1);
        assertThat(backlog.atThisPace()).as("of another time").isZero();
    }

    @Test
    void a_pace_of_long_ago_is_forgotten() {
        for (int i = 0; i < 10_000; i++) {
            backlog.published("c" + i);
        }
        int decided = 0;
        for (int second = 0; second < 60; second++) {
            pass(1);
            decide(decided, decided += second < 10 ? 500 : 10);
            backlog.atThisPace();
        }
        assertThat(backlog.atThisPace()).isBetween(Duration.ofMinutes(7), Duration.ofMinutes(9));
    }

    private void decide(int from, int to) {
        for (int i = from; i < to; i++) {
            backlog.over("c" + i);
        }
    }

    private void pass(int seconds) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }
}
