package dev.hivestream.runtime.letter;

import dev.hivestream.runtime.log.Topics;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * One look at a topic of dead letters, up to where it ends when the look begins. Which letters are open is found out with a
 * bit a record, so that a flood of them fits into memory. Not thread-safe.
 */
final class Look implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(200);
    /** Longer than a transaction that a killed command-processor left open. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Consumer<byte[], byte[]> consumer;
    private final List<TopicPartition> partitions;
    private final Map<TopicPartition, Long> begins;
    private final Map<TopicPartition, Long> ends = new HashMap<>();

    Look(Letterbox box, Admin admin, Consumer<byte[], byte[]> consumer) {
        this.consumer = consumer;
        try {
            partitions = Objects
                    .requireNonNull(Topics.get(admin.describeTopics(List.of(box.topic())).allTopicNames(), PATIENCE)
                            .get(box.topic()))
                    .partitions().stream().map(info -> new TopicPartition(box.topic(), info.partition())).toList();
        } catch (UnknownTopicOrPartitionException e) {
            throw new Refused(Refused.Why.UNKNOWN, "There is no topic '" + box.topic() + "' on this broker");
        }
        begins = consumer.beginningOffsets(partitions);
        // the end of what is appended, committed or not: what was committed before the look began is seen
        Topics.offsets(admin, partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED, PATIENCE)
                .forEach((partition, end) -> ends.put(partition, end.offset()));
    }

    /**
     * The letters of a partition about which nothing has been done.
     *
     * @param first the offset of the first bit
     */
    record Open(long first, BitSet bits) {

        boolean has(long offset) {
            return offset >= first && bits.get(Math.toIntExact(offset - first));
        }

        boolean isEmpty() {
            return bits.isEmpty();
        }

        int count() {
            return bits.cardinality();
        }

        long oldest() {
            return first + bits.nextSetBit(0);
        }

        long newest() {
            return first + bits.length() - 1;
        }
    }

    List<TopicPartition> partitions() {
        return partitions;
    }

    Open open(TopicPartition partition) {
        long first = Objects.requireNonNull(begins.get(partition));
        BitSet bits = new BitSet();
        read(partition, first, record -> {
            Place fateOf = new Letter(record).fateOf();
            if (fateOf == null) {
                bits.set(Math.toIntExact(record.offset() - first));
            } else if (fateOf.offset() >= first && fateOf.offset() < record.offset()) {
                bits.clear(Math.toIntExact(fateOf.offset() - first));
            }
            return true;
        });
        return new Open(first, bits);
    }

    /** Those that are open, oldest first, until {@code taker} has had enough and gives false. */
    void readOpen(TopicPartition partition, Open open, Predicate<Letter> taker) {
        if (open.isEmpty()) {
            return;
        }
        long newest = open.newest();
        read(partition, open.oldest(), record -> {
            boolean goOn = !open.has(record.offset()) || taker.test(new Letter(record));
            return goOn && record.offset() < newest;
        });
    }

    /** All records from an offset to the end, until {@code taker} gives false. */
    void read(TopicPartition partition, long from, Predicate<ConsumerRecord<byte[], byte[]>> taker) {
        long end = Objects.requireNonNull(ends.get(partition));
        if (from >= end || from < Objects.requireNonNull(begins.get(partition))) {
            return;
        }
        consumer.assign(List.of(partition));
        consumer.seek(partition, from);
        long last = from;
        long since = System.nanoTime();
        while (consumer.position(partition) < end) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL).records(partition)) {
                if (record.offset() >= end || !taker.test(record)) {
                    return;
                }
            }
            long position = consumer.position(partition);
            if (position > last) {
                last = position;
                since = System.nanoTime();
            } else if (System.nanoTime() - since > PATIENCE.toNanos()) {
                throw new Refused(Refused.Why.BUSY, "The topic '" + partition.topic() + "' cannot be read to its end: "
                        + "a transaction is open, or the broker does not answer. Ask again");
            }
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
