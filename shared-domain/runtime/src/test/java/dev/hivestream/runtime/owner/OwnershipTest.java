package dev.hivestream.runtime.owner;

import static dev.hivestream.runtime.Stand.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.Stand;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OwnershipTest {

    private final Stand stand = Stand.fresh();
    private final TopicPartition commands = stand.commands();
    private final Ownership ownership = stand.ownership();
    private final Consumer<byte[], byte[]> first = consumer();
    private final Consumer<byte[], byte[]> second = consumer();

    @AfterEach
    void close() {
        ownership.close();
        first.close();
        second.close();
    }

    @Test
    void a_partition_is_open_once_it_is_caught_up_and_until_it_is_revoked() {
        stand.append(stand.added("a", 1, 5));
        assign(first);
        Ownership.Owned owned = ownership.use(commands);
        assertThat(owned.reflected().checkpoint().next()).isEqualTo(1);
        ownership.release(owned);

        revoke(first);

        assertThatThrownBy(() -> ownership.use(commands)).isInstanceOf(NotReady.class)
                .hasMessage("The partition " + commands + " is not owned here");
        assertThat(ownership.slots()).isEmpty();
    }

    @Test
    void what_one_consumer_lost_stays_with_the_other_that_has_it_by_now() {
        assign(first);
        assign(second);

        // it is late to hear of it
        revoke(first);

        assertThat(ownership.slots()).containsExactly(stand.slot.toString());
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(ownership.closed()).isEmpty());
        ownership.release(ownership.use(commands));
        revoke(second);
        assertThat(ownership.slots()).isEmpty();
    }

    private void assign(Consumer<byte[], byte[]> consumer) {
        ownership.onPartitionsAssigned("input", consumer, List.of(commands), false);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(ownership.closed()).isEmpty());
    }

    private void revoke(Consumer<byte[], byte[]> consumer) {
        ownership.onPartitionsRevokedAfterCommit("input", consumer, List.of(commands));
    }

    private Consumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers(), "group.id", stand.group),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
