package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

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
        var accounts = accountsByPartition();
        try (var threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            var writing = new ArrayList<Future<?>>();
            long before = 0;
            for (int partition = 0; partition < partitions; partition++) {
                int[] mine = accounts.get(partition);
                int count = (int) (share(before + mine.length) - share(before));
                before += mine.length;
                writing.add(threads.submit(new Writer(partition, mine, count)));
            }
            for (var partition : writing) {
                partition.get();
            }
        }
    }

    // so many commands do so many of the accounts get: rounded such that the sum is right
    private long share(long accounts) {
        return commands * accounts / versions.length;
    }

    private List<int[]> accountsByPartition() {
        var builders = IntStream.range(0, partitions).mapToObj(_ -> IntStream.builder()).toList();
        for (int account = 0; account < versions.length; account++) {
            builders.get(partition(AccountLog.id(account), partitions)).add(account);
        }
        return builders.stream().map(builder -> builder.build().toArray()).toList();
    }

    /** The partition that an account lives in. */
    static int partition(String id, int partitions) {
        return Utils.toPositive(Utils.murmur2(id.getBytes(UTF_8))) % partitions;
    }

    private final class Writer implements Callable<@Nullable Void> {

        private final int partition;
        private final int[] accounts;
        private final int count;
        private final SplittableRandom random;
        private volatile @Nullable Exception fault;

        private Writer(int partition, int[] accounts, int count) {
            this.partition = partition;
            this.accounts = accounts;
            this.count = count;
            this.random = new SplittableRandom(seed + partition);
        }

        @Override
        public @Nullable Void call() throws Exception {
            Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "linger.ms", 20,
                    "batch.size", 256 * 1024);
            try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
                for (int i = 0; i < count && fault == null; i++) {
                    var _ = producer.send(i < accounts.length ? open(accounts[i]) : deposit(), this::acknowledged);
                }
                producer.flush();
            }
            if (fault != null) {
                throw fault;
            }
            return null;
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

        private void acknowledged(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
            if (exception != null) {
                fault = exception;
            }
        }
    }
}
