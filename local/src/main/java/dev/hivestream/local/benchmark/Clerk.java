package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends commands of accounts and transfers straight into their topics, such that all of them are accepted. The same for the
 * same seed. Not thread-safe.
 */
final class Clerk implements AutoCloseable {

    /** What each account has at first: more than all transfers together take. */
    private static final long OPENING = 1_000_000_000_000L;
    private static final int HIGHEST = 100;

    private final int accounts;
    private final SplittableRandom random;
    private final KafkaProducer<String, String> producer;
    private long commands;
    private long deposits;
    private int transfers;
    private long money;
    private volatile @Nullable Exception fault;

    /**
     * A clerk who has not begun.
     *
     * @param accounts that there are to be
     */
    Clerk(String bootstrapServers, int accounts, long seed) {
        this.accounts = accounts;
        this.random = new SplittableRandom(seed);
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "linger.ms", 5),
                new StringSerializer(), new StringSerializer());
    }

    /** Opens the accounts and puts money into them. */
    void open() throws Exception {
        for (int account = 0; account < accounts; account++) {
            open(account);
            deposit(account, OPENING);
        }
        acknowledge();
    }

    /** Opens the accounts, with nothing in them. */
    void openEmpty() throws Exception {
        for (int account = 0; account < accounts; account++) {
            open(account);
        }
        acknowledge();
    }

    private void open(int account) {
        send("account", AccountLog.id(account), "open", "{\"owner\":\"an owner\"}");
    }

    /** Puts money into accounts. */
    void deposit(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            deposit(random.nextInt(accounts), 1 + random.nextInt(HIGHEST));
        }
        acknowledge();
    }

    private void deposit(int account, long amount) {
        deposits++;
        money += amount;
        send("account", AccountLog.id(account), "deposit", "{\"amount\":" + amount + "}");
    }

    /** Asks for transfers between two accounts each. */
    void transfer(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            int from = random.nextInt(accounts);
            int to = (from + 1 + random.nextInt(accounts - 1)) % accounts;
            send("transfer", "transfer-" + transfers++, "request", "{\"from\":\"" + AccountLog.id(from)
                    + "\",\"to\":\"" + AccountLog.id(to) + "\",\"amount\":" + (1 + random.nextInt(HIGHEST)) + "}");
        }
        acknowledge();
    }

    /** How many deposits there were, but for those of transfers. */
    long deposits() {
        return deposits;
    }

    /** How many transfers were asked for. */
    int transfers() {
        return transfers;
    }

    /** What there is on all accounts. */
    long money() {
        return money;
    }

    private void send(String aggregate, String id, String command, String payload) {
        var sent = new ProducerRecord<>(aggregate + ".commands", id, payload);
        sent.headers().add("ce_id", ("command-" + commands++).getBytes(UTF_8)).add("ce_type",
                (aggregate + "." + command).getBytes(UTF_8));
        var _ = producer.send(sent, this::acknowledged);
    }

    private void acknowledged(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
        if (exception != null) {
            fault = exception;
        }
    }

    private void acknowledge() throws Exception {
        producer.flush();
        if (fault != null) {
            throw fault;
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
