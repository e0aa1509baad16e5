package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.LongFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A topic filled with commands to accounts: each account is opened, then they get deposits of 300 bytes at random. All of
 * them are accepted. The same for the same seed.
 */
final class CommandLog {

    private static final int HIGHEST = 100;

    private final String bootstrapServers;
    private final int commands;
    private final int partitions;
    private final long seed;
    private final String owner;
    private final int[] versions;
    private final long[] balances;

    /**
     * A topic that is still to be filled.
     *
     * @param ownerBytes how long the name of each owner is, which is part of the state
     */
    CommandLog(String bootstrapServers, int commands, int accounts, int partitions, int ownerBytes, long seed) {
        this.bootstrapServers = bootstrapServers;
        this.commands = commands;
        this.partitions = partitions;
        this.seed = seed;
        this.owner = AccountRecords.filler(ownerBytes);
        this.versions = new int[accounts];
        this.balances = new long[accounts];
    }

    /** How many commands there are, and so many events they lead to. */
    int commands() {
        return commands;
    }

    int accounts() {
        return versions.length;
    }

    int partitions() {
        return partitions;
    }

    /** The version that an account has in the end. */
    int version(int account) {
        return versions[account];
    }

    /** What an account has in the end. */
    long balance(int account) {
        return balances[account];
    }

    /** Creates the topic and fills it. */
    void write() throws ExecutionException, InterruptedException {
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(AccountLog.COMMANDS, Optional.of(partitions), Optional.empty())))
                    .all().get();
        }
        Filling.fill(bootstrapServers, AccountLog.COMMANDS, commands, versions.length, partitions,
                (partition, accounts, _) -> new OfPartition(partition, accounts));
    }

    private final class OfPartition implements LongFunction<ProducerRecord<byte[], byte[]>> {

        private final int partition;
        private final int[] accounts;
        private final SplittableRandom random;

        private OfPartition(int partition, int[] accounts) {
            this.partition = partition;
            this.accounts = accounts;
            this.random = new SplittableRandom(seed + partition);
        }

        @Override
        public ProducerRecord<byte[], byte[]> apply(long command) {
            return command < accounts.length ? open(accounts[(int) command]) : deposit();
        }

        private ProducerRecord<byte[], byte[]> open(int account) {
            return command(account, "account.open", "{\"owner\":\"" + owner + "\"}");
        }

        private ProducerRecord<byte[], byte[]> deposit() {
            int account = accounts[random.nextInt(accounts.length)];
            int amount = 1 + random.nextInt(HIGHEST);
            balances[account] += amount;
            return command(account, "account.deposit",
                    AccountRecords.deposit(amount));
        }

        private ProducerRecord<byte[], byte[]> command(int account, String type, String payload) {
            versions[account]++;
            var record = new ProducerRecord<>(AccountLog.COMMANDS, partition, AccountLog.id(account).getBytes(UTF_8),
                    payload.getBytes(UTF_8));
            record.headers().add("ce_id", new UUID(random.nextLong(), random.nextLong()).toString().getBytes(UTF_8))
                    .add("ce_type", type.getBytes(UTF_8));
            return record;
        }
    }
}
