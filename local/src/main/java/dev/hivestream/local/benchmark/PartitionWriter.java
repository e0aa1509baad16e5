package dev.hivestream.local.benchmark;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Writes the events of one partition, with an idempotent producer of its own. */
final class PartitionWriter implements Callable<@Nullable Void> {

    private final Map<String, Object> settings;
    private final AccountRecords records;
    private final int partition;
    private final int[] accounts;
    private final int[] versions;
    private final long events;
    private final SplittableRandom random;
    private int opened;
    private volatile @Nullable Exception fault;

    /**
     * A writer that has not begun.
     *
     * @param accounts that live in the partition
     * @param versions by account, of all partitions; those of this one's accounts are advanced
     * @param events how many: not fewer than accounts
     */
    PartitionWriter(String bootstrapServers, AccountRecords records, int partition, int[] accounts, int[] versions,
            long events, long seed) {
        this.settings = Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "enable.idempotence", true,
                "linger.ms", 20, "batch.size", 256 * 1024, "compression.type", "none");
        this.records = records;
        this.partition = partition;
        this.accounts = accounts;
        this.versions = versions;
        this.events = events;
        this.random = new SplittableRandom(seed);
    }

    @Override
    public @Nullable Void call() throws Exception {
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (long event = 0; event < events && fault == null; event++) {
                int account = accounts[next(event)];
                versions[account]++;
                var command = new UUID(random.nextLong(), random.nextLong()).toString();
                var _ = producer.send(
                        records.event(partition, AccountLog.id(account), versions[account], command, event),
                        this::acknowledged);
            }
            producer.flush();
        }
        if (fault != null) {
            throw fault;
        }
        return null;
    }

    // the last account is opened with the last event at the latest
    private int next(long event) {
        return event * accounts.length / events >= opened ? opened++ : random.nextInt(opened);
    }

    private void acknowledged(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
        if (exception != null) {
            fault = exception;
        }
    }
}
