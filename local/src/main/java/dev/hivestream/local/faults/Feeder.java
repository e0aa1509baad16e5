package dev.hivestream.local.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.Partitioner;
import dev.hivestream.local.check.Bank;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.faults.agent.Hooks;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka client: deposits, some in the wrong partition, to the accounts that the HTTP clients use; records that nobody can
 * read; and, if there are sagas, a bank's transfers.
 */
final class Feeder implements AutoCloseable {

    private static final int PAUSE_MILLIS = 60;
    private static final int TURNS_PER_TRANSFER = 8;

    private final Witness witness;
    private final KafkaProducer<String, String> producer;
    private final @Nullable Bank bank;
    private final String name;
    private final List<String> accounts;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread;

    Feeder(Witness witness, String bootstrapServers, @Nullable Bank bank, String name, List<String> accounts,
            long seed) {
        this.witness = witness;
        this.bank = bank;
        this.name = name;
        this.accounts = accounts;
        this.producer = producer(bootstrapServers, name);
        thread = Thread.ofVirtual().name("feeder").start(() -> run(new Random(seed)));
    }

    private void run(Random random) {
        try {
            for (int turn = 0; !stopping.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS); turn++) {
                if (bank != null && turn % TURNS_PER_TRANSFER == 0) {
                    bank.transfer(1);
                } else {
                    feed(turn, random);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            witness.surprised("The Kafka client failed: " + e);
        }
    }

    /** The id of one of its commands. */
    static String commandId(String name, int turn) {
        return name + "-kafka-" + turn;
    }

    /** Opens accounts that nobody uses, so that the cache of each partition takes several steps to write. */
    static void open(Witness witness, String bootstrapServers, int accounts) {
        try (var producer = producer(bootstrapServers, "opener")) {
            for (int i = 0; i < accounts; i++) {
                String id = "unused-" + i;
                witness.sends(id);
                var command = new ProducerRecord<>("account.commands", id, "{\"owner\":\"nobody\"}");
                command.headers().add("ce_type", "account.open".getBytes(UTF_8)).add("ce_id", id.getBytes(UTF_8));
                producer.send(command, (_, failure) -> {
                    if (failure != null) {
                        witness.surprised("Nothing was broken, and a record was not taken: " + failure);
                    }
                });
            }
        }
    }

    /** Sends a command that does not end where deciders are slow; gives its place. */
    static String openStuck(String bootstrapServers, String id) throws InterruptedException {
        try (var producer = producer(bootstrapServers, id)) {
            var command = new ProducerRecord<>("account.commands", id, "{\"owner\":\"" + Hooks.STUCK + "\"}");
            command.headers().add("ce_type", "account.open".getBytes(UTF_8)).add("ce_id", id.getBytes(UTF_8));
            RecordMetadata metadata = producer.send(command).get();
            return "account.commands/" + metadata.partition() + "/" + metadata.offset();
        } catch (ExecutionException e) {
            throw new IllegalStateException("A broker of three was lost at most, and a record was not taken", e);
        }
    }

    private static KafkaProducer<String, String> producer(String bootstrapServers, String name) {
        return new KafkaProducer<>(Map.of("bootstrap.servers", bootstrapServers, "enable.idempotence", true,
                "delivery.timeout.ms", 120_000, "client.id", name), new StringSerializer(), new StringSerializer());
    }

    private void feed(int turn, Random random) {
        String commandId = commandId(name, turn);
        String account = accounts.get(random.nextInt(accounts.size()));
        int home = Partitioner.partition(account, Fleet.PARTITIONS);
        String good = "{\"amount\":" + (1 + random.nextInt(50)) + "}";
        int kind = random.nextInt(100);
        if (kind < 80) {
            witness.sends(commandId);
            send(home, account, commandId, "account.deposit", good, false);
        } else if (kind < 90) {
            witness.sends(commandId);
            send((home + 1) % Fleet.PARTITIONS, account, commandId, "account.deposit", good, false);
        } else if (kind < 92) {
            send(home, account, commandId, "account.deposit", "{\"amount\":", true);
        } else if (kind < 94) {
            send(home, account, commandId, "account.explode", good, true);
        } else if (kind < 96) {
            send(home, account, commandId, "account.deposit", null, true);
        } else if (kind < 98) {
            send(home, null, commandId, "account.deposit", good, true);
        } else {
            send(home, account, null, "account.deposit", good, true);
        }
    }

    private void send(int partition, @Nullable String key, @Nullable String commandId, String type,
            @Nullable String value, boolean bad) {
        var command = new ProducerRecord<>("account.commands", partition, key, value);
        command.headers().add("ce_type", type.getBytes(UTF_8));
        if (commandId != null) {
            command.headers().add("ce_id", commandId.getBytes(UTF_8));
        }
        producer.send(command, (metadata, failure) -> {
            if (failure != null) {
                witness.surprised("A broker of three was lost at most, and a record was not taken: " + failure);
            } else if (bad) {
                witness.spoiled("account.commands/" + metadata.partition() + "/" + metadata.offset());
                witness.count("Kafka: bad record");
            } else {
                witness.count("Kafka: command");
            }
        });
    }

    /** Ends it when the brokers have all that it sent; false if that takes too long. */
    boolean stop(Duration patience) throws InterruptedException {
        stopping.countDown();
        return thread.join(patience);
    }

    @Override
    public void close() {
        stopping.countDown();
        producer.close();
    }
}
