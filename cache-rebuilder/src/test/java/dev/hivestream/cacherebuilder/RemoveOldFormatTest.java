package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** What the previous version left in Redis, beside what this one builds. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RemoveOldFormatTest {

    private static final int PARTITIONS = 2;
    private static final List<String> OLD = List.of("hive:{account:0}:g1-abc:watermark",
            "hive:{account:1}:g1-abc:watermark", "hive:{account:0}:g1-abc:s:a-1",
            "hive:{account:0}:g1-abc:s:w:1}:g2-abc:watermark", "hive:{account:1}:g_trial:s:*",
            "hive:{account:1}:r:c-1", "hive:generation:account:0123456789ab", "hive:building:account:0123456789ab");
    private static final List<String> OTHERS = List.of("hive:{transfer:0}:g1-abc:watermark", "hive:lock:other:0",
            "hive:{account:x}:active", "hive:generation:account-x:0123456789ab", "other");

    @TempDir
    static Path directory;
    private static LocalStack stack;
    private static AccountLog log;
    private static Rebuilder rebuilder;
    private static String generation;

    @BeforeAll
    static void start() {
        stack = LocalStack.start(directory, Ports.free(), Ports.free());
        log = new AccountLog(stack, PARTITIONS, 1);
        log.append(200, 20);
        rebuilder = new Rebuilder(stack, PARTITIONS);
        generation = rebuilder.run("--json").andCode(0).generation();
        OLD.forEach(key -> rebuilder.redis("SET", key, "{\"next\":1,\"command\":\":-1\",\"nonce\":\"n\"}"));
        rebuilder.redis("HSET", "hive:{account:0}:active", "abc", "g1-abc");
        OTHERS.forEach(key -> rebuilder.redis("SET", key, "kept"));
    }

    @AfterAll
    static void stop() {
        log.close();
        stack.close();
    }

    @Test
    @Order(1)
    void it_is_refused_while_readers_do_not_use_this_format() {
        assertThat(rebuilder.run("remove-old-format").andCode(1).err().lines()).hasSize(1);
        assertThat(rebuilder.run("remove-old-format").andCode(1).err())
                .contains("No generation of this format is active in the partitions [0, 1] of account")
                .contains("Nothing was removed");
        assertThat(left()).isEqualTo(OLD.size());
    }

    @Test
    @Order(2)
    void it_is_refused_while_the_old_cache_is_ahead() {
        rebuilder.activate(generation);
        String old = OLD.getFirst();
        String before = rebuilder.redis("GET", old);
        log.append(50, 20);
        rebuilder.redis("SET", old, "{\"next\":" + next(0) + ",\"command\":\":-1\",\"nonce\":\"n\"}");
        assertThat(rebuilder.run("remove-old-format", "--dry-run").andCode(0).out()).doesNotContain("Would be refused");

        rebuilder.redis("SET", old, "{\"next\":" + (next(0) + 1) + ",\"command\":\":-1\",\"nonce\":\"n\"}");
        assertThat(rebuilder.run("remove-old-format").andCode(1).err())
                .contains("The cache of account:0 in format 1 is at offset " + (next(0) + 1))
                .contains("an app of the previous version still writes to it");
        assertThat(rebuilder.run("remove-old-format", "--dry-run").andCode(0).out()).contains("Would be refused: ");

        // of another topic, which had the same name: it says nothing about this one
        rebuilder.redis("SET", old, "{\"next\":1000000,\"command\":\":-1\",\"nonce\":\"n\"}");
        assertThat(rebuilder.run("remove-old-format", "--dry-run").andCode(0).out()).doesNotContain("Would be refused");
        rebuilder.redis("SET", old, before);
        assertThat(left()).isEqualTo(OLD.size());
    }

    @Test
    @Order(3)
    void a_dry_run_counts_and_removes_nothing() {
        Ran ran = rebuilder.run("remove-old-format", "--dry-run", "--json").andCode(0);
        assertThat(ran.json().path("dryRun").asBoolean()).isTrue();
        assertThat(ran.json().path("aggregates").path(0).path("found").path("snapshot").asInt()).isEqualTo(3);
        assertThat(ran.json().path("aggregates").path(0).path("found").path("checkpoint").asInt()).isEqualTo(2);
        assertThat(rebuilder.run("remove-old-format", "--dry-run").andCode(0).out())
                .contains("account: " + (OLD.size() + 1) + " keys of format 1 would be removed");
        assertThat(left()).isEqualTo(OLD.size());
    }

    @Test
    @Order(4)
    void it_removes_the_keys_of_format_1_and_nothing_else() {
        Map<String, String> snapshots = rebuilder.snapshots(generation);
        assertThat(snapshots).isNotEmpty();

        assertThat(rebuilder.run("remove-old-format").andCode(0).out())
                .contains("account: " + (OLD.size() + 1) + " keys of format 1 removed");

        assertThat(left()).isZero();
        assertThat(rebuilder.redis("EXISTS", "hive:{account:0}:active")).isEqualTo("0");
        OTHERS.forEach(key -> assertThat(rebuilder.redis("GET", key)).as(key).isEqualTo("kept"));
        assertThat(rebuilder.snapshots(generation)).isEqualTo(snapshots);
        rebuilder.run("verify").andCode(0);
        assertThat(rebuilder.run("remove-old-format", "--json").andCode(0).json().path("aggregates").path(0)
                .path("removed").asInt()).isZero();
    }

    private static long next(int partition) {
        String stored = rebuilder.redis("GET", rebuilder.checkpointKey(partition, generation));
        return tools.jackson.databind.json.JsonMapper.shared().readTree(stored).path("next").asLong();
    }

    private static int left() {
        return (int) OLD.stream().filter(key -> rebuilder.redis("EXISTS", key).equals("1")).count();
    }
}
