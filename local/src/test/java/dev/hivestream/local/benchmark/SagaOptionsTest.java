package dev.hivestream.local.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class SagaOptionsTest {

    @Test
    void measures_twenty_thousand_transfers_and_a_million_events_if_nothing_is_said() {
        assertThat(parse()).isEqualTo(new SagaOptions(20_000, 1_000, 8, 1_000_000, 3, 512, null));
    }

    @Test
    void takes_each_option_in_any_order() {
        assertThat(parse("--json", "a/b.json", "--heap", "64", "--rounds", "1", "--events", "5", "--partitions", "2",
                "--accounts", "3", "--transfers", "4")).isEqualTo(
                        new SagaOptions(4, 3, 2, 5, 1, 64, Path.of("a/b.json")));
    }

    @Test
    void says_what_it_does_not_understand() {
        assertThatThrownBy(() -> parse("--transfers", "0"))
                .hasMessage("--transfers is '0'; it takes a number from 1 to 2147483647");
        assertThatThrownBy(() -> parse("--accounts", "1"))
                .hasMessage("--accounts is '1'; it takes a number from 2 to 2147483647");
        assertThatThrownBy(() -> parse("--events")).hasMessage("--events wants a value");
        assertThatThrownBy(() -> parse("--fast", "1")).hasMessage("Unknown option --fast, see --help");
    }

    private static SagaOptions parse(String... arguments) {
        return SagaOptions.parse(List.of(arguments));
    }
}
