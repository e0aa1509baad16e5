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
            Checkpoint renewed = Checkpoint.at(made.position(), made.below(100), command.at(made.below(100)));
            assertThat(Checkpoint.read(renewed.bytes())).isEqualTo(renewed);
            assertThat(renewed.renewed().commandPosition()).isEqualTo(renewed.commandPosition());
            assertThat(renewed.renewed()).isNotEqualTo(renewed);
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
    void a_command_in_a_later_epoch_than_the_highest_position_is_not_the_one_that_was_decided() {
        cases(CASES, made -> {
            Position highest = new Position("topic", made.position(), made.below(1_000));
            long below = Math.max(0, highest.offset() - made.below(1_000));
            int later = highest.epoch() + 1 + made.below(5);
            Position truncated = new Position("topic", below, later);
            assertThat(highest.covers(truncated)).isFalse();
            assertThat(highest.covers(truncated.at(highest.epoch()))).isTrue();
            assertThat(highest.covers(truncated.at(-1))).as("of which the epoch is not known").isTrue();
            assertThat(highest.at(-1).covers(truncated)).as("before which the epoch is not known").isTrue();
            assertThat(highest.advance(truncated)).as("once it is decided").isEqualTo(truncated);
            assertThat(highest.advance(truncated).covers(truncated)).isTrue();
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
