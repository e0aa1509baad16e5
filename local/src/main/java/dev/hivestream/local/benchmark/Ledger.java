package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import tools.jackson.databind.json.JsonMapper;

/** Reads the committed events of accounts and transfers while they come, and keeps the books. Not thread-safe. */
final class Ledger implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Bench bench;
    private final KafkaConsumer<String, String> consumer;
    private final List<TopicPartition> partitions;
    private final BitSet completed = new BitSet();
    private long deposits;
    private long money;

    /** A ledger with nothing in it; the topics are there. */
    Ledger(Bench bench, String bootstrapServers) {
        this.bench = bench;
        this.consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrapServers, "isolation.level",
                "read_committed", "max.poll.records", 5_000), new StringDeserializer(), new StringDeserializer());
        this.partitions = Stream.of(AccountLog.EVENTS, "transfer.events")
                .flatMap(topic -> consumer.partitionsFor(topic).stream())
                .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Reads until there were so many deposits, those of transfers among them. */
    void awaitDeposits(long expected) {
        await("deposits made", expected, () -> deposits);
    }

    /** Reads until so many transfers are completed. */
    void awaitCompleted(long expected) {
        await("transfers completed", expected, completed::cardinality);
    }

    private void await(String what, long expected, LongSupplier count) {
        long since = System.nanoTime();
        while (count.getAsLong() < expected) {
            if (read() > 0) {
                since = System.nanoTime();
            } else if (System.nanoTime() - since > PATIENCE.toNanos()) {
                throw new Failure("The result is wrong: " + count.getAsLong() + " of " + expected + " " + what
                        + ", and nothing happened for " + PATIENCE.toSeconds() + " s");
            }
        }
    }

    private int read() {
        bench.requireRunning();
        var polled = consumer.poll(POLL);
        polled.forEach(this::enter);
        return polled.count();
    }

    private void enter(ConsumerRecord<String, String> event) {
        String type = new String(event.headers().lastHeader("ce_type").value(), UTF_8);
        switch (type) {
            case "account.deposited" -> {
                deposits++;
                money += amount(event);
            }
            case "account.withdrawn" -> money -= amount(event);
            case "transfer.completed" -> completed.set(Integer.parseInt(event.key().substring("transfer-".length())));
            case "account.opened", "transfer.requested" -> {
            }
            default -> throw new Failure("The result is wrong: " + event.key() + " came to " + type);
        }
    }

    private static long amount(ConsumerRecord<String, String> event) {
        return JsonMapper.shared().readTree(event.value()).path("amount").asLong();
    }

    /**
     * Reads to the end and compares.
     *
     * @throws Failure if there is more or less money than was put in
     */
    void requireMoney(long expected) {
        // the last event of a transfer comes after its others, but from another partition
        var ends = consumer.endOffsets(partitions);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            read();
        }
        if (money != expected) {
            throw new Failure("The result is wrong: the sum of all balances is " + money + " and not " + expected);
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
