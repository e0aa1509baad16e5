package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the committed events of accounts while they come, and keeps account of deposits of which each has an amount of its
 * own: 1, 2, 3 … Not thread-safe.
 */
final class Receipts implements AutoCloseable {

    private final CommittedRecords records;
    private final BitSet amounts = new BitSet();
    private int opened;

    /** None yet; the topic is there. */
    Receipts(Bench bench, String bootstrapServers) {
        this.records = new CommittedRecords(bench, bootstrapServers, List.of(AccountLog.EVENTS));
    }

    /** Reads until so many accounts are open. */
    void awaitOpened(int accounts) {
        CommittedRecords.await("accounts opened", accounts, () -> opened, this::read);
    }

    /** Reads until there were so many deposits. */
    void awaitDeposits(int deposits) {
        CommittedRecords.await("deposits made", deposits, amounts::cardinality, this::read);
    }

    /** Reads what there is, after a moment if there is nothing; gives how many events that were. */
    int read() {
        return read(new Gaps(Set.of(), 0));
    }

    /** Does so and tells when something was seen of each partition. */
    int read(Gaps gaps) {
        var polled = records.poll();
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
        records.toEnd(this::read);
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
        records.close();
    }
}
