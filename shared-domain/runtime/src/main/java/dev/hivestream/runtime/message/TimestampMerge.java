package dev.hivestream.runtime.message;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Merges the records of a polled batch by their timestamps. The order within each partition is never changed, even where a
 * timestamp is lower than the one before it.
 *
 * <p>A batch contains what the consumer happened to have fetched. A record that is fetched later may have a lower timestamp than
 * all of this batch: the order across batches is not guaranteed, nor is the order across consumers. A poll takes the records of one
 * fetched partition before those of the next one, up to {@code max.poll.records}; a batch from the middle of a long backlog may
 * therefore contain records of a single partition. Timestamps are those of the brokers, or of the producers where a topic has
 * {@code message.timestamp.type=CreateTime}, and their clocks differ. So causes usually come before their effects, and nothing may
 * depend on that.
 */
final class TimestampMerge {

    private TimestampMerge() {}

    /** The next record of one partition. */
    private static final class Cursor {
        private final List<ConsumerRecord<?, ?>> records;
        private final int partition;
        private int next;

        private Cursor(List<ConsumerRecord<?, ?>> records, int partition) {
            this.records = records;
            this.partition = partition;
        }

        private long timestamp() {
            return records.get(next).timestamp();
        }

        private ConsumerRecord<?, ?> take() {
            return records.get(next++);
        }

        private boolean hasNext() {
            return next < records.size();
        }
    }

    /** These records, merged. Records with the same timestamp stay in the order of their partitions. */
    static List<ConsumerRecord<?, ?>> merge(List<ConsumerRecord<?, ?>> records) {
        if (isOrdered(records)) {
            return records;
        }
        PriorityQueue<Cursor> cursors = new PriorityQueue<>(
                Comparator.comparingLong(Cursor::timestamp).thenComparingInt(cursor -> cursor.partition));
        cursors.addAll(partitions(records));
        List<ConsumerRecord<?, ?>> merged = new ArrayList<>(records.size());
        for (Cursor first = cursors.poll(); first != null; first = cursors.poll()) {
            merged.add(first.take());
            if (first.hasNext()) {
                cursors.add(first);
            }
        }
        return merged;
    }

    private static boolean isOrdered(List<ConsumerRecord<?, ?>> records) {
        return IntStream.range(1, records.size())
                .allMatch(i -> records.get(i - 1).timestamp() <= records.get(i).timestamp());
    }

    /** A poll returns the records of a partition next to each other. */
    private static List<Cursor> partitions(List<ConsumerRecord<?, ?>> records) {
        List<Cursor> partitions = new ArrayList<>();
        int from = 0;
        for (int i = 1; i <= records.size(); i++) {
            if (i == records.size() || !isSamePartition(records.get(i), records.get(from))) {
                partitions.add(new Cursor(records.subList(from, i), partitions.size()));
                from = i;
            }
        }
        return partitions;
    }

    private static boolean isSamePartition(ConsumerRecord<?, ?> one, ConsumerRecord<?, ?> other) {
        return one.partition() == other.partition() && one.topic().equals(other.topic());
    }
}
