package dev.hivestream.local.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecoverOptionsTest {

    @Test
    void measures_500_commands_a_second_and_a_million_events_if_nothing_is_said() {
        assertThat(parse()).isEqualTo(new RecoverOptions(500, 1_000_000, 100_000, 8, 3, 512, null));
    }

    @Test
    void has_a_fifth_as_many_accounts_as_events_if_these_are_few() {
        assertThat(parse("--events", "50").accounts()).isEqualTo(10);
        assertThat(parse("--events", "1").accounts()).isEqualTo(1);
    }

    @Test
    void takes_each_option_in_any_order() {
        assertThat(parse("--json", "a/b.json", "--heap", "64", "--rounds", "1", "--partitions", "2", "--accounts", "3",
                "--events", "4", "--rate", "5")).isEqualTo(
                        new RecoverOptions(5, 4, 3, 2, 1, 64, Path.of("a/b.json")));
    }

    @Test
    void says_what_it_does_not_understand() {
        assertThatThrownBy(() -> parse("--partitions", "1"))
                .hasMessage("--partitions is '1'; it takes a number from 2 to 2147483647");
        assertThatThrownBy(() -> parse("--seconds", "1")).hasMessage("Unknown option --seconds, see --help");
    }

    private static RecoverOptions parse(String... arguments) {
        return RecoverOptions.parse(List.of(arguments));
    }
}
