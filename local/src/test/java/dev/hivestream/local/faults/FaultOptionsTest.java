package dev.hivestream.local.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.local.StartFailure;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultOptionsTest {

    @Test
    void has_all_kinds_of_faults_unless_told_otherwise() {
        assertThat(FaultOptions.parse(List.of()).only()).containsExactlyInAnyOrder(Kind.values());
        assertThat(FaultOptions.parse(List.of("--only", "app-kill,redis-old")).only())
                .containsExactlyInAnyOrder(Kind.APP_KILL, Kind.REDIS_OLD);
    }

    @Test
    void says_what_it_does_not_understand() {
        assertRefused("Unknown option --sed", "--sed", "1");
        assertRefused("--seed wants a value", "--seed");
        assertRefused("--minutes is 'few'", "--minutes", "few");
        assertRefused("There is no kind of faults 'earthquake'; there are app-kill", "--only", "earthquake");
        assertRefused("There is no mutation 'none'; there are no-condition", "--mutation", "none");
    }

    @Test
    void a_seed_gives_one_schedule_in_which_every_kind_comes() {
        var first = new Schedule(EnumSet.allOf(Kind.class), 5);
        var second = new Schedule(EnumSet.allOf(Kind.class), 5);
        List<Kind> drawn = new ArrayList<>();
        while (drawn.size() < Kind.values().length) {
            List<Kind> next = first.next();
            assertThat(second.next()).isEqualTo(next);
            assertThat(next.stream().map(Kind::part)).doesNotHaveDuplicates();
            drawn.addAll(next);
        }
        assertThat(drawn).contains(Kind.values());
    }

    private static void assertRefused(String message, String... arguments) {
        assertThatThrownBy(() -> FaultOptions.parse(List.of(arguments))).isInstanceOf(StartFailure.class)
                .hasMessageContaining(message);
    }
}
