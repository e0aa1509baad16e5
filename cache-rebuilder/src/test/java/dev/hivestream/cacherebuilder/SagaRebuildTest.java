package dev.hivestream.cacherebuilder;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.cacherebuilder.Orders.Code;
import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisConnection;
import dev.hivestream.runtime.cache.Keys;
import dev.hivestream.runtime.message.Slot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Sagas are rebuilt from their histories, compared with them, and tried with other code. */
class SagaRebuildTest {

    private static final int PARTITIONS = 2;
    private static final int INSTANCES = 30;

    @TempDir
    static Path directory;
    private static LocalStack stack;
    private static SagaLog<Orders.Event, Orders.Seen, Orders.Command> log;
    private static SagaLog<Orders.Event, Orders.Seen, Orders.Command> damaged;
    private static String generation;

    @BeforeAll
    static void start() {
        stack = LocalStack.start(directory, Ports.free(), Ports.free());
        log = new SagaLog<>(stack, PARTITIONS, Orders.saga("order", Code.FIRST));
        for (int i = 0; i < INSTANCES; i++) {
            log.append("o-" + i, "shop.placed", "{\"amount\":5}");
        }
        log.mark("o-0");
        log.mark("-");
        log.append("o-1", "shop.noted", "{\"text\":\"fragile\"}");
        log.append("o-1", "shop.noted", "{\"text\":\"heavy\"}");
        log.append("o-2", "shop.noted", "{\"text\":\"late\"}");
        log.append("o-2", "shop.paid", "{}");
        log.append("o-3", "shop.paid", "{}");
        log.append("early", "shop.noted", "{\"text\":\"before it starts\"}");
        log.flush();
        damaged = new SagaLog<>(stack, PARTITIONS, Orders.saga("damaged", Code.FIRST));
        damaged.append("d-1", "shop.placed", "{\"amount\":5}");
        damaged.append("d-1", "shop.paid", "{}");
        damaged.record("d-1", 2, "shop.noted", "{\"text\":\"again\"}",
                "{\"how\":\"HANDLED\",\"turns\":[]}".getBytes(UTF_8));
        damaged.append("d-2", "shop.placed", "{\"amount\":5}");
        damaged.record("d-2", 2, "shop.noted", "{\"text\":\"x\"}", "no JSON".getBytes(UTF_8));
        damaged.flush();
        generation = run("rebuild", "--json").andCode(0).generation();
        activate("order", generation);
    }

    @AfterEach
    void first() {
        Orders.code = Code.FIRST;
    }

    @AfterAll
    static void stop() {
        log.close();
        damaged.close();
        stack.close();
    }

    private static Ran run(String... arguments) {
        return runFor("order", arguments);
    }

