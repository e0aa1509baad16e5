package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Sends deposits straight into their topic, so many a second, each with an amount of its own: 1, 2, 3 … */
final class SteadyLoad implements AutoCloseable {

    private final KafkaProducer<String, String> producer;
    private final long pause;
    private final int accounts;
    private final SplittableRandom random;
    private final Thread thread;
    private volatile boolean stopping;
    private volatile int deposits;
    private volatile @Nullable Exception fault;

    /** Begins. */
    SteadyLoad(String bootstrapServers, int accounts, int rate, long seed) {
        this.producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrapServers, "acks", "all"),
                new StringSerializer(), new StringSerializer());
        this.pause = TimeUnit.SECONDS.toNanos(1) / rate;
        this.accounts = accounts;
        this.random = new SplittableRandom(seed);
        this.thread = Thread.ofPlatform().daemon().name("load").start(this::send);
    }

    private void send() {
        for (long due = System.nanoTime(); !stopping; due += pause) {
            for (long left = due - System.nanoTime(); left > 0 && !stopping; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            int amount = deposits + 1;
            var deposit = new ProducerRecord<>(AccountLog.COMMANDS, AccountLog.id(random.nextInt(accounts)),
                    AccountRecords.deposit(amount));
            deposit.headers().add("ce_id", ("deposit-" + amount).getBytes(UTF_8)).add("ce_type",
                    "account.deposit".getBytes(UTF_8));
            var _ = producer.send(deposit, (metadata, failure) -> {
                if (failure != null) {
                    fault = failure;
                }
            });
            deposits = amount;
        }
    }

    /**
     * Sends no more.
     *
     * @return how many deposits there were, all acknowledged
     */
    int stop() throws Exception {
        stopping = true;
        thread.join();
        producer.flush();
        if (fault != null) {
            throw fault;
        }
        return deposits;
    }

    @Override
    public void close() {
        stopping = true;
        producer.close();
    }
}
