package dev.hivestream.runtime.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.log.RestoredPartition;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.owner.OwnedPartition.State;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OwnedPartitionTest {

    private static final RestoredPartition RESTORED = new RestoredPartition("topic", "print", "g1-print",
            Checkpoint.at(1, Position.NONE));

    private final OwnedPartition partition = new OwnedPartition(new TopicPartition("tally.commands", 3),
            new MockConsumer<>("earliest"));

    @ParameterizedTest
    @EnumSource(State.class)
    void only_these_transitions_are_valid(State from) {
        Set<State> valid = switch (from) {
            case RESTORING -> EnumSet.of(State.RUNNING, State.STOPPED, State.REVOKED);
            case RUNNING -> EnumSet.of(State.CLOSING, State.REVOKED);
            case CLOSING -> EnumSet.of(State.RESTORING, State.STOPPED, State.REVOKED);
            case STOPPED -> EnumSet.of(State.RESTORING, State.REVOKED);
            case REVOKED -> EnumSet.of(State.REVOKED);
        };
        assertThat(Arrays.stream(State.values()).filter(from::isValidTransition)).containsExactlyElementsOf(valid);
    }

    @Test
    void an_invalid_transition_changes_nothing_and_is_an_error() {
        partition.run(RESTORED, () -> 0);

        assertThatThrownBy(() -> partition.stop("reason")).isInstanceOf(IllegalStateException.class)
                .hasMessage("The partition tally.commands-3 cannot change from RUNNING to STOPPED");
        assertThat(partition.status()).isEqualTo(new OwnedPartition.Status(State.RUNNING, ""));
    }

    @Test
    void a_restore_begins_only_by_the_holder_of_the_exclusive_use() {
        partition.run(RESTORED, () -> 0);
        assertThat(partition.close("a reason", false)).isTrue();

        assertThatThrownBy(partition::restore).isInstanceOf(IllegalStateException.class)
                .hasMessage("A restore of tally:3 requires the exclusive use of the partition");
        assertThat(partition.state()).isEqualTo(State.CLOSING);

        partition.lock();
        assertThat(partition.restore()).isTrue();
        partition.unlock();
        assertThat(partition.status()).isEqualTo(new OwnedPartition.Status(State.RESTORING, "a reason"));
    }

    @Test
    void a_closing_partition_keeps_what_the_batch_in_progress_works_with() {
        partition.run(RESTORED, () -> 0);
        partition.close("a reason", false);

        partition.expect(Checkpoint.at(2, Position.NONE));

        assertThat(partition.restored().checkpoint().next()).isEqualTo(2);
        assertThat(partition.running()).isNull();
        assertThatThrownBy(partition::requireRunning).isInstanceOf(NotReady.class)
                .hasMessage("The partition tally.commands-3 is CLOSING: a reason");
    }

    @Test
    void a_revoked_partition_stays_revoked() {
        partition.revoke();

        partition.run(RESTORED, () -> 0);
        partition.stop("a reason");
        partition.delayed("a reason");
        partition.lock();
        assertThat(partition.restore()).isFalse();
        partition.unlock();

        assertThat(partition.close("a reason", true)).isFalse();
        assertThat(partition.state()).isEqualTo(State.REVOKED);
        assertThatThrownBy(partition::restored).isInstanceOf(NotReady.class);
    }
}
