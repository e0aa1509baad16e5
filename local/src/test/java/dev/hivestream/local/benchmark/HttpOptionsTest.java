package dev.hivestream.local.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class HttpOptionsTest {

    @Test
    void measures_ten_seconds_each_on_a_hundred_thousand_accounts_if_nothing_is_said() {
        assertThat(parse()).isEqualTo(new HttpOptions(10, 3, 100_000, 8, 512, null));
    }

    @Test
    void takes_each_option_in_any_order() {
        assertThat(parse("--json", "a/b.json", "--heap", "64", "--rounds", "1", "--partitions", "2", "--accounts", "3",
                "--seconds", "4")).isEqualTo(new HttpOptions(4, 1, 3, 2, 64, Path.of("a/b.json")));
    }

    @Test
    void says_what_it_does_not_understand() {
        assertThatThrownBy(() -> parse("--seconds", "0"))
                .hasMessage("--seconds is '0'; it takes a number from 1 to 2147483647");
        assertThatThrownBy(() -> parse("--events", "1")).hasMessage("Unknown option --events, see --help");
    }

    private static HttpOptions parse(String... arguments) {
        return HttpOptions.parse(List.of(arguments));
    }
}
