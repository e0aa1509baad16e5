package dev.hivestream.local.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProgressTest {

    @Test
    void is_steady_in_its_last_third_and_warm_when_it_is_nearly_as_fast() {
        var progress = progress(0, 0, 0, 10, 40, 130, 180, 290, 390, 490, 590, 690);
        assertThat(progress.secondsUntilFirst()).isEqualTo(2);
        assertThat(progress.steady()).isEqualTo(100);
        // the 90 of the fifth second did not last
        assertThat(progress.secondsUntilWarm()).isEqualTo(6);
    }

    @Test
    void of_nothing_is_a_failure() {
        assertThatThrownBy(progress(0, 0, 0)::steady).isInstanceOf(Failure.class);
    }

    private static Progress progress(long... done) {
        var progress = new Progress();
        for (int i = 0; i < done.length; i++) {
            progress.add(i, done[i]);
        }
        return progress;
    }
}
