package dev.hivestream.runtime.log;

import static dev.hivestream.runtime.Stand.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.runtime.IdleSaga;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where the owner of an inbox goes on, by its history, the group's offset and the inbox itself. On a real broker. */
@Timeout(60)
class ResumeTest {

    private static final String OTHER_TOPIC = "AAAAAAAAAAAAAAAAAAAAAA";

    private final Stand stand = Stand.unmade();
    private final String name = "saga-of-" + stand.served.name();
    private final ServedSaga<?, ?, ?> saga = IdleSaga.named(name);
    private final TopicPartition inbox = new TopicPartition(Topics.inbox(name), 0);
    private final String id = stand.topics.requireSaga(name).commands();

    @Test
    void an_inbox_history_and_group_that_are_empty_begin_at_0_which_has_to_be_committed() {
        assertThat(resume()).isEqualTo(new RestoredPartition.Resume(0, -1, 0, false));
    }

    @Test
    void it_goes_on_behind_the_position_in_the_history() throws Exception {
        put(10);
        handled(id + ":5", 4);
        commit(6);
        assertThat(resume()).isEqualTo(new RestoredPartition.Resume(6, 4, 0, true));
    }

    @Test
    void an_offset_that_was_set_back_or_has_expired_changes_nothing() throws Exception {
        put(10);
        handled(id + ":5", 4);
        assertThat(resume()).isEqualTo(new RestoredPartition.Resume(6, 4, 0, false));
        commit(2);
        assertThat(resume()).isEqualTo(new RestoredPartition.Resume(6, 4, 0, true));
    }

    @Test
    void an_inbox_that_was_created_again_begins_at_0() throws Exception {
        put(3);
        handled(OTHER_TOPIC + ":70", 4);
        commit(0);
        assertThat(resume()).isEqualTo(new RestoredPartition.Resume(0, -1, 0, true));
    }

    @Test
    void without_a_history_the_messages_up_to_the_group_s_offset_are_recorded() throws Exception {
        put(10);
        commit(10);
        assertThat(resume()).isEqualTo(new RestoredPartition.Resume(0, -1, 10, true));
    }

    @Test
    void an_owner_that_was_stopped_while_they_are_recorded_goes_on() throws Exception {
        put(10);
        handled(id + ":3:8", 4);
        commit(4);
        assertThat(resume()).isEqualTo(new RestoredPartition.Resume(4, 4, 8, true));
    }

    @Test
    void an_inbox_with_messages_of_which_nothing_is_known_is_refused() throws Exception {
        put(1);
        assertRefused(inbox + " has messages, and neither its history nor the offset of the group '" + stand.group
                + "' says which of them were handled: the offset expired or was deleted. Find the first message that was "
                + "not, and " + setOffset("OFFSET"));
    }

    @Test
    void an_inbox_that_ends_before_what_was_handled_of_it_is_refused() throws Exception {
        put(6);
        handled(id + ":7", 4);
        commit(8);
        assertRefused(lost("its history says that messages up to 7 were handled"));
    }

    @Test
    void an_inbox_that_lost_messages_while_they_are_recorded_is_refused() throws Exception {
        put(6);
        handled(id + ":3:10", 4);
        commit(4);
        assertRefused(lost("its history says that messages up to 9 were handled"));
    }

    @Test
    void an_inbox_that_ends_before_the_group_s_offset_is_refused() throws Exception {
        put(6);
        commit(10);
        String message = lost("the group '" + stand.group + "' has the offset 10")
                + ". If the topic was created again and nothing of it was handled yet, " + setOffset("0");
        assertRefused(message);
        handled(OTHER_TOPIC + ":9", 4);
        assertRefused(message);
        handled(id + ":4", 4);
        assertRefused(message);
    }

    @Test
    void a_history_that_ends_before_the_group_s_offset_is_refused() throws Exception {
        put(10);
        String remedy = ": the history lost records, or the offset was set forward. Restore the history from a mirror or "
                + "a backup. If it lost nothing, or cannot be restored, ";
        handled(id + ":3:8", 4);
        commit(7);
        assertRefused("The group '" + stand.group + "' has the offset 7 in " + inbox
                + ", but its history says that messages up to 3 were handled" + remedy + setOffset("4")
                + ": messages from there on are handled again, and their commands sent again");
        handled(id + ":5", 4);
        assertRefused("The group '" + stand.group + "' has the offset 7 in " + inbox
                + ", but its history says that messages up to 5 were handled" + remedy + setOffset("6")
                + ": messages from there on are handled again, and their commands sent again");
    }

    private String lost(String but) {
        return inbox + " ends at 6, but " + but
                + ": the inbox lost messages. Restore them from a mirror or a backup";
    }

    private String setOffset(String to) {
        return "set the offset with kafka-consumer-groups.sh --group " + stand.group + " --reset-offsets --topic "
                + name
                + ".inbox:0 --to-offset " + to + " --execute, while no saga-manager is running";
    }

    private void assertRefused(String message) {
        assertThatThrownBy(this::resume).isInstanceOf(StartRefused.class).hasMessage(message);
    }

    private RestoredPartition.Resume resume() {
        return stand.catchUp().run(saga, new Slot(name, 0), stand.group, () -> false).resume();
    }

    private void put(int messages) {
        for (int i = 0; i < messages; i++) {
            stand.append(new ProducerRecord<>(inbox.topic(), 0, utf8("o-1"), utf8("{}")));
        }
    }

    /** As an owner leaves it that handled messages which changed nothing. */
    private void handled(String position, int epoch) {
        ProducerRecord<byte[], byte[]> mark = new ProducerRecord<>(Topics.history(name), 0, utf8("-"), null);
        mark.headers().add(Header.TYPE, utf8(Received.HANDLED)).add(Header.SOURCE, utf8(saga.source()))
                .add(Header.COMMAND_POSITION, utf8(position)).add(Header.COMMAND, utf8("2///" + epoch));
        stand.append(mark);
    }

    private void commit(long offset) throws Exception {
        Stand.ADMIN.alterConsumerGroupOffsets(stand.group, Map.of(inbox, new OffsetAndMetadata(offset))).all().get();
    }
}
