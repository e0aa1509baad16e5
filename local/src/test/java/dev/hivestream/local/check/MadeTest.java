package dev.hivestream.local.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MadeTest {

    record Anything(String text, long number, boolean flag) {}

    @Test
    void what_does_not_hold_is_found_and_told_with_its_seed_in_a_smaller_case() {
        assertThatThrownBy(() -> Made.cases(500,
                made -> assertThat(made.list(made::number)).hasSizeLessThan(5)))
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("Case .* fails, also at size [0-9]+ of .*-Dseed=.*")
                .hasRootCauseInstanceOf(AssertionError.class);
    }

    @Test
    void the_same_seed_makes_the_same_case() {
        List<Object> first = new ArrayList<>();
        List<Object> second = new ArrayList<>();
        for (List<Object> all : List.of(first, second)) {
            Made made = new Made(7, 30);
            for (int i = 0; i < 100; i++) {
                all.add(made.record(Anything.class));
                all.add(new String(made.changed(made.text().getBytes()), java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
        assertThat(second).isEqualTo(first);
    }
}
