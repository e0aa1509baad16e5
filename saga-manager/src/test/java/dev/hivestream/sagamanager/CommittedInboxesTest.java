package dev.hivestream.sagamanager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.owner.NotReady;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** On a real broker. Each test has an inbox and a group of its own. */
@Timeout(60)
class CommittedInboxesTest {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String servers = LocalStack.shared().broker().bootstrapServers();
    private final String inbox = "committed-" + NUMBER.incrementAndGet() + ".inbox";
    private final String group = "owners-of-" + inbox;
    private final Admin admin = Admin.create(Map.of("bootstrap.servers", servers));
    private final CommittedInboxes inboxes = new CommittedInboxes(admin, group, 2);

    @BeforeEach
    void create() throws Exception {
        admin.createTopics(List.of(new NewTopic(inbox, Optional.of(2), Optional.empty()))).all().get();
    }

    @AfterEach
    void close() {
        inboxes.close();
        admin.close();
    }

    @Test
    void the_offset_of_an_empty_partition_is_waited_for() throws Exception {
        commit(1);
        assertThatNoException().isThrownBy(() -> inboxes.await(inbox, List.of(record(inbox, 1))));

        CompletableFuture<Void> waiting = CompletableFuture
                .runAsync(() -> inboxes.await(inbox, List.of(record(inbox, 1), record(inbox, 0))));
        assertThat(waiting).isNotDone();
        commit(0);

        assertThat(waiting).succeedsWithin(Duration.ofSeconds(30));
    }

    @Test
    void nothing_is_put_into_an_empty_partition_without_an_offset() throws Exception {
        commit(1);

        assertThatThrownBy(() -> inboxes.await(inbox, List.of(record(inbox, 0), record(inbox, 1))))
                .isInstanceOf(NotReady.class).hasMessage("The group '" + group + "' has no offset yet in [" + inbox
                        + "-0]: no saga-manager processes these partitions");
    }

    @Test
    void a_partition_whose_offset_was_lost_holds_up_no_other() throws Exception {
        put(0);
        commit(1);

        assertThatNoException()
                .isThrownBy(() -> inboxes.await(inbox, List.of(record(inbox, 0), record(inbox, 1))));
    }

    @Test
    void other_topics_are_not_waited_for() {
        assertThatNoException().isThrownBy(() -> inboxes.await(inbox, List.of(record(inbox + ".dlq", 0))));
    }

    @Test
    void once_all_partitions_are_known_the_broker_is_not_asked() throws Exception {
        commit(0);
        inboxes.await(inbox, List.of(record(inbox, 0)));
        try (Admin other = Admin.create(Map.of("bootstrap.servers", servers))) {
            CommittedInboxes closed = new CommittedInboxes(other, group, 2);
            commit(1);
            closed.await(inbox, List.of(record(inbox, 0), record(inbox, 1)));
            other.close();
            assertThatNoException()
                    .isThrownBy(() -> closed.await(inbox, List.of(record(inbox, 0), record(inbox, 1))));
            assertThatThrownBy(() -> closed.await("other.inbox", List.of(record("other.inbox", 0))))
                    .isInstanceOfAny(IllegalStateException.class, KafkaException.class);
        }
    }

    @Test
    void closing_ends_the_wait() {
        inboxes.close();
        assertThatThrownBy(() -> inboxes.await(inbox, List.of(record(inbox, 0)))).isInstanceOf(NotReady.class);
    }

    private static Outgoing record(String topic, int partition) {
        return Outgoing.to(topic, partition, "k".getBytes(UTF_8));
    }

    private void put(int partition) throws Exception {
        try (var producer = new KafkaProducer<>(Map.of("bootstrap.servers", servers), new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(inbox, partition, "k".getBytes(UTF_8), "{}".getBytes(UTF_8))).get();
        }
    }

    private void commit(int partition) throws Exception {
        admin.alterConsumerGroupOffsets(group,
                Map.of(new TopicPartition(inbox, partition), new OffsetAndMetadata(0))).all().get();
    }
}
