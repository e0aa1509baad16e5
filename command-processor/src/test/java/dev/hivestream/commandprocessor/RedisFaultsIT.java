package dev.hivestream.commandprocessor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.RedisServer;
import dev.hivestream.local.check.Deposits;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Load;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.cloud.stream.binder.kafka.config.ClientFactoryCustomizer;
import org.springframework.cloud.stream.binding.BindingsLifecycleController;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.ProducerFactory;

@Tag("faults")
class RedisFaultsIT {

    private static final int BATCH = 5_000;
    private static Fleet fleet;

    @BeforeAll
    static void start() {
        fleet = new Fleet("redis");
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    @Test
    void redis_may_be_emptied_restarted_empty_and_set_back_under_load() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("RedisFaultsIT: -Dseed=" + seed);
        Random random = new Random(seed);
        try (BootApp app = fleet.app("emptied")) {
            app.start().awaitReady(Fleet.PATIENCE);
            RedisServer redis = fleet.stack().redis();
            Deposits deposits = Deposits.endless("emptied", 100, seed);
            try (Load opening = new Load(fleet.history(), List.of(app.url()), 16, deposits.opening())) {
                assertThat(opening.awaitEnd(Fleet.PATIENCE)).isTrue();
            }
            Path older = fleet.directory().resolve("older.rdb");
            try (Load load = new Load(fleet.history(), List.of(app.url()), 16, deposits)) {
                for (int i = 0; i < 5; i++) {
                    hurt("emptied", load, random, () -> redis.call("FLUSHALL"));
                }
                hurt("restarted empty", load, random, redis::startEmpty);
                redis.snapshotTo(older);
                Fleet.awaitAnswers(load, 200);
                hurt("set back", load, random, () -> redis.restoreFrom(older));
                load.stop();
                assertThat(load.awaitEnd(Fleet.PATIENCE)).as("every client has a definite answer: " + load).isTrue();
                System.out.println("  " + load);
                assertThat(load.surprises()).isEmpty();
            }
            app.awaitReady(Fleet.PATIENCE);
            fleet.requireClean("account");
            assertThat(fleet.records("account.commands.dlq")).isZero();
        }
    }

    private static void hurt(String how, Load load, Random random, Runnable fault) throws InterruptedException {
        Fleet.awaitAnswers(load, 50);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
        fault.run();
        System.out.println("  " + how + ": 50 more answers after " + Fleet.awaitAnswers(load, 50));
    }

    @Test
    void a_batch_is_not_decided_twice_when_redis_goes_away_between_commit_and_write_back() throws Exception {
        RedisServer redis = fleet.stack().redis();
        decidedOnceWhenCommitIs("redis-gone", commit -> {
            commit.run();
            redis.kill();
        }, () -> {
            Awaitility.await().until(() -> !redis.process().isAlive());
            redis.start();
        });
    }

    @Test
    void a_batch_is_not_decided_twice_when_the_outcome_of_its_commit_is_never_learnt() throws Exception {
        decidedOnceWhenCommitIs("committed-unknown", commit -> {
            commit.run();
            throw new TimeoutException("The answer to a commit that took place was lost");
        }, () -> {});
    }

    @Test
    void a_batch_is_decided_again_when_its_commit_did_not_take_place() throws Exception {
        decidedOnceWhenCommitIs("not-committed", commit -> {
            throw new TimeoutException("The commit was lost");
        }, () -> {});
    }

    private static void decidedOnceWhenCommitIs(String account, Consumer<Runnable> fault, Runnable mend)
            throws Exception {
        try (Processor processor = Processor.startWith(List.of(FailPoint.class), fleet.stack(), Fleet.arguments())) {
            fleet.history().sent("open-" + account);
            assertThat(processor.post("/v1/account/" + account + "/open", "{\"owner\":\"o\"}", "Idempotency-Key",
                    "open-" + account).statusCode()).isEqualTo(200);
            var bindings = processor.context.getBean(BindingsLifecycleController.class);
            bindings.stop("input");
            deposit(account);
            FailPoint.NEXT.set(fault);
            bindings.start("input");
            Awaitility.await().atMost(Fleet.PATIENCE).until(() -> FailPoint.NEXT.get() == null);
            mend.run();
            fleet.awaitQuiet("account");
            processor.awaitReady();
            EventLog log = fleet.requireClean("account");
            assertThat(log.events().stream().filter(event -> event.id().equals(account))).hasSize(1 + BATCH);
            // that its Redis came back empty may not have been noticed yet when it was asked whether it is ready
            HttpResponse<String> state = Awaitility.await().atMost(Fleet.PATIENCE)
                    .until(() -> processor.get("/v1/account/" + account), answer -> answer.statusCode() == 200);
            assertThat(state.headers().firstValue("ETag")).contains("\"" + (1 + BATCH) + "\"");
        }
    }

    private static void deposit(String account) {
        try (var producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", fleet.stack().broker().bootstrapServers()), new StringSerializer(),
                new StringSerializer())) {
            for (int i = 0; i < BATCH; i++) {
                var command = new ProducerRecord<>("account.commands", account, "{\"amount\":1}");
                String id = account + "-" + i;
                fleet.history().sent(id);
                command.headers().add("ce_id", id.getBytes(UTF_8)).add("ce_type", "account.deposit".getBytes(UTF_8));
                producer.send(command);
            }
            producer.flush();
        }
    }

    /** Lets a test have its way with the next commit of a transaction. */
    @Configuration(proxyBeanMethods = false)
    static class FailPoint {
        static final AtomicReference<Consumer<Runnable>> NEXT = new AtomicReference<>();

        @Bean
        ClientFactoryCustomizer failPoint() {
            return new ClientFactoryCustomizer() {
                @Override
                @SuppressWarnings("unchecked")
                public void configure(ProducerFactory<?, ?> factory) {
                    ((ProducerFactory<byte[], byte[]>) factory).addPostProcessor(FailPoint::wrap);
                }
            };
        }

        @SuppressWarnings("unchecked")
        private static Producer<byte[], byte[]> wrap(Producer<byte[], byte[]> producer) {
            return (Producer<byte[], byte[]>) Proxy.newProxyInstance(Producer.class.getClassLoader(),
                    new Class<?>[]{Producer.class}, (proxy, method, arguments) -> {
                        Consumer<Runnable> fault = method.getName().equals("commitTransaction")
                                ? NEXT.getAndSet(null)
                                : null;
                        if (fault != null) {
                            fault.accept(producer::commitTransaction);
                            return null;
                        }
                        try {
                            return method.invoke(producer, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getTargetException();
                        }
                    });
        }
    }
}
