package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.BitSet;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import tools.jackson.databind.json.JsonMapper;

/** Reads the committed events of accounts and transfers while they come, and keeps the books. Not thread-safe. */
final class Ledger implements AutoCloseable {

    private final CommittedRecords records;
    private final BitSet completed = new BitSet();
    private long deposits;
    private long money;

    /** A ledger with nothing in it; the topics are there. */
    Ledger(Bench bench, String bootstrapServers) {
        this.records = new CommittedRecords(bench, bootstrapServers, List.of(AccountLog.EVENTS, "transfer.events"));
    }

    /** Reads until there were so many deposits, those of transfers among them. */
    void awaitDeposits(long expected) {
        CommittedRecords.await("deposits made", expected, () -> deposits, this::read);
    }

    /** Reads until so many transfers are completed. */
    void awaitCompleted(long expected) {
        CommittedRecords.await("transfers completed", expected, completed::cardinality, this::read);
    }

    private int read() {
        var polled = records.poll();
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
        records.toEnd(this::read);
        if (money != expected) {
            throw new Failure("The result is wrong: the sum of all balances is " + money + " and not " + expected);
        }
    }

    @Override
    public void close() {
        records.close();
    }
}
