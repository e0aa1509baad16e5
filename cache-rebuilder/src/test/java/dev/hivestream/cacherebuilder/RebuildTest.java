package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One log that grows from test to test. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RebuildTest {

    private static final int PARTITIONS = 4;
    private static LocalStack stack;
    private static AccountLog log;
    private static Rebuilder rebuilder;

    @BeforeAll
    static void start() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("RebuildTest: -Dseed=" + seed);
        stack = LocalStack.shared();
        log = new AccountLog(stack, PARTITIONS, seed);
        log.append(20_000, 500);
        rebuilder = new Rebuilder(stack, PARTITIONS);
    }

    @AfterAll
    static void stop() {
        log.close();
    }

    @Test
    @Order(1)
    void a_rebuild_is_what_the_log_says_key_by_key() {
        Ran ran = rebuilder.run("--json").andCode(0);

        assertThat(ran.json().path("events").asLong()).isEqualTo(20_000);
        assertThat(ran.generation()).startsWith("g1-");
        rebuilder.assertIs(ran.generation(), log.expected);
        assertThat(ran.json().path("aggregates").path(0).path("positions").propertyStream()
                .mapToLong(position -> position.getValue().asLong()).sum()).isEqualTo(20_000);
    }

    @Test
    @Order(2)
    void the_next_one_begins_a_generation_of_its_own_and_the_earlier_one_can_be_brought_up_to_date() {
        log.append(1_000, 600);
        Ran second = rebuilder.run("--json").andCode(0);
        assertThat(second.generation()).startsWith("g2-");
        assertThat(second.json().path("events").asLong()).isEqualTo(21_000);
        rebuilder.assertIs(second.generation(), log.expected);

        String first = second.generation().replace("g2-", "g1-");
        Ran again = rebuilder.run("--json", "--generation", first).andCode(0);
        assertThat(again.json().path("events").asLong()).isEqualTo(1_000);
        rebuilder.assertIs(first, log.expected);
    }

    @Test
    @Order(3)
    void with_little_memory_snapshots_are_written_and_let_go() {
        Ran ran = rebuilder.run("--json", "--hive.rebuild.memory=64KB", "--hive.catch-up.step=200",
                "--hive.rebuild.threads=1").andCode(0);
        assertThat(ran.json().path("events").asLong()).isEqualTo(21_000);
        rebuilder.assertIs(ran.generation(), log.expected);
    }

    @Test
    @Order(3)
    void owners_with_other_code_are_not_waited_for() {
        try (var other = new KafkaConsumer<>(
                Map.<String, Object>of("bootstrap.servers", stack.broker().bootstrapServers(),
                        "group.id", "old-code"),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            other.subscribe(List.of("account.commands"));
            Awaitility.await().until(() -> {
                other.poll(Duration.ofMillis(100));
                return !other.assignment().isEmpty();
            });
            Ran ran = rebuilder.run("--json", "--activate", "--hive.rebuild.owners=old-code").andCode(0);

            String fingerprint = ran.generation().substring(ran.generation().indexOf('-') + 1);
            assertThat(rebuilder.redis("HGET", CacheKeys.wanted("account"), fingerprint)).isEqualTo(ran.generation());
            assertThat(ran.json().path("aggregates").path(0).path("activePartitions").asInt()).isZero();
            rebuilder.redis("HDEL", CacheKeys.wanted("account"), fingerprint);
        }
    }

    @Test
    @Order(4)
    void until_gives_the_cache_as_of_then() throws InterruptedException {
        Map<String, AccountLog.Expected> then = new HashMap<>();
        log.expected.forEach((id, account) -> then.put(id, new AccountLog.Expected(account.version(), account.owner(),
                account.balance(), account.status(), new java.util.LinkedHashMap<>(account.commands()))));
        Instant moment = Instant.now();
        Awaitility.await().pollInterval(1, TimeUnit.MILLISECONDS)
                .until(() -> Instant.now().toEpochMilli() > moment.toEpochMilli());
        log.append(2_000, 700);

        Ran ran = rebuilder.run("--json", "--until", moment.toString()).andCode(0);

        assertThat(ran.generation()).startsWith("as-of-");
        rebuilder.assertIs(ran.generation(), then);
        assertThat(rebuilder.run("generations").andCode(0).out()).contains(ran.generation());

        Ran offsets = rebuilder.run("--json", "--until", "0=10,1=0,2=0,3=0").andCode(0);
        assertThat(offsets.json().path("events").asLong()).isEqualTo(10);
        assertThat(rebuilder.run("remove", offsets.generation()).andCode(0).out()).contains("keys removed");
        assertThat(rebuilder.redis("KEYS", "*" + offsets.generation() + "*")).isEqualTo("[]");
    }

    @Test
    @Order(5)
    void show_prints_a_history_with_the_state_after_each_event() {
        String id = log.expected.keySet().iterator().next();
        AccountLog.Expected account = log.expected.get(id);

        Ran json = rebuilder.run("show", "account", id, "--json").andCode(0);
        assertThat(json.json().path("version").asLong()).isEqualTo(account.version());
        assertThat(json.json().path("state").path("balance").asLong()).isEqualTo(account.balance());
        assertThat(json.json().path("history")).hasSize((int) account.version());
        assertThat(json.json().path("history").path(0).path("event").path("owner").asString())
                .isEqualTo(account.owner());

        Ran table = rebuilder.run("show", "account", id, "--at", "2").andCode(0);
        assertThat(table.out().lines()).hasSize(3);
        assertThat(table.out()).contains("account.opened").contains("{\"status\":\"OPEN\"");
        assertThat(rebuilder.run("show", "account", "nobody").andCode(0).out())
                .contains("no event of account 'nobody'");
        assertThat(rebuilder.run("show", "acount", "x").andCode(2).err())
                .contains("Unknown aggregate or saga 'acount'");
    }

    @Test
    @Order(6)
    void a_dry_run_tells_what_cannot_be_read_and_writes_nothing() {
        String generation = rebuilder.run("--json").andCode(0).generation();
        rebuilder.activate(generation);
        String before = rebuilder.redis("DBSIZE");
        assertThat(rebuilder.run("dry-run", "--json").andCode(0).json().path("problems")).isEmpty();

        log.send("poisoned", 1, "account.opened", "{\"owner\":\"p\"}", "p-1");
        log.send("poisoned", 2, "account.vanished", "{}", "p-2");
        log.send("poisoned", 3, "account.deposited", "{\"amount\":\"many\"}", "p-3");
        log.flush();
        JsonNode behind = assertProblems();
        assertThat(behind.path("eventsBehindCheckpoints").asLong()).isEqualTo(3);
        assertThat(rebuilder.run("dry-run").andCode(3).out()).contains("3 events lie behind checkpoints");

        rebuilder.run("--generation", generation, "--on-poison", "park").andCode(0);
        assertThat(assertProblems().path("eventsBehindCheckpoints").asLong()).isZero();
        assertThat(Long.parseLong(rebuilder.redis("DBSIZE"))).isEqualTo(Long.parseLong(before) + 1);
    }

    private static JsonNode assertProblems() {
        JsonNode found = rebuilder.run("dry-run", "--json").andCode(3).json();
        assertThat(found.path("problems")).hasSize(2);
        assertThat(found.path("problems").path(0).path("reason").asString()).contains("'account.vanished' is no event");
        assertThat(found.path("problems").path(1).path("reason").asString()).contains("cannot be read");
        assertThat(found.path("count").asLong()).as("states are compared as of the checkpoint").isZero();
        return found;
    }

    @Test
    @Order(7)
    void a_poison_event_stops_the_rebuild_or_its_aggregate_is_kept_out() {
        Ran stopped = rebuilder.run("--restart").andCode(4);
        assertThat(stopped.err()).contains("topic account.events, partition " + log.partition("poisoned") + ", offset ")
                .contains("'account.vanished' is no event").contains("--on-poison=park");

        Ran parked = rebuilder.run("--json", "--on-poison", "park").andCode(0);
        assertThat(parked.json().path("aggregates").path(0).path("resumed").asBoolean()).isTrue();
        assertThat(parked.json().path("parked")).hasSize(1);
        assertThat(parked.json().path("parked").path(0).path("id").asString()).isEqualTo("poisoned");
        Map<String, String> snapshots = rebuilder.snapshots(parked.generation());
        assertThat(snapshots.remove("poisoned")).contains("\"version\":1").contains("\"poison\":\"The event at");
        assertThat(snapshots).hasSameSizeAs(log.expected);
    }

    @Test
    @Order(8)
    void what_the_command_line_gets_wrong_is_said_in_one_line() {
        for (List<String> wrong : List.of(List.of("rebild"), List.of("--keeep", "3"), List.of("--keep"),
                List.of("show", "account"), List.of("--json=yes"))) {
            Ran ran = Rebuilder.runPlain(wrong.toArray(String[]::new)).andCode(2);
            assertThat(ran.err().lines()).hasSize(1);
        }
        assertThat(Rebuilder.runPlain("rebild", "--json").andCode(2).json())
                .isEqualTo(json("{\"exitCode\":2,\"error\":\"Unknown command 'rebild', see --help\"}"));
        assertThat(Rebuilder.runPlain("verify", "--json=yes").andCode(2).json())
                .isEqualTo(json("{\"command\":\"verify\",\"exitCode\":2,\"error\":\"--json takes no value\"}"));
        assertThat(Rebuilder.runPlain("--help").andCode(0).out()).contains("Usage: cache-rebuilder");
        String generations = rebuilder.run("generations").andCode(0).out();
        assertThat(rebuilder.run("--until", "2999-01-01T00:00:00Z").andCode(1).err()).contains("is in the future");
        assertThat(rebuilder.run("--until", "0=99999999").andCode(1).err())
                .contains("--until is 99999999 for the partition 0, and account.events-0 ends at ");
        assertThat(rebuilder.run("--until", "0=1," + PARTITIONS + "=1").andCode(1).err())
                .contains("--until names the partition " + PARTITIONS + ", and there are " + PARTITIONS);
        assertThat(rebuilder.run("--until", "99999999").andCode(1).err())
                .contains("--until is 99999999, and the longest partition of account.events ends at ");
        assertThat(rebuilder.run("generations").andCode(0).out()).isEqualTo(generations);
        assertThat(rebuilder.run("--keep", "2").andCode(1).err()).contains("Add --activate");
        assertThat(rebuilder.run("--generation", "g1-0123456789ab").andCode(1).err()).contains("belongs to other code");
        assertThat(rebuilder.run("--generation", "g_1").andCode(2).err()).contains("letters, digits, dots and hyphens");
        assertThat(rebuilder.run("--generation", "g9999999999-0").andCode(2).err()).contains("at most nine digits");
        assertThat(rebuilder.run("--dry-run").andCode(1).err()).contains("--dry-run is an option of remove-old-format");
        for (List<String> unknown : List.of(List.of("remove", "g77-0"), List.of("verify", "--generation", "g77-0"),
                List.of("dry-run", "--generation=g77-0"), List.of("activate", "g77-0"))) {
            Ran ran = rebuilder.run(unknown.toArray(String[]::new)).andCode(1);
            assertThat(ran.err()).contains("There is no generation 'g77-0'. There are: ")
                    .contains(active()).endsWith(" of account" + System.lineSeparator());
            assertThat(ran.err().lines()).hasSize(1);
            assertThat(ran.out()).isEmpty();
        }
    }

    @Test
    @Order(9)
    void a_failure_is_json_too_where_json_is_asked_for() {
        JsonNode refused = rebuilder.run("--keep", "2", "--json").andCode(1).json();
        assertThat(refused.path("command").asString()).isEqualTo("rebuild");
        assertThat(refused.path("exitCode").asInt()).isEqualTo(1);
        assertThat(refused.path("error").asString()).contains("Add --activate");
        for (List<String> failing : List.of(List.of("remove", "g77-0"), List.of("activate", "g77-0"),
                List.of("letter", "account", "0/99"), List.of("verify", "--hive.rebuild.json=true", "--redis",
                        "no-redis://127.0.0.1"))) {
            List<String> words = new ArrayList<>(failing);
            words.add("--json");
            Ran ran = failing.contains("--redis")
                    ? Rebuilder.runPlain(words.toArray(String[]::new))
                    : rebuilder.run(words.toArray(String[]::new));
            JsonNode failure = ran.andCode(1).json();
            assertThat(failure.path("command").asString()).as(failing.toString()).isEqualTo(failing.getFirst());
            assertThat(failure.path("exitCode").asInt()).isEqualTo(1);
            assertThat(failure.path("error").asString()).as(failing.toString()).isNotBlank();
        }
        assertThat(rebuilder.run("--hive.catch-up.checkpoint=often", "--json").andCode(1).json().path("error")
                .asString()).startsWith("hive.catch-up.checkpoint is 'often': ");
        JsonNode poisoned = rebuilder.run("--restart", "--json").andCode(4).json();
        assertThat(poisoned.path("exitCode").asInt()).isEqualTo(4);
        assertThat(poisoned.path("error").asString()).contains("'account.vanished' is no event");
    }

    @Test
    @Order(10)
    void versions_that_the_log_repeats_or_does_not_have_are_named_and_are_no_success() {
        long[] versions = {1, 2, 1, 2, 3};
        for (int i = 0; i < versions.length; i++) {
            log.send("twice", versions[i], versions[i] == 1 ? "account.opened" : "account.deposited",
                    versions[i] == 1 ? "{\"owner\":\"t\"}" : "{\"amount\":700}", "t-" + i);
        }
        log.send("gap", 1, "account.opened", "{\"owner\":\"g\"}", "g-1");
        log.send("gap", 2, "account.deposited", "{\"amount\":1}", "g-2");
        log.send("gap", 4, "account.deposited", "{\"amount\":1}", "g-4");
        log.flush();

        // the active generation has not seen them: they lie behind its checkpoints
        Ran behind = rebuilder.run("verify", "--json", "--hive.rebuild.second-look=50ms").andCode(3);
        assertThat(behind.json().path("count").asInt()).isZero();
        assertThat(behind.json().path("eventsBehindCheckpoints").asInt()).isEqualTo(8);
        assertViolations(behind.json());
        assertViolations(rebuilder.run("verify", "--json", "--hive.rebuild.memory=100KB").andCode(3).json());
        assertViolations(rebuilder.run("dry-run", "--json").andCode(3).json());
        rebuilder.redis("DEL", rebuilder.checkpointKey(log.partition("twice"), active()));
        Ran unbuilt = rebuilder.run("verify", "--json", "--hive.rebuild.second-look=50ms").andCode(3);
        assertThat(unbuilt.json().path("count").asInt()).as("the checkpoint is missing").isEqualTo(1);
        assertViolations(unbuilt.json());

        Ran rebuilt = rebuilder.run("--restart", "--json", "--on-poison", "park").andCode(3);
        assertViolations(rebuilt.json());
        String text = rebuilder.run("--restart", "--on-poison", "park", "--hive.rebuild.memory=64KB").andCode(3).out();
        assertThat(text).contains("3 version violations in the log")
                .contains(": version 1 of 'twice' is repeated after version 2")
                .contains(": version 2 of 'twice' is repeated after version 2")
                .contains(": version 4 of 'gap' follows version 2: version 3 is missing");

        Ran verified = rebuilder.run("verify", "--json", "--generation", rebuilt.generation()).andCode(3);
        assertThat(verified.json().path("count").asInt()).as("the cache is what the log says").isZero();
        assertViolations(verified.json());
        assertViolations(rebuilder.run("verify", "--json", "--generation", rebuilt.generation(),
                "--hive.rebuild.memory=100KB").andCode(3).json());
        assertViolations(rebuilder.run("dry-run", "--json", "--generation", rebuilt.generation()).andCode(3).json());
        Ran again = rebuilder.run("--json", "--generation", rebuilt.generation()).andCode(0);
        assertThat(again.json().path("versionViolations").asInt()).as("nothing is left to read").isZero();
    }

    private static String active() {
        JsonNode all = rebuilder.run("generations", "--json").andCode(0).json().path("generations");
        return all.valueStream().filter(one -> one.path("activePartitions").asInt() == PARTITIONS)
                .map(one -> one.path("generation").asString()).findFirst().orElseThrow();
    }

    private void assertViolations(JsonNode outcome) {
        assertThat(outcome.path("versionViolations").asInt()).isEqualTo(3);
        List<String> found = new ArrayList<>();
        outcome.path("violations").forEach(one -> {
            assertThat(one.path("topic").asString()).isEqualTo("account.events");
            assertThat(one.path("partition").asInt()).isEqualTo(log.partition(one.path("id").asString()));
            assertThat(one.path("offset").asLong()).isPositive();
            found.add(one.path("kind").asString() + " " + one.path("id").asString() + " "
                    + one.path("version").asLong());
        });
        assertThat(found).containsExactlyInAnyOrder("repeated twice 1", "repeated twice 2", "missing gap 4");
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text);
    }
}
