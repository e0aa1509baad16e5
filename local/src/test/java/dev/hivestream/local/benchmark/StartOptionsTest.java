package dev.hivestream.local.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartOptionsTest {

    @Test
    void starts_three_times_if_nothing_is_said() {
        assertThat(StartOptions.parse(List.of())).isEqualTo(new StartOptions(3, 2_000_000, null));
        assertThat(StartOptions.parse(List.of("--rounds", "1", "--commands", "5", "--json", "a.json")))
                .isEqualTo(new StartOptions(1, 5, Path.of("a.json")));
    }

    @Test
    void says_what_it_does_not_understand() {
        assertThatThrownBy(() -> StartOptions.parse(List.of("--heap", "64")))
                .hasMessage("Unknown option --heap, see --help");
    }
}
