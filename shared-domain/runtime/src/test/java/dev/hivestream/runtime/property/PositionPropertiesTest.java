package dev.hivestream.runtime.property;

import static dev.hivestream.local.check.Made.cases;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.Made;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Position;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class PositionPropertiesTest {

    private static final int CASES = 1_000;

    private static Position position(Made made) {
        return new Position(made.oneOf("HFEYrF7mQ9y0TWVZ3-oxsA", "other", "third-_"), made.position());
    }

    @Test
    void a_position_is_read_as_it_was_written() {
        cases(CASES, made -> {
            Position position = position(made);
            assertThat(Position.parse(position.toString())).isEqualTo(position);
            assertThat(Position.parse(Position.NONE.toString())).isEqualTo(Position.NONE);
        });
    }

    @Test
    void a_checkpoint_is_read_as_it_was_written_and_is_no_other_s() {
        cases(CASES, made -> {
            Position command = made.oneIn(5) ? Position.NONE : position(made);
            Checkpoint checkpoint = Checkpoint.at(made.position(), command);
            assertThat(Checkpoint.read(checkpoint.bytes())).isEqualTo(checkpoint);
            assertThat(checkpoint.commandPosition()).isEqualTo(command);
            assertThat(Checkpoint.at(checkpoint.next(), command)).isNotEqualTo(checkpoint);
        });
    }

    @Test
    void positions_of_a_topic_are_in_one_order_and_those_of_two_in_none() {
        cases(CASES, made -> {
            Position a = position(made);
            Position b = position(made);
            Position c = position(made);
            assertThat(a.covers(a)).isTrue();
            assertThat(a.covers(b) || b.covers(a)).isEqualTo(a.topicId().equals(b.topicId()));
            if (a.covers(b) && b.covers(a)) {
                assertThat(a).isEqualTo(b);
            }
            if (a.covers(b) && b.covers(c)) {
                assertThat(a.covers(c)).isTrue();
            }
            assertThat(Position.NONE.covers(a)).isFalse();
        });
    }

    @Test
    void the_highest_position_of_a_topic_is_the_same_in_whatever_order_and_however_often_events_are_folded() {
        cases(CASES, made -> {
            List<Position> folded = made.list(() -> new Position("topic", made.position()));
            List<Position> shuffled = new ArrayList<>(folded);
            shuffled.addAll(folded);
            Collections.shuffle(shuffled, new java.util.Random(made.number()));
            Position highest = advanced(folded);
            assertThat(advanced(shuffled)).isEqualTo(highest);
            assertThat(folded).allMatch(highest::covers);
            assertThat(highest).isIn(folded.isEmpty() ? List.of(Position.NONE) : folded);
        });
    }

    @Test
    void a_topic_that_was_made_anew_takes_over_from_the_old_one() {
        cases(CASES, made -> {
            List<Position> old = made.list(() -> new Position("old", made.position()));
            List<Position> later = made.list(() -> new Position("new", made.position()));
            List<Position> log = new ArrayList<>(old);
            log.addAll(later);
            assertThat(advanced(log)).isEqualTo(later.isEmpty() ? advanced(old) : advanced(later));
        });
    }

    private static Position advanced(List<Position> folded) {
        Position position = Position.NONE;
        for (Position next : folded) {
            position = position.advance(next).advance(Position.NONE);
        }
        return position;
    }
}
