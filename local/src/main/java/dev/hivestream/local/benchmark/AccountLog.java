package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.utils.Utils;

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
        var accounts = accountsByPartition();
        // a writer has a partition to itself: the order in the log is the order in which it sends
        try (var threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            var writing = new ArrayList<Future<?>>();
            long before = 0;
            for (int partition = 0; partition < partitions; partition++) {
                int[] mine = accounts.get(partition);
                long count = share(before + mine.length) - share(before);
                before += mine.length;
                writing.add(threads.submit(
                        new PartitionWriter(bootstrapServers, records, partition, mine, versions, count,
                                seed + partition)));
            }
            for (var partition : writing) {
                partition.get();
            }
        }
    }

    // so many events do so many of the accounts have: rounded such that the sum is right
    private long share(long accounts) {
        return events * accounts / versions.length;
    }

    private List<int[]> accountsByPartition() {
        var builders = IntStream.range(0, partitions).mapToObj(partition -> IntStream.builder()).toList();
        for (int account = 0; account < versions.length; account++) {
            builders.get(partition(id(account))).add(account);
        }
        return builders.stream().map(builder -> builder.build().toArray()).toList();
    }

    private int partition(String id) {
        return Utils.toPositive(Utils.murmur2(id.getBytes(UTF_8))) % partitions;
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
