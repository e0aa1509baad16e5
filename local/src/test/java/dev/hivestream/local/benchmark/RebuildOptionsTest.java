package dev.hivestream.local.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RebuildOptionsTest {

    @Test
    void measures_five_million_events_if_nothing_is_said() {
        assertThat(parse()).isEqualTo(new RebuildOptions(5_000_000, 1_000_000, 8, 3, 1024, null));
    }

    @Test
    void takes_each_option_in_any_order() {
        assertThat(parse("--json", "a/b.json", "--heap", "64", "--rounds", "1", "--partitions", "2", "--accounts", "3",
                "--events", "4")).isEqualTo(new RebuildOptions(4, 3, 2, 1, 64, Path.of("a/b.json")));
    }

    @Test
    void has_fewer_accounts_for_fewer_events() {
        assertThat(parse("--events", "500000").accounts()).isEqualTo(100_000);
        assertThat(parse("--events", "3").accounts()).isEqualTo(1);
        assertThat(parse("--events", "50000000").accounts()).isEqualTo(1_000_000);
    }

    @Test
    void says_what_it_does_not_understand() {
        assertThatThrownBy(() -> parse("--events", "many"))
                .hasMessage("--events is 'many'; it takes a number from 1 to 2147483647");
        assertThatThrownBy(() -> parse("--rounds", "0"))
                .hasMessage("--rounds is '0'; it takes a number from 1 to 2147483647");
        assertThatThrownBy(() -> parse("--accounts", "9999999999"))
                .hasMessage("--accounts is '9999999999'; it takes a number from 1 to 2147483647");
        assertThatThrownBy(() -> parse("--events", "10", "--accounts", "11"))
                .hasMessage("--accounts is 11 and --events 10; every account has at least one event");
        assertThatThrownBy(() -> parse("--heap")).hasMessage("--heap wants a value");
        assertThatThrownBy(() -> parse("--fast", "1")).hasMessage("Unknown option --fast, see --help");
    }

    private static RebuildOptions parse(String... arguments) {
        return RebuildOptions.parse(List.of(arguments));
    }
}
