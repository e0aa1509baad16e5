package dev.hivestream.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordedTest {

    private static Recorded event(String position, String command) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("tally.events", 0, 5, null, null);
        record.headers().add("ce_commandposition", position.getBytes(StandardCharsets.UTF_8));
        if (command != null) {
            record.headers().add("ce_command", command.getBytes(StandardCharsets.UTF_8));
        }
        return new Recorded(record);
    }

    @Test
    void the_leader_epoch_is_the_last_part_of_the_command_s_identity() {
        assertThat(event("t:1", "2/AAAAAAAAAAAAAAAA/BBBBBBBBBBB/17").commandEpoch()).isEqualTo(17);
        assertThat(event("t:1", "2///0").commandEpoch()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "2", "2/", "2/a/b", "2/a/b/", "2/a/b/c", "2/a/b/-1", "2/a/b/1/2",
            "2///2147483648",
            "2/a/b/99999999999999999999"})
    void what_does_not_say_one_is_of_an_unknown_one(String command) {
        assertThat(event("t:1", command).commandEpoch()).isEqualTo(-1);
        assertThat(event("t:1", null).commandEpoch()).isEqualTo(-1);
    }

    @Test
    void the_highest_position_is_advanced_with_its_epoch_and_set_back_by_a_truncation() {
        Position first = event("t:9", "2///3").advance(Position.NONE);
        assertThat(first).isEqualTo(new Position("t", 9, 3));
        assertThat(event("t:8", "2///3").advance(first)).isEqualTo(first);
        assertThat(event("t:8", null).advance(first)).isEqualTo(first);
        assertThat(event("t:8", "2///4").advance(first)).isEqualTo(new Position("t", 8, 4));
        assertThat(event("t:10", null).advance(first)).isEqualTo(new Position("t", 10));
        assertThat(event("u:1", "2///1").advance(first)).isEqualTo(new Position("u", 1, 1));
    }
}
