package dev.hivestream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StepsTest {

    private static final Steps TWO = Steps.NONE.and("first").and("second");

    @Test
    void steps_are_undone_at_once_the_last_one_first() {
        assertThat(TWO.<String>undo(step -> Effect.send("undo-" + step, "a-1", "undo")))
                .containsExactly(Effect.send("undo-second", "a-1", "undo"), Effect.send("undo-first", "a-1", "undo"));
        assertThat(Steps.NONE.<String>undo(step -> Effect.send(step, "a-1", "undo"))).isEmpty();
    }

    @Test
    void steps_are_undone_one_after_the_other() {
        assertThat(TWO.last()).isEqualTo("second");
        assertThat(TWO.withoutLast()).isEqualTo(new Steps(List.of("first")));
        assertThat(TWO.none()).isFalse();
        assertThat(TWO.withoutLast().withoutLast().none()).isTrue();
    }
}