    private static Ran runFor(String saga, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (!saga.isEmpty()) {
            all.addAll(List.of("--sagas", saga));
        }
        all.addAll(List.of("--partitions", "" + PARTITIONS, "--brokers", stack.broker().bootstrapServers(), "--redis",
                stack.redis().uri(), "--hive.rebuild.second-look=50ms"));
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(Orders.loader());
        try {
            return Rebuilder.runPlain(all.toArray(String[]::new));
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private static String redis(String... words) {
        try (var redis = new RedisConnection(stack.redis().port())) {
            return String.valueOf(redis.call(words));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void activate(String saga, String name) {
        String fingerprint = name.substring(name.lastIndexOf('-') + 1);
        redis("HSET", CacheKeys.wanted(saga), fingerprint, name);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            redis("HSET", CacheKeys.active(saga, partition), fingerprint, name);
        }
    }

    private static String key(String id) {
        return CacheKeys.snapshot("order", log.partition(id), generation, id);
    }

    private static void assertIsWhole() {
        log.expected.keySet().forEach(id -> assertThat(redis("GET", key(id))).as(id).isEqualTo(log.snapshot(id)));
    }

    private static JsonNode instance(Ran ran, String id) {
        return StreamSupport.stream(ran.json().path("instances").spliterator(), false)
                .filter(one -> one.path("id").asString().equals(id)).findFirst().orElseThrow();
    }

    private static String text(JsonNode texts) {
        return String.join("\n", StreamSupport.stream(texts.spliterator(), false).map(JsonNode::asString).toList());
    }

    @Test
    void a_generation_is_what_the_history_says_with_deadlines_and_statuses() {
        assertIsWhole();
        Slot slot = new Slot("order", log.partition("o-5"));
        assertThat(redis("ZSCORE", new String(Keys.index(slot, generation, "deadlines"), UTF_8), "late:o-5"))
                .isNotEqualTo("null");
        assertThat(redis("ZSCORE",
                new String(Keys.index(new Slot("order", log.partition("o-2")), generation, "completed"), UTF_8),
                "o-2")).isNotEqualTo("null");
        assertThat(redis("KEYS", "hive:2:{order:*}:" + generation + ":s:*").split(", ")).hasSize(log.expected.size());
    }

    @Test
    void what_was_changed_in_the_cache_is_found_and_mended() {
        Ran clean = run("verify", "--json").andCode(0);
        assertThat(clean.json().path("aggregates").asInt()).as("the marks are of no instance")
                .isEqualTo(log.expected.size());
        redis("SET", key("o-1"), redis("GET", key("o-1")).replace("heavy", "light"));
        redis("DEL", key("o-3"));
        Ran found = run("verify", "--json").andCode(3);
        assertThat(found.json().path("count").asInt()).isEqualTo(2);
        assertThat(found.out()).contains("/state/state/what").contains("is not in the cache");
        assertThat(run("verify", "--repair", "--json").andCode(0).json().path("repaired").asInt()).isEqualTo(2);
        assertIsWhole();
    }

    @Test
    void a_snapshot_of_an_instance_that_has_only_marks_should_not_exist() {
        redis("SET", key("-"), log.snapshot("o-5"));
        Ran found = run("verify", "--json").andCode(3);
        assertThat(found.json().path("count").asInt()).isEqualTo(1);
        assertThat(found.out()).contains("should not be in the cache");
        run("verify", "--repair").andCode(0);
        assertThat(redis("EXISTS", key("-"))).isEqualTo("0");
    }

    @Test
    void an_instance_is_shown_with_what_its_messages_did() {
        Ran shown = runFor("", "show", "order", "o-1", "--json").andCode(0);
        JsonNode history = shown.json().path("history");
        assertThat(history).hasSize(3);
        assertThat(history.path(0).path("version").asString()).isEqualTo("1");
        assertThat(history.path(0).path("done").path("turns").path(0).path("acts").path(0).path("step").asString())
                .isEqualTo("charge");
        assertThat(history.path(2).path("state").path("state").path("what").toString())
                .isEqualTo("[\"Placed\",\"fragile\",\"heavy\"]");
        assertThat(run("show", "order", "o-1", "--at", "2", "--json").andCode(0).json().path("history")).hasSize(2);
        assertThat(run("show", "order", "o-0").andCode(0).out()).doesNotContain("hive.handled").doesNotContain("repeat")
                .contains("and what was done").contains("\"act\":\"send\"");
        assertThat(run("show", "order", "-").andCode(0).out()).contains("The log has no event of order '-'");
    }

    @Test
    void a_history_of_large_states_is_shown_in_parts() {
        try (var large = new SagaLog<>(stack, PARTITIONS, Orders.saga("large", Code.FIRST))) {
            large.append("l-1", "shop.placed", "{\"amount\":5}");
            for (int i = 0; i < 39; i++) {
                large.append("l-1", "shop.noted", "{\"text\":\"" + "x".repeat(100_000) + "\"}");
            }
            large.flush();
            Ran newest = runFor("large", "show", "large", "l-1", "--json").andCode(0);
            int shown = newest.json().path("history").size();
            assertThat(newest.out()).hasSizeBetween(10_000_000, 25_000_000);
            assertThat(shown).isBetween(2, 20);
            assertThat(newest.json().path("older").asInt()).isEqualTo(40 - shown);
            assertThat(newest.json().path("history").path(shown - 1).path("version").asString()).isEqualTo("40");
            String at = newest.json().path("olderAt").asString();
            assertThat(at).isEqualTo("" + (40 - shown));
            Ran older = runFor("large", "show", "large", "l-1", "--at", at, "--json").andCode(0);
            int before = older.json().path("history").size();
            assertThat(older.json().path("history").path(before - 1).path("version").asString()).isEqualTo(at);
            assertThat(runFor("large", "show", "large", "l-1").andCode(0).out()).hasSizeLessThan(25_000_000)
                    .startsWith((40 - shown) + " older ones are left out").contains("--at " + at + " shows those");
        }
    }

    @Test
    void the_instances_of_an_earlier_time() {
        Ran until = run("rebuild", "--until", "0=1,1=1", "--json").andCode(0);
        assertThat(until.generation()).startsWith("as-of-");
        assertThat(redis("KEYS", "hive:2:{order:*}:" + until.generation() + ":s:*").split(", ")).hasSize(PARTITIONS);
        run("remove", until.generation()).andCode(0);
    }

    @Test
    void versions_that_are_repeated_and_records_that_cannot_be_folded() {
        assertThat(runFor("damaged", "rebuild").andCode(4).err()).contains("damaged.history")
                .contains("What the message did");
        Ran parked = runFor("damaged", "rebuild", "--on-poison", "park", "--restart", "--json").andCode(3);
        assertThat(parked.json().path("versionViolations").asInt()).isEqualTo(1);
        JsonNode violation = parked.json().path("violations").path(0);
        assertThat(violation.path("kind").asString()).isEqualTo("repeated");
        assertThat(violation.path("id").asString()).isEqualTo("d-1");
        assertThat(violation.path("topic").asString()).isEqualTo("damaged.history");
        assertThat(parked.json().path("parked").path(0).path("id").asString()).isEqualTo("d-2");
        Ran tried = runFor("damaged", "dry-run", "--json").andCode(3);
        assertThat(tried.json().path("versionViolations").asInt()).isEqualTo(1);
        assertThat(tried.json().path("problems").path(0).path("id").asString()).isEqualTo("d-2");
        assertThat(tried.json().path("problems")).hasSize(1);
    }

    @Test
    void a_saga_whose_saga_managers_have_written_no_history() {
        for (String command : List.of("rebuild", "verify", "dry-run", "show missing m-1", "generations")) {
            Ran ran = runFor("missing", command.split(" ")).andCode(1);
            assertThat(ran.err().strip()).as(command).isEqualTo("cache-rebuilder: There is no topic 'missing.history' "
                    + "on this broker. The saga-managers create it and record there what the saga does; no saga-manager "
                    + "of a version that does so has run 'missing' yet. Start one first");
        }
    }

    @Test
    void the_same_code_does_the_same() {
        Ran same = run("dry-run", "--json").andCode(0);
        assertThat(same.json().path("effectDifferences").asInt(-1)).isZero();
        assertThat(same.json().path("brokenInstances").asInt(-1)).isZero();
        assertThat(run("dry-run").andCode(0).out()).doesNotContain("other effects");
    }

    @Test
    void other_code_that_sends_another_command_and_sets_another_deadline() {
        Orders.code = Code.OTHER;
        Ran other = run("dry-run", "--json").andCode(3);
        assertThat(other.json().path("count").asInt()).as("states").isZero();
        assertThat(other.json().path("problems")).isEmpty();
        assertThat(other.json().path("effectDifferences").asInt()).isEqualTo(INSTANCES);
        assertThat(other.json().path("differingInstances").asInt()).isEqualTo(INSTANCES);
        assertThat(other.json().path("brokenInstances").asInt(-1)).isZero();
        JsonNode one = instance(other, "o-1");
        assertThat(one.path("slot").asString()).isEqualTo("order:" + log.partition("o-1"));
        assertThat(one.path("messages")).hasSize(1);
        JsonNode message = one.path("messages").path(0);
        assertThat(message.path("version").asInt()).isEqualTo(1);
        assertThat(message.path("type").asString()).isEqualTo("shop.placed");
        assertThat(text(message.path("recorded"))).contains("send charge: shop.charge to 'bank' {\"amount\":5}")
                .containsPattern("set the deadline late to 2026-03-01T12:10:\\d\\dZ");
        assertThat(text(message.path("now"))).contains("send charge: shop.charge to 'bank' {\"amount\":6}")
                .containsPattern("set the deadline late to 2026-03-01T12:20:\\d\\dZ");
        String out = run("dry-run").andCode(3).out();
        assertThat(out).contains("30 messages of 30 saga instances would have other effects with this code")
                .contains("What the history records stands").contains("'o-1': version 1, 'shop.placed' at offset ")
                .contains("    recorded only: send charge: shop.charge to 'bank' {\"amount\":5}")
                .contains("    this code only: send charge: shop.charge to 'bank' {\"amount\":6}")
                .contains("and more; --json has those of 30 instances");
        assertThat(out.lines().count()).isLessThan(110);
        // whatever it would do: the past stands
        String built = run("rebuild", "--json").andCode(0).generation();
        assertThat(redis("GET", CacheKeys.snapshot("order", log.partition("o-1"), built, "o-1")))
                .isEqualTo(log.snapshot("o-1"));
        run("remove", built).andCode(0);
    }

    @Test
    void with_little_memory_nothing_is_reported_twice() {
        Orders.code = Code.OTHER;
        assertThat(run("dry-run", "--json", "--hive.rebuild.memory=10KB").andCode(3).json().path("effectDifferences")
                .asInt()).isEqualTo(INSTANCES);
    }

    @Test
    void code_that_cannot_fold_a_message() {
        Orders.code = Code.UNFOLDABLE;
        Ran broken = run("dry-run", "--json").andCode(3);
        // o-2 has come to its end since
        assertThat(broken.json().path("brokenInstances").asInt()).isEqualTo(1);
        assertThat(instance(broken, "o-1").path("broken").asString()).contains("shop.noted").contains("no notes");
        assertThat(instance(broken, "o-1").path("messages")).hasSize(1);
        assertThat(text(instance(broken, "o-1").path("messages").path(0).path("now"))).contains("cannot fold it")
                .contains("no notes");
        assertThat(instance(broken, "o-2").has("broken")).isFalse();
        assertThat(broken.json().path("effectDifferences").asInt()).isEqualTo(2);
        assertThat(broken.out()).contains("\"at\" : \"/broken\"");
        assertThat(run("dry-run").andCode(3).out()).contains("it cannot go on with 1 instances")
                .contains("'o-1': this code cannot go on with it. This code cannot fold 'shop.noted'");
    }
}
