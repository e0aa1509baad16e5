package dev.hivestream.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VersionViolationsTest {

    private final VersionViolations violations = new VersionViolations(2);

    @Test
    void a_place_that_is_not_named_is_counted_once_too() {
        for (int pass = 0; pass < 3; pass++) {
            for (long offset = 0; offset < 5; offset++) {
                assertThat(violations.add(at(offset))).isEqualTo(pass == 0);
            }
        }

        assertThat(violations.count()).isEqualTo(5);
        assertThat(violations.named()).containsExactly(at(0), at(1));
    }

    @Test
    void what_two_folds_have_found_is_counted_once() {
        VersionViolations others = new VersionViolations(2);
        for (long offset = 0; offset < 5; offset++) {
            violations.add(at(offset));
            others.add(at(offset + 2));
        }

        violations.addAll(others);

        assertThat(violations.count()).isEqualTo(7);
        assertThat(violations.named()).containsExactly(at(0), at(1));
    }

    private static VersionViolation at(long offset) {
        return new VersionViolation(VersionViolation.Kind.REPEATED, "account.events", 3, offset, "ada", 1, 2);
    }
}
