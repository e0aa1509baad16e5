package dev.hivestream.local.benchmark;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads what is committed to topics, from their beginnings, while it comes. Not thread-safe. */
final class CommittedRecords implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Bench bench;
    private final KafkaConsumer<String, String> consumer;
    private final List<TopicPartition> partitions;

    /** Of topics that are there. */
    CommittedRecords(Bench bench, String bootstrapServers, List<String> topics) {
        this.bench = bench;
        this.consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrapServers, "isolation.level",
                "read_committed", "max.poll.records", 5_000), new StringDeserializer(), new StringDeserializer());
        this.partitions = topics.stream().flatMap(topic -> consumer.partitionsFor(topic).stream())
                .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** The next ones; none after a moment if there are none. */
    ConsumerRecords<String, String> poll() {
        bench.requireRunning();
        return consumer.poll(POLL);
    }

    /**
     * Reads until there is so much of something.
     *
     * @param read polls, and gives how many came
     * @throws Failure if none comes for a while
     */
    static void await(String what, long expected, LongSupplier count, IntSupplier read) {
        long since = System.nanoTime();
        while (count.getAsLong() < expected) {
            if (read.getAsInt() > 0) {
                since = System.nanoTime();
            } else if (System.nanoTime() - since > PATIENCE.toNanos()) {
                throw new Failure("The result is wrong: " + count.getAsLong() + " of " + expected + " " + what
                        + ", and nothing happened for " + PATIENCE.toSeconds() + " s");
            }
        }
    }

    /**
     * Reads to what is the end now.
     *
     * @param read polls
     */
    void toEnd(Runnable read) {
        var ends = consumer.endOffsets(partitions);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            read.run();
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
