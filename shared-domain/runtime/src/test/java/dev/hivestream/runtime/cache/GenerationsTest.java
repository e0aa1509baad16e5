package dev.hivestream.runtime.cache;

import static dev.hivestream.runtime.Stand.CACHE;
import static dev.hivestream.runtime.Stand.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.cache.Generations.Generation;
import dev.hivestream.runtime.cache.StoredKey.Kind;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

class GenerationsTest {

    private static final RedisServer REDIS = Stand.STACK.redis();
    private static final int PARTITIONS = 4;
    private static final String LIVE = "g2-abc";
    private static final String OLDER = "g1-abc";

    private final Generations generations = new Generations(Stand.REDIS);
    private final String type = "listed-" + UUID.randomUUID();

    @Test
    void none_is_there_at_first() {
        assertThat(generations.of(type, PARTITIONS)).isEmpty();
        assertThat(generations.wanted(type, "abc")).isNull();
        assertThat(generations.building(type, "abc")).isNull();
        assertThat(generations.active(type, "abc", PARTITIONS)).isEmpty();
    }

    @Test
    void those_that_are_listed_wanted_built_or_active_are_there_with_their_checkpoints() {
        generations.list(type, "as-of-20260131T120000.000Z-abc");
        generations.want(type, "abc", LIVE);
        generations.build(type, "def", "g10-def");
        write(1, LIVE, "a");
        CACHE.activate(new Slot(type, 2), "abc", "g3-abc");

        assertThat(generations.of(type, PARTITIONS)).containsExactly(
                new Generation("as-of-20260131T120000.000Z-abc", Map.of(), Set.of(), false, false),
                new Generation(LIVE, Map.of(1, 7L), Set.of(), true, false),
                new Generation("g3-abc", Map.of(), Set.of(2), false, false),
                new Generation("g10-def", Map.of(), Set.of(), false, true));
    }

    @Test
    void what_is_no_name_or_of_another_type_is_none() {
        REDIS.call("SADD", text(Keys.generations(type)), "w:1}:g1-abc", "", "g_1", "g1-abc");
        REDIS.call("RPUSH", text(Keys.wanted(type)), "nonsense");
        REDIS.call("HSET", text(Keys.building(type)), "abc", "*");
        REDIS.call("SET", text(Keys.active(new Slot(type, 0))), "nonsense");
        REDIS.call("RPUSH", text(Keys.checkpoint(new Slot(type, 0), "g1-abc")), "nonsense");

        assertThat(generations.of(type, PARTITIONS)).extracting(Generation::name).containsExactly("g1-abc");
        assertThat(generations.building(type, "abc")).isNull();
        assertThat(generations.wanted(type, "abc")).isNull();
        generations.want(type, "abc", LIVE);
        assertThat(generations.wanted(type, "abc")).isEqualTo(LIVE);
    }

    @Test
    void a_list_that_a_failover_lost_is_written_again_by_who_takes_a_generation_up() {
        generations.build(type, "abc", LIVE);
        REDIS.call("DEL", text(Keys.generations(type)), text(Keys.building(type)));
        generations.built(type, "abc", LIVE);
        assertThat(generations.of(type, PARTITIONS)).extracting(Generation::name).containsExactly(LIVE);
        REDIS.call("SET", text(Keys.generations(type)), "nonsense");
        generations.list(type, OLDER);
        assertThat(generations.of(type, PARTITIONS)).extracting(Generation::name).containsExactly(OLDER);
    }

    @Test
    void the_end_of_one_rebuild_does_not_end_another() {
        generations.build(type, "abc", OLDER);
        generations.build(type, "abc", LIVE);
        generations.built(type, "abc", OLDER);
        assertThat(generations.building(type, "abc")).isEqualTo(LIVE);
        generations.built(type, "abc", LIVE);
        assertThat(generations.building(type, "abc")).isNull();
    }

