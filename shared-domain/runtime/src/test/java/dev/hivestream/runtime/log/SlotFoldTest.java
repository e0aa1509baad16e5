package dev.hivestream.runtime.log;

import static dev.hivestream.runtime.Stand.CACHE;
import static dev.hivestream.runtime.Stand.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.Tally;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

@Timeout(60)
class SlotFoldTest {

    private final Stand stand = Stand.fresh();

    @Test
    void what_was_folded_after_a_write_of_unknown_outcome_is_folded_again() {
        LettuceConnectionFactory hasty = Stand
                .redis(LettuceClientConfiguration.builder().commandTimeout(Duration.ofMillis(200)).build());
        try {
            String generation = stand.generation(0);
            SlotFold<Tally.Total, Tally.Event> fold = fold(new Cache(hasty, stand.properties().results()), generation);
            fold.take();
            fold.fold(records(0, stand.added("a", 1, 5)), 1);
            // longer than the client waits: it is told of a failure, and the write happens all the same
            Stand.STACK.redis().call("CLIENT", "PAUSE", "1000");
            assertThatThrownBy(fold::write).isInstanceOf(RuntimeException.class);
            fold.fold(records(1, stand.added("a", 2, 6)), 2);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(stored(generation).next()).isEqualTo(1));

            fold.take();
            assertThat(fold.next()).isEqualTo(1);
            fold.fold(records(1, stand.added("a", 2, 6)), 2);
            assertThat(fold.write()).isTrue();

            assertThat(stored(generation).next()).isEqualTo(2);
            Tally.Total total = stand.served.snapshots().read("a",
                    CACHE.load(stand.slot, "", generation, List.of("a")).snapshots().getFirst()).state();
            assertThat(total.sum()).isEqualTo(11);
        } finally {
            hasty.destroy();
        }
    }

    @Test
    void commands_and_their_block_are_stored_in_whatever_steps_a_log_is_folded() {
        String generation = stand.generation(0);
        int remembered = stand.properties().decide().remembered();
        SlotFold<Tally.Total, Tally.Event> fold = fold(CACHE, generation);
        Fold<Tally.Total, Tally.Event> inMemory = stand.served.fold(remembered, Replay.Poisoned.KEEP_OUT);
        Snapshot<Tally.Total> expected = stand.served.snapshots().read("a", null);
        fold.take();
        for (int step = 0; step < 60; step++) {
            List<ConsumerRecord<byte[], byte[]>> records = records(step * 5L, IntStream.rangeClosed(1, 5)
                    .mapToObj(i -> stand.added("a", fold.next() + i, 1)).toArray(Stand.Event[]::new));
            assertThat(fold.fold(records, fold.next() + 5)).isTrue();
            records.forEach(record -> inMemory.apply(expected, record));
            if (step % 3 == 0) {
                assertThat(fold.write()).isTrue();
                assertThat(stand.served.snapshots().isStored(expected,
                        CACHE.load(stand.slot, "", generation, List.of("a")).snapshots().getFirst(), remembered))
                        .as("after %s events", fold.next()).isTrue();
            }
            if (step % 7 == 0) {
                fold.release();
            }
        }
        assertThat(expected.remembered()).isEqualTo(remembered);
    }

    private Checkpoint stored(String generation) {
        return CACHE.checkpoint(stand.slot, generation);
    }

    private SlotFold<Tally.Total, Tally.Event> fold(Cache cache, String generation) {
        return new Replay(cache, () -> {
            throw new AssertionError("The records are given to it");
        }, stand.properties()).slot(stand.served, stand.slot, generation, 1_000_000, Replay.Poisoned.KEEP_OUT, false);
    }

    private List<ConsumerRecord<byte[], byte[]>> records(long first, Stand.Event... events) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (Stand.Event event : events) {
            ProducerRecord<byte[], byte[]> sent = stand.record(event);
            var record = new ConsumerRecord<>(sent.topic(), sent.partition(), first + records.size(), sent.key(),
                    sent.value());
            sent.headers().forEach(record.headers()::add);
            records.add(record);
        }
        return records;
    }
}
