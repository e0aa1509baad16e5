package dev.hivestream.local.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class GapsTest {

    private static final long SECOND = 1_000_000_000;

    @Test
    void end_with_what_was_seen_after_the_longest_time() {
        var gaps = new Gaps(Set.of(1, 2), 0);
        gaps.seen(1, 100, SECOND);
        gaps.seen(2, 100, 2 * SECOND);
        gaps.seen(3, 900, 2 * SECOND);
        assertThat(gaps.areOver(100)).isFalse();
        gaps.seen(1, 101, 5 * SECOND);
        assertThat(gaps.areOver(100)).isFalse();
        gaps.seen(2, 101, 3 * SECOND);
        gaps.seen(1, 102, 6 * SECOND);
        assertThat(gaps.areOver(100)).isTrue();
        assertThat(gaps.seconds()).containsExactlyInAnyOrder(5.0, 2.0);
    }
}
