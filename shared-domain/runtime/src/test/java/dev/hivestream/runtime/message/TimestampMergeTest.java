package dev.hivestream.runtime.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.springframework.messaging.Message;

class TimestampMergeTest {

    @Test
    void records_of_several_partitions_are_in_the_order_of_their_timestamps() {
        assertThat(names(TimestampMerge.merge(polled(partition("a", 0, 10, 20, 30), partition("a", 1, 5, 25),
                partition("b", 0, 1, 21, 40))))).containsExactly("b-0@1", "a-1@5", "a-0@10", "a-0@20", "b-0@21",
                        "a-1@25", "a-0@30", "b-0@40");
    }

    @Test
    void records_with_the_same_timestamp_stay_in_the_order_of_their_partitions() {
        assertThat(names(TimestampMerge.merge(polled(partition("b", 0, 7, 7, 9), partition("a", 0, 7, 8)))))
                .containsExactly("b-0@7", "b-0@7", "a-0@7", "a-0@8", "b-0@9");
    }

    @Test
    void the_order_within_a_partition_stays_where_its_timestamps_go_back() {
        assertThat(names(TimestampMerge.merge(polled(partition("a", 0, 10, 3, 11), partition("b", 0, 4, 12)))))
                .containsExactly("b-0@4", "a-0@10", "a-0@3", "a-0@11", "b-0@12");
        assertThat(names(TimestampMerge.merge(polled(partition("a", 0, 3, 2, 1))))).containsExactly("a-0@3", "a-0@2",
                "a-0@1");
    }

    @Test
    void whatever_is_polled_the_order_within_each_partition_stays_and_nothing_is_lost() {
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            List<ConsumerRecord<?, ?>> polled = new ArrayList<>();
            for (int partition = random.nextInt(6); partition >= 0; partition--) {
                polled.addAll(partition("t", partition,
                        random.longs(random.nextInt(1, 20), 0, 10 + random.nextInt(50)).toArray()));
            }
            List<ConsumerRecord<?, ?>> merged = TimestampMerge.merge(polled);
            assertThat(merged).hasSameSizeAs(polled);
            assertThat(byPartition(merged)).isEqualTo(byPartition(polled));
        }
        assertThat(TimestampMerge.merge(List.of())).isEmpty();
    }

    @Test
    void a_message_has_payloads_and_records_in_the_same_order() {
        Message<?> message = RecordBatches.mergedByTimestamp()
                .toMessage(polled(partition("a", 0, 2, 4), partition("b", 0, 1, 3)), null, null, null);
        @SuppressWarnings("unchecked")
        List<Incoming> records = Incoming.of((Message<List<byte[]>>) message);
        assertThat(records).extracting(Incoming::toString).containsExactly("b/0/0", "a/0/0", "b/0/1", "a/0/1");
        assertThat((List<?>) message.getPayload()).isEqualTo(records.stream().map(Incoming::payload).toList());
    }

    private static Map<TopicPartition, List<Long>> byPartition(List<ConsumerRecord<?, ?>> records) {
        Map<TopicPartition, List<Long>> offsets = new HashMap<>();
        records.forEach(record -> offsets
                .computeIfAbsent(new TopicPartition(record.topic(), record.partition()), _ -> new ArrayList<>())
                .add(record.offset()));
        return offsets;
    }

    private static List<String> names(List<ConsumerRecord<?, ?>> records) {
        return records.stream().map(record -> record.topic() + "-" + record.partition() + "@" + record.timestamp())
                .toList();
    }

    @SafeVarargs
    private static List<ConsumerRecord<?, ?>> polled(List<ConsumerRecord<?, ?>>... partitions) {
        List<ConsumerRecord<?, ?>> all = new ArrayList<>();
        List.of(partitions).forEach(all::addAll);
        return all;
    }

    private static List<ConsumerRecord<?, ?>> partition(String topic, int partition, long... timestamps) {
        List<ConsumerRecord<?, ?>> records = new ArrayList<>();
        for (long timestamp : timestamps) {
            records.add(new ConsumerRecord<>(topic, partition, records.size(), timestamp,
                    TimestampType.LOG_APPEND_TIME, 0, 1, new byte[0], new byte[1], new RecordHeaders(),
                    Optional.empty()));
        }
        return records;
    }
}
