package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the committed events of accounts while they come, and keeps account of deposits of which each has an amount of its
 * own: 1, 2, 3 … Not thread-safe.
 */
final class Receipts implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Bench bench;
    private final KafkaConsumer<String, String> consumer;
    private final List<TopicPartition> partitions;
    private final BitSet amounts = new BitSet();
    private int opened;

    /** None yet; the topic is there. */
    Receipts(Bench bench, String bootstrapServers) {
        this.bench = bench;
        this.consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrapServers, "isolation.level",
                "read_committed", "max.poll.records", 5_000), new StringDeserializer(), new StringDeserializer());
        this.partitions = consumer.partitionsFor(AccountLog.EVENTS).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Reads until so many accounts are open. */
    void awaitOpened(int accounts) {
        await("accounts opened", accounts, () -> opened);
    }

    /** Reads until there were so many deposits. */
    void awaitDeposits(int deposits) {
        await("deposits made", deposits, amounts::cardinality);
    }

    private void await(String what, int expected, IntSupplier count) {
        long since = System.nanoTime();
        while (count.getAsInt() < expected) {
            if (read() > 0) {
                since = System.nanoTime();
            } else if (System.nanoTime() - since > PATIENCE.toNanos()) {
                throw new Failure("The result is wrong: " + count.getAsInt() + " of " + expected + " " + what
                        + ", and nothing happened for " + PATIENCE.toSeconds() + " s");
            }
        }
    }

    /** Reads what there is, after a moment if there is nothing; gives how many events that were. */
    int read() {
        return read(new Gaps(Set.of(), 0));
    }

    /** Does so and tells when something was seen of each partition. */
    int read(Gaps gaps) {
        bench.requireRunning();
        var polled = consumer.poll(POLL);
        long now = System.nanoTime();
        for (ConsumerRecord<String, String> event : polled) {
            enter(event);
            gaps.seen(event.partition(), event.timestamp(), now);
        }
        return polled.count();
    }

    private void enter(ConsumerRecord<String, String> event) {
        String type = new String(event.headers().lastHeader("ce_type").value(), UTF_8);
        switch (type) {
            case "account.opened" -> opened++;
            case "account.deposited" -> {
                int amount = JsonMapper.shared().readTree(event.value()).path("amount").asInt();
                if (amounts.get(amount)) {
                    throw new Failure("The result is wrong: the deposit " + amount + " was made twice");
                }
                amounts.set(amount);
            }
            default -> throw new Failure("The result is wrong: " + event.key() + " came to " + type);
        }
    }

    /**
     * Reads to the end and compares.
     *
     * @param deposits that were answered, the amounts 1 to this
     * @throws Failure if one is missing, was made twice or was not asked for
     */
    void requireDeposits(int deposits) {
        var ends = consumer.endOffsets(partitions);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            read();
        }
        int missing = amounts.nextClearBit(1);
        if (missing <= deposits) {
            throw new Failure("The result is wrong: the deposit " + missing + " was answered and is not in the log");
        }
        if (amounts.length() > deposits + 1 || amounts.get(0)) {
            throw new Failure("The result is wrong: there are deposits in the log that nobody made");
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
