package dev.hivestream.cacherebuilder;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.Leaders;
import dev.hivestream.local.LocalStack;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;

/**
 * The log of the sample aggregate {@code account} on a stack of a test's own, and what it comes to, by rules that are
 * written down here once more.
 */
final class AccountLog implements AutoCloseable {

    static final String TOPIC = "account.events";

    /** What an account must come to. */
    record Expected(long version, String owner, long balance, String status, Map<String, Long> commands) {

        /** The stored form while it has no block. */
        String snapshot() {
            var entries = new ByteArrayOutputStream();
            commands.forEach((command, of) -> entries.writeBytes(ByteBuffer.allocate(28).put(hash(command), 0, 12)
                    .putLong(0).putLong(of << 24 | 1 << 23).array()));
            return snapshot(entries.toByteArray());
        }

        private String snapshot(byte[] entries) {
            return "{\"version\":" + version + ",\"state\":{\"status\":\"" + status + "\",\"owner\":\"" + owner
                    + "\",\"balance\":" + balance + "},\"commands\":\""
                    + Base64.getUrlEncoder().withoutPadding().encodeToString(entries) + "\"}";
        }
    }

    final int partitions;
    final Map<String, Expected> expected = new LinkedHashMap<>();
    private final KafkaProducer<byte[], byte[]> producer;
    private final Admin admin;
    private final String commandsTopicId;
    private final Random random;
    private final long[] commands;

    AccountLog(LocalStack stack, int partitions, long seed) {
        this.partitions = partitions;
        this.random = new Random(seed);
        this.commands = new long[partitions];
        Map<String, Object> settings = new HashMap<>(
                Map.of("bootstrap.servers", stack.broker().bootstrapServers(), "linger.ms", 5, "batch.size", 262_144));
        admin = Admin.create(settings);
        try {
            commandsTopicId = create("account.commands").toString();
            create(TOPIC);
            Leaders.await(admin, TOPIC, partitions);
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
        producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private org.apache.kafka.common.Uuid create(String topic) throws ExecutionException, InterruptedException {
        return admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())
                .configs(Map.of("retention.ms", "-1", "retention.bytes", "-1")))).topicId(topic).get();
    }

    /** So many events of so many accounts, at random; each account is opened first. */
    void append(int events, int accounts) {
        for (int i = 0; i < events; i++) {
            append("a-" + random.nextInt(accounts));
        }
        producer.flush();
    }

    /** One more event of an account. */
    void append(String id) {
        Expected before = expected.get(id);
        if (before == null) {
            send(id, new Expected(1, "owner of " + id, 0, "OPEN", new LinkedHashMap<>()), "account.opened",
                    "{\"owner\":\"owner of " + id + "\"}");
        } else {
            int amount = 1 + random.nextInt(100);
            send(id, new Expected(before.version + 1, before.owner, before.balance + amount, "OPEN", before.commands),
                    "account.deposited", "{\"amount\":" + amount + "}");
        }
    }

    private void send(String id, Expected after, String type, String payload) {
        String command = "c-" + id + "-" + after.version;
        after.commands.put(command, after.version);
        if (after.commands.size() > 256) {
            after.commands.remove(after.commands.keySet().iterator().next());
        }
        expected.put(id, after);
        send(id, after.version, type, payload, command);
    }

    /** A record that need not be right. */
    void send(String id, long version, String type, String payload, String command) {
        int partition = partition(id);
        var record = new ProducerRecord<>(TOPIC, partition, id.getBytes(UTF_8), payload.getBytes(UTF_8));
        record.headers().add("ce_type", type.getBytes(UTF_8)).add("ce_sequence", Long.toString(version).getBytes(UTF_8))
                .add("ce_causationid", command.getBytes(UTF_8))
                .add("ce_commandposition", (commandsTopicId + ":" + commands[partition]++).getBytes(UTF_8));
        var _ = producer.send(record);
    }

    void flush() {
        producer.flush();
    }

    int partition(String id) {
        return Utils.toPositive(Utils.murmur2(id.getBytes(UTF_8))) % partitions;
    }

    /** By which a command of format 1 is recognised: 96 bits are stored. */
    private static byte[] hash(String command) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(command.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        producer.close();
        admin.close();
    }
}
