package dev.hivestream.local.benchmark;

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
 * A log of the sample aggregate {@code account} as the command-processor would have written it, and what it folds to. The
 * same for the same seed, but for the times. Accounts are opened one after the other all along the log; between that the
 * ones that are open get deposits, at random.
 */
final class AccountLog {

    static final String EVENTS = "account.events";
    static final String COMMANDS = "account.commands";
    private static final Map<String, String> KEPT = Map.of("retention.ms", "-1", "retention.bytes", "-1",
            "cleanup.policy", "delete");

    private final String bootstrapServers;
    private final int events;
    private final int partitions;
    private final long seed;
    private final int[] versions;

    /**
     * A log that is still to be written.
     *
     * @param accounts that the events belong to, each with at least one
     */
    AccountLog(String bootstrapServers, int events, int accounts, int partitions, long seed) {
        this.bootstrapServers = bootstrapServers;
        this.events = events;
        this.partitions = partitions;
        this.seed = seed;
        this.versions = new int[accounts];
    }

    /** The id of an account, by its number from 0. */
    static String id(int account) {
        return "account-" + account;
    }

    /** The number of an account. */
    static int number(String id) {
        return Integer.parseInt(id.substring("account-".length()));
    }

    /** The version that an account has at the end of the log. */
    int version(int account) {
        return versions[account];
    }

    /** Creates the topics and writes everything. */
    void write() throws ExecutionException, InterruptedException {
        var records = new AccountRecords(EVENTS, createTopics());
        Filling.fill(bootstrapServers, EVENTS, events, versions.length, partitions,
                (partition, accounts, count) -> new Events(records, partition, accounts, count));
    }

    private final class Events implements LongFunction<ProducerRecord<byte[], byte[]>> {

        private final AccountRecords records;
        private final int partition;
        private final int[] accounts;
        private final long count;
        private final SplittableRandom random;
        private int opened;

        private Events(AccountRecords records, int partition, int[] accounts, long count) {
            this.records = records;
            this.partition = partition;
            this.accounts = accounts;
            this.count = count;
            this.random = new SplittableRandom(seed + partition);
        }

        @Override
        public ProducerRecord<byte[], byte[]> apply(long event) {
            int account = accounts[next(event)];
            versions[account]++;
            var command = new UUID(random.nextLong(), random.nextLong()).toString();
            return records.event(partition, id(account), versions[account], command, event);
        }

        // the last account is opened with the last event at the latest
        private int next(long event) {
            return event * accounts.length / count >= opened ? opened++ : random.nextInt(opened);
        }
    }

    /** Gives Kafka's id of the commands topic. */
    private String createTopics() throws ExecutionException, InterruptedException {
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            var commands = new NewTopic(COMMANDS, Optional.of(partitions), Optional.empty());
            var kept = new NewTopic(EVENTS, Optional.of(partitions), Optional.empty()).configs(KEPT);
            var created = admin.createTopics(List.of(commands, kept));
            created.all().get();
            return created.topicId(COMMANDS).get().toString();
        }
    }
}
