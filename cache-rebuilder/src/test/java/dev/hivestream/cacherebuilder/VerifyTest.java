package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Position;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import tools.jackson.databind.JsonNode;

/** A cache without an owner, in which something is changed by hand, is told apart from the log, and mended. */
class VerifyTest {

    private static final int PARTITIONS = 2;
    @TempDir
    private static Path directory;
    private static LocalStack stack;
    private static AccountLog log;
    private static Rebuilder rebuilder;
    private static String generation;
    /** With so few commands that it has no block. */
    private final String id = log.expected.entrySet().stream()
            .min(Comparator.comparing(account -> account.getValue().version())).orElseThrow().getKey();
    private final int partition = log.partition(id);

    @BeforeAll
    static void start() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("VerifyTest: -Dseed=" + seed);
        stack = LocalStack.start(directory, Ports.free(), Ports.free());
        log = new AccountLog(stack, PARTITIONS, seed);
        log.append(3_000, 200);
        rebuilder = new Rebuilder(stack, PARTITIONS, "--hive.rebuild.second-look=50ms");
        generation = rebuilder.run("--json").andCode(0).generation();
        rebuilder.activate(generation);
    }

    @AfterAll
    static void stop() {
        log.close();
        stack.close();
    }

    @Test
    void a_cache_that_is_what_the_log_says() {
        assertThat(rebuilder.run("verify").andCode(0).out()).contains("no difference");
    }

    @Test
    void a_snapshot_that_was_changed() {
        String key = rebuilder.key(partition, generation, id);
        String snapshot = rebuilder.redis("GET", key);
        rebuilder.redis("SET", key, snapshot.replaceFirst("\"balance\":\\d+", "\"balance\":7"));

        JsonNode found = theOnly(rebuilder.run("verify", "--json").andCode(3));
        assertThat(found.path("id").asString()).isEqualTo(id);
        assertThat(found.path("what").asString()).startsWith("differs at version ");
        assertThat(found.path("changes").path(0).path("at").asString()).isEqualTo("/state/balance");
        assertThat(found.path("changes").path(0).path("actual").asString()).isEqualTo("7");
        assertMended();
    }

    @Test
    void forgotten_commands() {
        String key = rebuilder.key(partition, generation, id);
        rebuilder.redis("SET", key,
                rebuilder.redis("GET", key).replaceFirst(",\"commands\":\"[^\"]*\"", ""));
        assertThat(theOnly(rebuilder.run("verify", "--json").andCode(3)).path("changes").path(0).path("at").asString())
                .startsWith("/commands/");
        assertMended();
    }

    @Test
    void a_snapshot_that_was_deleted() {
        rebuilder.redis("DEL", rebuilder.key(partition, generation, id));
        JsonNode found = theOnly(rebuilder.run("verify", "--json").andCode(3));
        assertThat(found.path("what").asString()).isEqualTo("is not in the cache");
        assertThat(found.path("expectedVersion").asLong()).isEqualTo(log.expected.get(id).version());
        assertMended();
    }

    @Test
    void a_version_that_is_too_high() {
        changeVersion(1);
        assertThat(theOnly(rebuilder.run("verify", "--json").andCode(3)).path("what").asString())
                .contains("but the log ends at version " + log.expected.get(id).version());
        assertMended();
    }

    @Test
    void a_version_that_is_too_low() {
        changeVersion(-1);
        assertThat(theOnly(rebuilder.run("verify", "--json").andCode(3)).path("what").asString())
                .contains("the log up to the checkpoint is at version " + log.expected.get(id).version());
        assertMended();
    }

    private void changeVersion(int by) {
        String key = rebuilder.key(partition, generation, id);
        rebuilder.redis("SET", key, rebuilder.redis("GET", key).replaceFirst("\"version\":\\d+",
                "\"version\":" + (log.expected.get(id).version() + by)));
    }

    @Test
    void a_snapshot_that_should_not_exist() {
        rebuilder.redis("SET", rebuilder.key(0, generation, "nobody"),
                "{\"version\":1,\"state\":{\"status\":\"OPEN\",\"owner\":\"n\",\"balance\":1}}");
        assertThat(theOnly(rebuilder.run("verify", "--json").andCode(3)).path("what").asString())
                .contains("should not be in the cache");
        assertMended();
        assertThat(rebuilder.redis("EXISTS", rebuilder.key(0, generation, "nobody"))).isEqualTo("0");
    }

    @Test
    void a_snapshot_that_is_not_one() {
        rebuilder.redis("SET", rebuilder.key(partition, generation, id), "garbage");
        assertThat(theOnly(rebuilder.run("verify", "--json").andCode(3)).path("what").asString())
                .isEqualTo("the snapshot cannot be read");
        assertMended();
    }

    @Test
    void a_checkpoint_that_was_set_back() {
        String key = rebuilder.checkpointKey(partition, generation);
        rebuilder.redis("SET", key, rebuilder.redis("GET", key).replaceFirst("\"next\":\\d+", "\"next\":10"));
        Ran ran = rebuilder.run("verify", "--json").andCode(3);
        List<String> whats = new ArrayList<>();
        ran.json().path("differences").forEach(one -> whats.add(one.path("what").asString()));
        assertThat(whats).anyMatch(what -> Pattern.matches("the checkpoint is at 10, behind the snapshot of .*", what));
        assertMended();
    }

    @Test
    void a_checkpoint_that_leads_the_log() {
        String key = rebuilder.checkpointKey(partition, generation);
        rebuilder.redis("SET", key, rebuilder.redis("GET", key).replaceFirst("\"next\":\\d+", "\"next\":99999"));
        assertThat(rebuilder.run("verify").andCode(3).out())
                .contains("the checkpoint is at 99999, but the log ends at ");
        assertThat(rebuilder.run("verify", "--hive.rebuild.memory=100KB").andCode(3).out())
                .contains("the checkpoint is at 99999, but the log ends at ");
        assertMended();
    }

    @Test
    void a_checkpoint_that_is_missing_or_garbage() {
        String key = rebuilder.checkpointKey(partition, generation);
        rebuilder.redis("DEL", key);
        assertThat(rebuilder.run("verify").andCode(3).out()).contains("no checkpoint");
        assertMended();
        rebuilder.redis("SET", key, "garbage");
        assertThat(rebuilder.run("verify").andCode(3).out()).contains("the checkpoint cannot be read");
        assertMended();
    }

    @Test
    void with_little_memory_the_log_is_read_in_parts() {
        Ran ran = rebuilder.run("verify", "--json", "--hive.rebuild.memory=100KB").andCode(0);
        assertThat(ran.json().path("aggregates").asLong()).isEqualTo(log.expected.size());
    }

    @Test
    void a_cache_that_moves_on_while_it_is_looked_at_is_not_wrong() {
        MovingOn.between = () -> {
            log.append(id);
            log.flush();
            String key = rebuilder.checkpointKey(partition, generation);
            Checkpoint before = Checkpoint.read(rebuilder.redis("GET", key).getBytes(StandardCharsets.UTF_8));
            Position command = before.commandPosition();
            rebuilder.redis("SET", rebuilder.key(partition, generation, id), log.expected.get(id).snapshot());
            rebuilder.redis("SET", key, Checkpoint
                    .at(before.next() + 1, new Position(command.topicId(), command.offset() + 1)).toString());
        };
        MovingOn.moves = 0;

        Ran ran = rebuilder.run("verify", "--json", "--spring.main.sources=" + MovingOn.class.getName());

        assertThat(ran.andCode(0).json().path("count").asLong()).isZero();
        assertThat(MovingOn.moves).isGreaterThanOrEqualTo(PARTITIONS);
        a_cache_that_is_what_the_log_says();
    }

    @Test
    void a_partition_that_is_emptied_after_it_was_compared() {
        MovingOn.moves = 0;
        // with one worker, the end of the second partition is read when the first one has been compared
        MovingOn.between = () -> {
            if (MovingOn.moves == 2) {
                rebuilder.redis("EVAL",
                        "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end",
                        "0", "hive:2:{account:0}:*");
            }
        };

        Ran ran = rebuilder.run("verify", "--json", "--hive.rebuild.threads=1",
                "--spring.main.sources=" + MovingOn.class.getName());

        assertThat(ran.andCode(3).json().path("differences").path(0).path("what").asString())
                .startsWith("no checkpoint");
        rebuilder.activate(generation);
        assertMended();
    }

    @Test
    void a_checkpoint_that_was_written_anew_at_the_same_position_is_looked_at_again() {
        MovingOn.moves = 0;
        MovingOn.between = () -> {
            if (MovingOn.moves == 2) {
                String key = rebuilder.checkpointKey(0, generation);
                rebuilder.redis("SET", key, Checkpoint
                        .read(rebuilder.redis("GET", key).getBytes(StandardCharsets.UTF_8)).renewed().toString());
            }
        };

        Ran ran = rebuilder.run("verify", "--json", "--hive.rebuild.threads=1",
                "--spring.main.sources=" + MovingOn.class.getName());

        assertThat(ran.andCode(0).json().path("count").asLong()).isZero();
        assertThat(MovingOn.moves).as("the first partition was compared twice").isGreaterThan(4);
    }

    @Test
    void events_behind_a_checkpoint_are_reported_and_are_not_wrong() {
        log.append(id);
        log.append(id);
        log.flush();

        Ran ran = rebuilder.run("verify", "--json").andCode(0);

        assertThat(ran.json().path("count").asLong()).isZero();
        assertThat(ran.json().path("eventsBehindCheckpoints").asLong()).isEqualTo(2);
        assertThat(rebuilder.run("verify").andCode(0).out())
                .contains("2 events lie behind checkpoints that do not move: account:" + partition);
        rebuilder.run("--generation", generation).andCode(0);
        assertThat(rebuilder.run("verify", "--json").andCode(0).json().path("eventsBehindCheckpoints").asLong())
                .isZero();
    }

    @Test
    void an_open_transaction_is_not_waited_for() {
        try (var producer = new KafkaProducer<>(
                Map.<String, Object>of("bootstrap.servers", stack.broker().bootstrapServers(), "transactional.id",
                        "somebody"),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            var record = new ProducerRecord<>(AccountLog.TOPIC, partition, id.getBytes(StandardCharsets.UTF_8),
                    "{\"amount\":1}".getBytes(StandardCharsets.UTF_8));
            record.headers().add("ce_type", "account.deposited".getBytes(StandardCharsets.UTF_8)).add("ce_sequence",
                    "99".getBytes(StandardCharsets.UTF_8));
            var _ = producer.send(record);
            producer.flush();

            Ran open = rebuilder.run("verify", "--json").andCode(0);
            assertThat(open.json().path("eventsBehindCheckpoints").asLong()).isZero();

            producer.abortTransaction();
        }
        Ran aborted = rebuilder.run("verify", "--json").andCode(0);
        assertThat(aborted.json().path("eventsBehindCheckpoints").asLong()).isZero();
    }

    /** As an owner at work does: whenever somebody asked for the log's end, one more command is decided. */
    @TestConfiguration(proxyBeanMethods = false)
    static class MovingOn {

        private static Runnable between;
        private static int moves;

        @Bean
        static BeanPostProcessor movingOn() {
            return new BeanPostProcessor() {
                @Override
                public Object postProcessAfterInitialization(Object bean, String name) {
                    return bean instanceof Admin admin ? movingOn(admin) : bean;
                }
            };
        }

        private static Admin movingOn(Admin admin) {
            return (Admin) Proxy.newProxyInstance(Admin.class.getClassLoader(), new Class<?>[]{Admin.class},
                    (_, method, arguments) -> {
                        Object answer = method.invoke(admin, arguments);
                        if (answer instanceof ListOffsetsResult offsets) {
                            synchronized (MovingOn.class) {
                                offsets.all().get();
                                between.run();
                                moves++;
                            }
                        }
                        return answer;
                    });
        }
    }

    private static JsonNode theOnly(Ran ran) {
        assertThat(ran.json().path("count").asLong()).as(ran.out()).isEqualTo(1);
        return ran.json().path("differences").path(0);
    }

    /** And everything is as it was. */
    private static void assertMended() {
        Ran ran = rebuilder.run("verify", "--repair", "--json").andCode(0);
        assertThat(ran.json().path("repaired").asInt()).isPositive();
        rebuilder.assertIs(generation, log.expected);
    }
}
