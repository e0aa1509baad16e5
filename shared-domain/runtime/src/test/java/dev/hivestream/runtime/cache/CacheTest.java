package dev.hivestream.runtime.cache;

import static dev.hivestream.runtime.Stand.CACHE;
import static dev.hivestream.runtime.Stand.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.local.RedisServer;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CacheTest {

    private static final String G = "g1-f";
    private static final RedisServer REDIS = Stand.STACK.redis();

    private final Slot slot = new Slot("cached-" + UUID.randomUUID(), 3);
    private final Checkpoint first = Checkpoint.at(5, new Position("t", 7));

    @AfterEach
    void evictNothing() {
        REDIS.call("CONFIG", "SET", "maxmemory-policy", "noeviction");
    }

    @Test
    void an_empty_slot_has_nothing() {
        Cache.Loaded found = CACHE.load(slot, "f", G, List.of("a", "b"));
        assertThat(found.active()).isNull();
        assertThat(found.checkpoint()).isNull();
        assertThat(found.isAt(null)).isTrue();
        assertThat(found.isAt(first)).isFalse();
        assertThat(found.snapshots()).containsExactly(null, null);
        assertThat(CACHE.checkpoint(slot, G)).isNull();
    }

    @Test
    void snapshots_and_checkpoint_are_written_together_and_read_in_the_order_asked_for() {
        assertThat(write(null, first, Map.of("a", utf8("A"), "c", utf8("C")))).isTrue();
        CACHE.activate(slot, "f", G);

        Cache.Loaded found = CACHE.load(slot, "f", G, List.of("c", "b", "a"));
        assertThat(found.isAt(first)).isTrue();
        assertThat(found.active()).isEqualTo(G);
        assertThat(found.snapshots()).containsExactly(utf8("C"), null, utf8("A"));
        assertThat(CACHE.checkpoint(slot, G)).isEqualTo(first);
        assertThat(CACHE.load(slot, "other", G, List.of()).active()).as("of another fingerprint").isNull();
        assertThat(CACHE.load(slot, "f", "g2-f", List.of("a")).snapshots()).as("of another generation")
                .containsExactly((byte[]) null);
    }

    @Test
    void a_key_of_another_type_is_none_or_damage_and_is_put_right() {
        String fingerprint = "f0";
        for (byte[] key : List.of(Keys.active(slot), Keys.wanted(slot.aggregate()), Keys.generations(slot.aggregate()),
                Keys.index(slot, G, "due"))) {
            REDIS.call("RPUSH", text(key), "nonsense");
        }
        assertThat(CACHE.load(slot, fingerprint, G, List.of("a")).active()).isNull();
        CACHE.activate(slot, fingerprint, G);
        assertThat(CACHE.load(slot, fingerprint, G, List.of("a")).active()).isEqualTo(G);
        assertThat(CACHE.wanted(slot.aggregate(), fingerprint)).isEqualTo("g1-" + fingerprint);
        assertThat(CACHE.wantNext(slot.aggregate(), fingerprint, "g1-" + fingerprint)).isEqualTo("g2-" + fingerprint);

        List<Indexed> index = List.of(new Indexed("due", "a", 5L));
        assertThatThrownBy(() -> CACHE.lowest(slot, G, "due", 9, 1)).isInstanceOf(SnapshotCodec.Unreadable.class);
        assertThatThrownBy(() -> CACHE.write(slot, G, null, first, Map.of("a", utf8("A")), index))
                .isInstanceOf(SnapshotCodec.Unreadable.class);
        assertThat(CACHE.load(slot, fingerprint, G, List.of("a")).snapshots()).as("written in part")
                .containsExactly((byte[]) null);
    }

    @Test
    void the_write_of_an_owner_that_was_overtaken_changes_nothing() {
        write(null, first, Map.of("a", utf8("A")));
        Checkpoint second = Checkpoint.at(6, new Position("t", 8));
        assertThat(write(first, second, Map.of("a", utf8("A2")))).isTrue();
        Cache.Loaded before = CACHE.load(slot, "f", G, List.of("a", "b"));

        for (Checkpoint stale : new Checkpoint[]{first, null, Checkpoint.at(6, new Position("t", 8))}) {
            assertThat(CACHE.write(slot, G, stale, Checkpoint.at(9, new Position("t", 9)),
                    Map.of("a", utf8("stale"), "b", utf8("stale")), Map.of("r", utf8("stale")), Duration.ofDays(1)))
                    .isFalse();
        }

        Cache.Loaded after = CACHE.load(slot, "f", G, List.of("a", "b"));
        assertThat(after.checkpoint()).isEqualTo(before.checkpoint());
        assertThat(after.snapshots()).containsExactly(utf8("A2"), null);
        assertThat(CACHE.result(slot, "r")).isNull();
    }

    @Test
    void a_checkpoint_that_is_missing_is_not_the_one_expected() {
        write(null, first, Map.of("a", utf8("A")));
        REDIS.call("DEL", text(Keys.checkpoint(slot, G)));

        assertThat(write(first, Checkpoint.at(6, Position.NONE), Map.of("a", utf8("A2")))).isFalse();
        assertThat(CACHE.load(slot, "f", G, List.of("a")).snapshots()).containsExactly(utf8("A"));
        assertThat(write(null, first, Map.of("a", utf8("A3")))).isTrue();
    }

    @Test
    void the_same_position_written_anew_is_another_checkpoint() {
        assertThat(Checkpoint.at(5, Position.NONE)).isNotEqualTo(Checkpoint.at(5, Position.NONE));
        assertThat(Checkpoint.read(first.bytes())).isEqualTo(first);
        assertThat(first.toString()).isEqualTo("{\"next\":5,\"command\":\"t:7\",\"nonce\":\"" + first.nonce() + "\"}");
    }

    @Test
    void results_expire_and_snapshots_do_not() {
        CACHE.write(slot, G, null, first, Map.of("a", utf8("A")), Map.of("r1", utf8("R1"), "r2", utf8("R2")),
                Duration.ofMinutes(2));

        assertThat(CACHE.result(slot, "r1")).isEqualTo(utf8("R1"));
        assertThat(CACHE.result(slot, "r2")).isEqualTo(utf8("R2"));
        assertThat(CACHE.result(slot, "r3")).isNull();
        assertThat((Long) REDIS.call("TTL", text(Keys.result(slot, "r1")))).isBetween(60L, 120L);
        assertThat(REDIS.call("TTL", text(Keys.snapshot(slot, G, "a")))).isEqualTo(-1L);
        assertThat(REDIS.call("TTL", text(Keys.checkpoint(slot, G)))).isEqualTo(-1L);
    }

    @Test
    void results_are_kept_for_a_second_at_least() {
        CACHE.write(slot, G, null, first, Map.of(), Map.of("r", utf8("R")), Duration.ofMillis(10));
        assertThat((Long) REDIS.call("PTTL", text(Keys.result(slot, "r")))).isBetween(1L, 1_000L);
    }

    @Test
    void thousands_of_snapshots_fit_into_one_write() {
        Map<String, byte[]> snapshots = new LinkedHashMap<>();
        IntStream.range(0, 10_000).forEach(i -> snapshots.put("id" + i, utf8("S" + i)));
        assertThat(write(null, first, snapshots)).isTrue();
        Cache.Loaded found = CACHE.load(slot, "f", G, List.copyOf(snapshots.keySet()));
        assertThat(found.snapshots()).hasSize(10_000).doesNotContainNull();
        assertThat(found.snapshots().get(9_999)).isEqualTo(snapshots.get(List.copyOf(snapshots.keySet()).get(9_999)));
    }

    @Test
    void bytes_of_any_kind_survive() {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        String id = "grün {x} 🐝";
        write(null, first, Map.of(id, all));
        assertThat(CACHE.load(slot, "f", G, List.of(id)).snapshots()).containsExactly(all);
    }

    @Test
    void a_redis_that_has_forgotten_the_scripts_is_given_them_again() {
        write(null, first, Map.of("a", utf8("A")));
        REDIS.call("SCRIPT", "FLUSH");
        assertThat(CACHE.load(slot, "f", G, List.of("a")).snapshots()).containsExactly(utf8("A"));
        REDIS.call("SCRIPT", "FLUSH");
        assertThat(write(first, Checkpoint.at(6, Position.NONE), Map.of("a", utf8("A2")))).isTrue();
    }

    @Test
    void all_keys_of_a_slot_share_a_hash_tag() {
        String tag = "hive:2:{" + slot + "}:";
        assertThat(List.of(Keys.active(slot), Keys.checkpoint(slot, G), Keys.snapshot(slot, G, "a}b{c"),
                Keys.commands(slot, G, "a}b{c"), Keys.index(slot, G, "due"), Keys.result(slot, "r"), Keys.results(slot),
                Keys.resultsOrder(slot))).allSatisfy(key -> assertThat(text(key)).startsWith(tag));
        String type = "hive:2:{" + slot.aggregate() + "}:";
        assertThat(List.of(Keys.wanted(slot.aggregate()), Keys.building(slot.aggregate()),
                Keys.generations(slot.aggregate()))).allSatisfy(key -> assertThat(text(key)).startsWith(type));
    }

    @Test
    void what_is_wanted_is_listed_again_after_a_failover_that_lost_the_list() {
        String type = slot.aggregate();
        String list = text(Keys.generations(type));
        assertThat(CACHE.wanted(type, "f")).isEqualTo("g1-f");
        REDIS.call("DEL", list);
        assertThat(CACHE.wanted(type, "f")).isEqualTo("g1-f");
        assertThat(REDIS.call("SMEMBERS", list)).isEqualTo(List.of("g1-f"));
        CACHE.wantNext(type, "f", "g1-f");
        assertThat(((List<?>) REDIS.call("SMEMBERS", list)).stream().map(Object::toString)).containsExactlyInAnyOrder(
                "g1-f",
                "g2-f");
    }

    @Test
    void what_is_wanted_and_can_be_no_generation_is_replaced() {
        REDIS.call("HSET", text(Keys.wanted(slot.aggregate())), "f", "w:1}:g1-abc");
        assertThat(CACHE.wanted(slot.aggregate(), "f")).isEqualTo("g1-f");
    }

    @Test
    void the_first_generation_wanted_is_the_first_and_the_next_one_follows_once() {
        String aggregate = slot.aggregate();
        assertThat(CACHE.wanted(aggregate, "f")).isEqualTo("g1-f");
        assertThat(CACHE.wanted(aggregate, "f")).isEqualTo("g1-f");
        assertThat(CACHE.wantNext(aggregate, "f", "g1-f")).isEqualTo("g2-f");
        assertThat(CACHE.wantNext(aggregate, "f", "g1-f")).as("somebody else has done so since").isEqualTo("g2-f");
        assertThat(CACHE.wantNext(aggregate, "f", "g2-f")).isEqualTo("g3-f");
        assertThat(CACHE.wanted(aggregate, "other")).isEqualTo("g1-other");
    }

    @Test
    void the_tenth_generation_follows_the_ninth() {
        REDIS.call("HSET", text(Keys.wanted(slot.aggregate())), "f", "g9-f");
        assertThat(CACHE.wantNext(slot.aggregate(), "f", "g9-f")).isEqualTo("g10-f");
        assertThat(CACHE.wantNext(slot.aggregate(), "f", "g10-f")).isEqualTo("g11-f");
        REDIS.call("HSET", text(Keys.wanted(slot.aggregate())), "f", "g999999999-f");
        assertThat(CACHE.wantNext(slot.aggregate(), "f", "g999999999-f")).isEqualTo("g1000000000-f");
        assertThat(CACHE.wantNext(slot.aggregate(), "f", "g1000000000-f")).isEqualTo("g1000000001-f");
    }

    @Test
    void a_redis_that_may_evict_is_refused() {
        CACHE.requireNoEviction();
        REDIS.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        assertThatThrownBy(CACHE::requireNoEviction).isInstanceOf(StartRefused.class).hasMessage(
                "Redis may evict snapshots: its maxmemory-policy is 'allkeys-lru'. Set maxmemory-policy to noeviction "
                        + "(redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf)");
        REDIS.call("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
        assertThatThrownBy(CACHE::requireNoEviction).isInstanceOf(StartRefused.class);
    }

    @Test
    void something_else_in_the_place_of_a_checkpoint_is_named() {
        REDIS.call("SET", text(Keys.checkpoint(slot, G)), "{\"next\":1}");
        assertThatThrownBy(() -> CACHE.checkpoint(slot, G)).isInstanceOf(SnapshotCodec.Unreadable.class)
                .hasMessage("The checkpoint of " + slot + " in g1-f is not one");
    }

    private boolean write(Checkpoint expected, Checkpoint next, Map<String, byte[]> snapshots) {
        return CACHE.write(slot, G, expected, next, snapshots, Map.of(), Duration.ZERO);
    }

    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }
}
