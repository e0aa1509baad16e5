package dev.hivestream.runtime.owner;

import static dev.hivestream.runtime.Stand.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.IdleSaga;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.saga.ServedSaga;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;

/** How the consumer of an inbox goes to where the history says. On a real broker. */
@Timeout(120)
class InboxAdmissionTest {

    private final Stand stand = Stand.unmade();
    private final String name = "saga-of-" + stand.served.name();
    private final ServedSaga<?, ?, ?> saga = IdleSaga.named(name);
    private final TopicPartition inbox = new TopicPartition(Topics.inbox(name), 0);

    @Test
    void an_inbox_is_processed_and_healthy_only_when_the_consumer_is_there() throws Exception {
        stand.topics.requireSaga(name);
        Map<String, Object> settings = Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers(), "group.id",
                stand.group, "enable.auto.commit", false, "key.deserializer", ByteArrayDeserializer.class,
                "value.deserializer", ByteArrayDeserializer.class);
        DefaultKafkaConsumerFactory<byte[], byte[]> factory = new DefaultKafkaConsumerFactory<>(settings);
        try (Ownership ownership = stand.ownership(Map.of(name, saga), Duration.ofMinutes(1));
                // a member of the group: the broker refuses the offsets of one that is not
                KafkaConsumer<byte[], byte[]> member = new KafkaConsumer<>(settings)) {
            new Admission(ownership).configure(factory);
            member.subscribe(List.of(inbox.topic()));
            await().atMost(PATIENCE).until(() -> {
                member.poll(Duration.ofMillis(100));
                return !member.assignment().isEmpty();
            });
            try (Consumer<byte[], byte[]> consumer = factory.createConsumer()) {
                consumer.assign(List.of(inbox));
                ownership.onPartitionsAssigned("inbox", consumer, List.of(inbox), false);
                await().atMost(PATIENCE).untilAsserted(() -> {
                    consumer.poll(Duration.ZERO);
                    assertThat(ownership.closed()).extractingByKey(name + ":0").satisfies(status -> {
                        assertThat(status.state()).isEqualTo(OwnedPartition.State.RESTORING);
                        assertThat(status.reason())
                                .startsWith("The consumer cannot go to the offset 0, which is retried: ")
                                .contains("CommitFailedException");
                    });
                });
                assertThat(ownership.isOpen(inbox)).isFalse();
                assertThat(consumer.paused()).containsExactly(inbox);

                member.close();
                await().atMost(PATIENCE).untilAsserted(() -> {
                    consumer.poll(Duration.ZERO);
                    assertThat(ownership.closed()).isEmpty();
                });
                assertThat(ownership.isOpen(inbox)).isTrue();
                assertThat(Stand.ADMIN.listConsumerGroupOffsets(stand.group).partitionsToOffsetAndMetadata().get())
                        .containsEntry(inbox, new OffsetAndMetadata(0));
            }
        }
    }
}
