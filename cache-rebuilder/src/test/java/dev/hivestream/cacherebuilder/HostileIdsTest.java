package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** One log of accounts whose ids were chosen to look like keys; generations are built of it, handed over and removed. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostileIdsTest {

    private static final int PARTITIONS = 4;
    private static final int VERSIONS = 3;
    private static final Set<String> IDS = new LinkedHashSet<>(List.of("w:1}:g1-abc:watermark",
            "w:1}:g99999999-abc:watermark", "w:1}:g1-abc:checkpoint", "w:1}:g99999999-abc:checkpoint",
            "w%3A1%7D%3Ag1-abc%3Acheckpoint", "plain", "%", "%25", "{", "}", "{a:1}", ":", "*", "?", "[a]", "\\", "\\*",
            "a/b", "é", "e\u0301", "日本語", "🐝", "🐝".repeat(100), "x".repeat(200), "}:".repeat(100)));

    @TempDir
    static Path directory;
    private static LocalStack stack;
    private static AccountLog log;
    private static Rebuilder rebuilder;
    private static String fingerprint;

    @BeforeAll
    static void start() {
        stack = LocalStack.start(directory, Ports.free(), Ports.free());
        log = new AccountLog(stack, PARTITIONS, 1);
        rebuilder = new Rebuilder(stack, PARTITIONS);
        IDS.forEach(HostileIdsTest::append);
        log.flush();
    }

    @AfterAll
    static void stop() {
        log.close();
        stack.close();
    }

    private static void append(String id) {
        log.send(id, 1, "account.opened", "{\"owner\":\"o\"}", "open " + id);
        for (int version = 2; version <= VERSIONS; version++) {
            log.send(id, version, "account.deposited", "{\"amount\":1}", version + " " + id);
        }
    }

    @Test
    @Order(1)
    void each_rebuild_reads_the_log_into_a_generation_of_its_own() {
        for (int number = 1; number <= 3; number++) {
            Ran ran = rebuilder.run("--json").andCode(0);
            assertThat(ran.generation()).startsWith("g" + number + "-");
            assertThat(ran.json().path("events").asInt()).isEqualTo(VERSIONS * IDS.size());
            assertIsWhole(ran.generation());
            fingerprint = ran.generation().substring(ran.generation().lastIndexOf('-') + 1);
        }
    }

    @Test
    @Order(2)
    void only_what_was_built_is_a_generation() {
        // and now with the names that are in use
        for (int number = 1; number <= 7; number++) {
            for (String kind : List.of("watermark", "checkpoint", "s:plain")) {
                String id = "w:1}:g" + number + "-" + fingerprint + ":" + kind;
                append(id);
                IDS.add(id);
            }
        }
        log.flush();
        Ran ran = rebuilder.run("--json").andCode(0);
        assertThat(ran.generation()).isEqualTo("g4-" + fingerprint);
        assertIsWhole(ran.generation());
        assertThat(generations()).containsExactly("g1-" + fingerprint, "g2-" + fingerprint, "g3-" + fingerprint,
                "g4-" + fingerprint);
    }

    @Test
    @Order(3)
    void removing_older_generations_takes_no_snapshot_of_another() {
        String live = "g5-" + fingerprint;
        List<String> removed = new ArrayList<>();
        rebuilder.run("--json", "--generation", live, "--activate", "--replica", "--keep", "2").andCode(0).json()
                .path("aggregates").path(0).path("removed").forEach(one -> removed.add(one.asString()));

        assertThat(removed).containsExactly("g1-" + fingerprint, "g2-" + fingerprint, "g3-" + fingerprint);
        assertIsWhole(live);
        assertIsWhole("g4-" + fingerprint);
        assertThat(generations()).containsExactly("g4-" + fingerprint, live);
        rebuilder.run("verify").andCode(0);
        assertThat(rebuilder.run("activate", live, "--replica", "--json").andCode(0).json().path("command").asString())
                .isEqualTo("activate");
        for (String gone : removed) {
            assertThat(rebuilder.snapshots(gone)).isEmpty();
        }
    }

    @Test
    @Order(4)
    void a_removal_that_is_asked_for_takes_one_generation_alone() {
        assertThat(rebuilder.run("remove", "g1-abc").andCode(1).err())
                .contains("There is no generation 'g1-abc'. There are: ");
        rebuilder.run("remove", "g4-" + fingerprint).andCode(0);
        assertThat(rebuilder.snapshots("g4-" + fingerprint)).isEmpty();
        assertIsWhole("g5-" + fingerprint);
        rebuilder.run("verify").andCode(0);
    }

    @Test
    @Order(5)
    void an_id_that_is_refused_everywhere_is_shown_if_the_log_has_it() {
        assertThat(rebuilder.run("show", "account", "a/b", "--json").andCode(0).json().path("version").asInt())
                .isEqualTo(VERSIONS);
        assertThat(rebuilder.run("show", "account", "a/b", "--at", "0").andCode(0).out()).contains("no event");
        assertThat(rebuilder.run("show", "account", "a/c").andCode(1).err())
                .startsWith("cache-rebuilder: The id contains '/' at index 1; ");
        assertThat(rebuilder.run("show", "account", "x".repeat(201)).andCode(1).err())
                .contains("201 characters");
    }

    private static List<String> generations() {
        List<String> names = new ArrayList<>();
        rebuilder.run("generations", "--json").andCode(0).json().path("generations")
                .forEach(one -> names.add(one.path("generation").asString()));
        return names;
    }

    private static void assertIsWhole(String generation) {
        var snapshots = rebuilder.snapshots(generation);
        assertThat(snapshots.keySet()).containsExactlyInAnyOrderElementsOf(IDS);
        assertThat(snapshots).allSatisfy((id, snapshot) -> assertThat(snapshot).contains("\"version\":" + VERSIONS));
    }
}
