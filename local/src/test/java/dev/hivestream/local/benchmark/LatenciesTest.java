package dev.hivestream.local.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LatenciesTest {

    @Test
    void tell_what_so_large_a_part_took_at_most() {
        var latencies = new Latencies();
        LongStream.rangeClosed(1, 2000).map(i -> 2001 - i).forEach(millis -> latencies.add(millis * 1_000_000));
        latencies.end(4_000_000_000L);
        assertThat(latencies.count()).isEqualTo(2000);
        assertThat(latencies.perSecond()).isEqualTo(500);
        assertThat(latencies.millis(0.5)).isEqualTo(1000);
        assertThat(latencies.millis(0.999)).isEqualTo(1998);
        assertThat(latencies.millis(1)).isEqualTo(2000);
    }
}