    @Test
    void no_id_is_taken_for_a_generation_or_for_a_snapshot_of_another() {
        generations.want(type, "abc", LIVE);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            write(partition, LIVE, KeysTest.HOSTILE.toArray(String[]::new));
        }
        assertThat(generations.of(type, PARTITIONS)).extracting(Generation::name).containsExactly(LIVE);
        assertThat(generations.of(type, PARTITIONS).getFirst().checkpoints()).containsOnlyKeys(0, 1, 2, 3);
        assertThat(ids(OLDER)).isEmpty();
        assertThat(ids("g99999999-abc")).isEmpty();
        assertThat(ids(LIVE)).containsExactlyInAnyOrderElementsOf(new TreeSet<>(KeysTest.HOSTILE));
    }

    @Test
    void a_removal_takes_all_of_one_generation_and_nothing_of_another() {
        String alike = type + "-x";
        generations.want(type, "abc", LIVE);
        generations.list(type, OLDER);
        generations.list(alike, OLDER);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            write(partition, LIVE, KeysTest.HOSTILE.toArray(String[]::new));
            write(partition, OLDER, KeysTest.HOSTILE.toArray(String[]::new));
            CACHE.activate(new Slot(type, partition), "abc", OLDER);
            CACHE.activate(new Slot(type, partition), "def", LIVE);
        }
        Slot slot = new Slot(type, 1);
        REDIS.call("SET", text(Keys.commands(slot, OLDER, "a:b")), "block");
        REDIS.call("ZADD", text(Keys.index(slot, OLDER, "due")), "1", "m");
        REDIS.call("SET", "hive:2:{" + slot + "}:" + OLDER + ":s:%3a", "not of the cache");
        CACHE.write(new Slot(alike, 0), OLDER, null, checkpoint(), Map.of("a", StoredSnapshot.of(utf8("A"))),
                List.of());

        int snapshots = new TreeSet<>(KeysTest.HOSTILE).size();
        assertThat(generations.remove(type, OLDER, PARTITIONS)).isEqualTo(PARTITIONS * (snapshots + 1) + 2);

        assertThat(generations.of(type, PARTITIONS)).extracting(Generation::name).containsExactly(LIVE);
        assertThat(generations.active(slot)).isEqualTo(Map.of("def", LIVE));
        assertThat(ids(OLDER)).isEmpty();
        assertThat(ids(LIVE)).hasSize(snapshots);
        assertThat(generations.of(type, PARTITIONS).getFirst().checkpoints()).hasSize(PARTITIONS);
        assertThat(REDIS.call("GET", "hive:2:{" + slot + "}:" + OLDER + ":s:%3a")).isEqualTo("not of the cache");
        assertThat(CACHE.load(new Slot(alike, 0), "abc", OLDER, List.of("a")).snapshots().getFirst().json())
                .isEqualTo(utf8("A"));
    }

    @Test
    void keys_of_format_1_are_removed_with_any_id_and_nothing_else_is() {
        String alike = type + "-x";
        List<String> old = new ArrayList<>(List.of("hive:{" + type + ":0}:g1-abc:watermark",
                "hive:{" + type + ":12}:g2-abc:watermark", "hive:{" + type + ":0}:r:c*1",
                "hive:generation:" + type + ":0123456789ab", "hive:building:" + type + ":0123456789ab"));
        KeysTest.HOSTILE.stream().distinct().forEach(id -> old.add("hive:{" + type + ":0}:g1-abc:s:" + id));
        old.forEach(key -> REDIS.call("SET", key, "{\"next\":5,\"command\":\":-1\",\"nonce\":\"n\"}"));
        REDIS.call("HSET", "hive:{" + type + ":0}:active", "abc", "g1-abc");
        REDIS.call("ZADD", "hive:{" + type + ":0}:g1-abc:i:due", "1", "m");
        List<String> kept = List.of("hive:lock:" + type + ":0", "hive:{" + type + ":x}:active",
                "hive:{" + type + ":0}:g1:x:watermark", "hive:{" + alike + ":0}:g1-abc:watermark",
                "hive:generation:" + alike + ":0123456789ab", "hive:generation:" + type + ":x");
        kept.forEach(key -> REDIS.call("SET", key, "kept"));
        generations.want(type, "abc", LIVE);
        write(0, LIVE, KeysTest.HOSTILE.toArray(String[]::new));

        Generations.Format1 found = generations.format1(type);
        assertThat(found.count()).isEqualTo(old.size() + 2);
        assertThat(found.keys()).containsEntry(Kind.CHECKPOINT, 2L).containsEntry(Kind.RESULTS, 1L)
                .containsEntry(Kind.ACTIVE, 1L).containsEntry(Kind.INDEX, 1L);
        assertThat(found.checkpoints()).isEqualTo(Map.of(0, 5L, 12, 5L));

        assertThat(generations.removeFormat1(type)).isEqualTo(old.size() + 2);

        assertThat(generations.format1(type).count()).isZero();
        old.forEach(key -> assertThat(REDIS.call("EXISTS", key)).as(key).isEqualTo(0L));
        kept.forEach(key -> assertThat(REDIS.call("GET", key)).as(key).isEqualTo("kept"));
        assertThat(ids(LIVE)).hasSize(new TreeSet<>(KeysTest.HOSTILE).size());
        assertThat(generations.of(type, PARTITIONS)).extracting(Generation::name).containsExactly(LIVE);
    }

    @Test
    void what_the_previous_version_stored_is_recognized_and_removed_to_the_last_key(@TempDir Path directory)
            throws IOException {
        try (InputStream recorded = RedisServer.class.getResourceAsStream("/format-1/redis.rdb")) {
            Files.copy(Objects.requireNonNull(recorded), directory.resolve("dump.rdb"));
        }
        try (RedisServer redis = RedisServer.start(directory, Ports.free(), "--save", "")) {
            List<String> keys = ((List<?>) redis.call("KEYS", "*")).stream().map(Object::toString)
                    .filter(key -> !key.startsWith("hive:lock:")).toList();
            assertThat(keys).hasSizeGreaterThan(100).allSatisfy(key -> {
                assertThat(Keys.parse(utf8(key))).as(key).isNull();
                assertThat(Keys.parseFormat1(utf8(key))).as(key).isNotNull();
            });
            LettuceConnectionFactory connections = new LettuceConnectionFactory("127.0.0.1", redis.port());
            connections.start();
            try {
                Generations old = new Generations(connections);
                Set<String> types = new TreeSet<>();
                keys.forEach(key -> types.add(Objects.requireNonNull(Keys.parseFormat1(utf8(key))).type()));
                long removed = types.stream().mapToLong(old::removeFormat1).sum();
                assertThat(removed).isEqualTo(keys.size());
            } finally {
                connections.destroy();
            }
            assertThat(((List<?>) redis.call("KEYS", "*")).stream().map(Object::toString))
                    .allSatisfy(key -> assertThat(key).startsWith("hive:lock:"));
        }
    }

    private void write(int partition, String generation, String... ids) {
        Map<String, StoredSnapshot> snapshots = new HashMap<>();
        for (String id : ids) {
            snapshots.put(id, StoredSnapshot.of(utf8("S")));
        }
        assertThat(CACHE.write(new Slot(type, partition), generation, null, checkpoint(), snapshots, List.of()))
                .isTrue();
    }

    private static Checkpoint checkpoint() {
        return Checkpoint.at(7, new Position("t", 3));
    }

    private TreeSet<String> ids(String generation) {
        TreeSet<String> ids = new TreeSet<>();
        generations.snapshots(type, generation, places -> places.forEach(place -> ids.add(place.id())));
        return ids;
    }

    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }
}
