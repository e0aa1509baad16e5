package dev.hivestream.runtime.cache;

import static dev.hivestream.runtime.Stand.CACHE;
import static dev.hivestream.runtime.Stand.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.local.RedisServer;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
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
        assertThat(write(null, first, snapshots("a", "A", "c", "C"))).isTrue();
        CACHE.activate(slot, "f", G);

        Cache.Loaded found = CACHE.load(slot, "f", G, List.of("c", "b", "a"));
        assertThat(found.isAt(first)).isTrue();
        assertThat(found.active()).isEqualTo(G);
        assertThat(texts(found)).containsExactly("C", null, "A");
        assertThat(CACHE.checkpoint(slot, G)).isEqualTo(first);
        assertThat(CACHE.load(slot, "other", G, List.of()).active()).as("of another fingerprint").isNull();
        assertThat(CACHE.load(slot, "f", "g2-f", List.of("a")).snapshots()).as("of another generation")
                .containsExactly((StoredSnapshot) null);
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
        assertThatThrownBy(() -> CACHE.write(slot, G, null, first, snapshots("a", "A"), index))
                .isInstanceOf(SnapshotCodec.Unreadable.class);
        assertThat(CACHE.load(slot, fingerprint, G, List.of("a")).snapshots()).as("written in part")
                .containsExactly((StoredSnapshot) null);
    }

    @Test
    void the_write_of_an_owner_that_was_overtaken_changes_nothing() {
        write(null, first, snapshots("a", "A"));
        Checkpoint second = Checkpoint.at(6, new Position("t", 8));
        assertThat(write(first, second, snapshots("a", "A2"))).isTrue();
        Cache.Loaded before = CACHE.load(slot, "f", G, List.of("a", "b"));

        for (Checkpoint stale : new Checkpoint[]{first, null, Checkpoint.at(6, new Position("t", 8))}) {
            assertThat(write(stale, Checkpoint.at(9, new Position("t", 9)), snapshots("a", "stale", "b", "stale"),
                    Map.of("r", utf8("stale"))))
                    .isFalse();
        }

        Cache.Loaded after = CACHE.load(slot, "f", G, List.of("a", "b"));
        assertThat(after.checkpoint()).isEqualTo(before.checkpoint());
        assertThat(texts(after)).containsExactly("A2", null);
        assertThat(CACHE.result(slot, "r")).isNull();
    }

    @Test
    void a_checkpoint_that_is_missing_is_not_the_one_expected() {
        write(null, first, snapshots("a", "A"));
        REDIS.call("DEL", text(Keys.checkpoint(slot, G)));

        assertThat(write(first, Checkpoint.at(6, Position.NONE), snapshots("a", "A2"))).isFalse();
        assertThat(texts(CACHE.load(slot, "f", G, List.of("a")))).containsExactly("A");
        assertThat(write(null, first, snapshots("a", "A3"))).isTrue();
    }

    @Test
    void the_same_position_written_anew_is_another_checkpoint() {
        assertThat(Checkpoint.at(5, Position.NONE)).isNotEqualTo(Checkpoint.at(5, Position.NONE));
        assertThat(Checkpoint.read(first.bytes())).isEqualTo(first);
        assertThat(first.toString())
                .isEqualTo("{\"next\":5,\"epoch\":-1,\"command\":\"t:7\",\"commandEpoch\":-1,\"nonce\":\""
                        + first.nonce() + "\"}");
    }

    @Test
    void a_block_is_written_and_read_with_its_snapshot_and_stays_when_the_snapshot_alone_is_written() {
        for (Collection<Indexed> index : List.of(List.<Indexed>of(), List.of(new Indexed("due", "a", 5L)))) {
            Checkpoint one = Checkpoint.at(1, Position.NONE);
            assertThat(CACHE.write(slot, G, CACHE.checkpoint(slot, G), one,
                    Map.of("a", new StoredSnapshot(utf8("A"), utf8("block")), "b", StoredSnapshot.of(utf8("B"))),
                    index))
                    .isTrue();
            List<StoredSnapshot> found = CACHE.load(slot, "f", G, List.of("b", "a")).snapshots();
            assertThat(found.get(0).block()).isNull();
            assertThat(found.get(1).block()).isEqualTo(utf8("block"));

            CACHE.write(slot, G, one, Checkpoint.at(2, Position.NONE), snapshots("a", "A2"), index);
            StoredSnapshot after = CACHE.load(slot, "f", G, List.of("a")).snapshots().getFirst();
            assertThat(after.json()).isEqualTo(utf8("A2"));
            assertThat(after.block()).isEqualTo(utf8("block"));
        }
    }

    @Test
    void a_write_that_is_refused_writes_neither_snapshot_nor_block_nor_result() {
        Map<String, StoredSnapshot> both = Map.of("a", new StoredSnapshot(utf8("A"), utf8("block")));
        write(null, first, snapshots());
        assertThat(write(null, first, both, Map.of("r", utf8("R")))).isFalse();
        assertThat(CACHE.write(slot, G, null, first, both, List.of(new Indexed("due", "a", 5L)))).isFalse();
        assertThat(CACHE.mend(slot, G, null, first, both)).isFalse();
        for (byte[] key : List.of(Keys.snapshot(slot, G, "a"), Keys.commands(slot, G, "a"), Keys.results(slot),
                Keys.resultsOrder(slot), Keys.index(slot, G, "due"))) {
            assertThat(REDIS.call("EXISTS", text(key))).as(text(key)).isEqualTo(0L);
        }
    }

    @Test
    void mending_writes_or_removes_both_a_snapshot_and_its_block() {
        Map<String, StoredSnapshot> before = new LinkedHashMap<>();
        for (String id : List.of("a", "b", "c")) {
            before.put(id, new StoredSnapshot(utf8("wrong"), utf8("wrong block")));
        }
        write(null, first, before);
        Map<String, StoredSnapshot> right = new LinkedHashMap<>();
        right.put("a", new StoredSnapshot(utf8("A"), utf8("block")));
        right.put("b", StoredSnapshot.of(utf8("B")));
        right.put("c", null);
        assertThat(CACHE.mend(slot, G, first.bytes(), Checkpoint.at(5, Position.NONE), right)).isTrue();

        List<StoredSnapshot> found = CACHE.load(slot, "f", G, List.of("a", "b", "c")).snapshots();
        assertThat(found.get(0).block()).isEqualTo(utf8("block"));
        assertThat(found.get(1).json()).isEqualTo(utf8("B"));
        assertThat(found.get(1).block()).isNull();
        assertThat(found.get(2)).isNull();
        assertThat(REDIS.call("EXISTS", text(Keys.commands(slot, G, "c")))).isEqualTo(0L);
    }

    @Test
    void results_are_kept_beside_the_snapshots_which_do_not_expire() {
        write(null, first, snapshots("a", "A"), results("r1", "r2"));

        assertThat(CACHE.result(slot, "r1")).isEqualTo(utf8("of r1"));
        assertThat(CACHE.result(slot, "r2")).isEqualTo(utf8("of r2"));
        assertThat(CACHE.result(slot, "r3")).isNull();
        for (byte[] key : List.of(Keys.snapshot(slot, G, "a"), Keys.checkpoint(slot, G), Keys.results(slot))) {
            assertThat(REDIS.call("TTL", text(key))).isEqualTo(-1L);
        }
        assertThat(write(first, first, snapshots(), Map.of("r1", utf8("again")))).isTrue();
        assertThat(CACHE.result(slot, "r1")).isEqualTo(utf8("again"));
        assertThat(order()).hasSize(2);
    }

    @Test
    void of_too_many_results_the_oldest_are_dropped() {
        Cache three = new Cache(Stand.REDIS, new HiveProperties.Results(Duration.ofDays(1), 3));
        assertThat(three.writing(slot, G, null, first, snapshots(), results("r1", "r2")).getAsBoolean()).isTrue();
        assertThat(three.writing(slot, G, first, first, snapshots(), results("r3", "r4")).getAsBoolean()).isTrue();

        assertThat(three.result(slot, "r1")).isNull();
        for (String kept : List.of("r2", "r3", "r4")) {
            assertThat(three.result(slot, kept)).as(kept).isEqualTo(utf8("of " + kept));
        }
        assertThat(
                three.writing(slot, G, first, first, snapshots(), results("r5", "r6", "r7", "r8", "r9")).getAsBoolean())
                .isTrue();
        assertThat(order()).extracting(entry -> entry.substring(entry.indexOf(':') + 1)).containsExactly("r7", "r8",
                "r9");
        assertThat(REDIS.call("HLEN", text(Keys.results(slot)))).isEqualTo(3L);
    }

    @Test
    void old_results_are_not_found_and_are_dropped_with_the_next_write() {
        long now = System.currentTimeMillis() / 1000;
        for (String old : List.of((now - 90_000) + ":old:1", (now - 86_000) + ":young")) {
            REDIS.call("RPUSH", text(Keys.resultsOrder(slot)), old);
            REDIS.call("HSET", text(Keys.results(slot)), old.substring(old.indexOf(':') + 1), "R");
        }
        assertThat(CACHE.result(slot, "old:1")).isNull();
        assertThat(CACHE.result(slot, "young")).isEqualTo(utf8("R"));

        REDIS.call("LPUSH", text(Keys.resultsOrder(slot)), (now - 90_000) + ":old:2");
        REDIS.call("HSET", text(Keys.results(slot)), "old:2", "R");
        write(null, first, snapshots(), results("r1"));
        assertThat(order()).hasSize(2).first().asString().endsWith(":young");
        assertThat(REDIS.call("HEXISTS", text(Keys.results(slot)), "old:2")).isEqualTo(0L);
    }

    @Test
    void something_else_in_the_place_of_the_results_is_none_and_is_replaced() {
        for (List<String> nonsense : List.of(List.of("SET", text(Keys.results(slot)), "x"),
                List.of("SET", text(Keys.resultsOrder(slot)), "x"), List.of("DEL", text(Keys.resultsOrder(slot))),
                List.of("LPUSH", text(Keys.resultsOrder(slot)), "nonsense"))) {
            REDIS.call("DEL", text(Keys.results(slot)), text(Keys.resultsOrder(slot)));
            Checkpoint at = CACHE.checkpoint(slot, G);
            write(at, first, snapshots(), results("r1"));
            if (nonsense.getFirst().equals("SET")) {
                REDIS.call("DEL", nonsense.get(1));
            }
            REDIS.call(nonsense.toArray(String[]::new));
            CACHE.result(slot, "r1");

            assertThat(write(first, first, snapshots(), results("r2"))).as("after %s", nonsense)
                    .isTrue();
            assertThat(CACHE.result(slot, "r2")).isEqualTo(utf8("of r2"));
            assertThat(REDIS.call("HLEN", text(Keys.results(slot)))).isEqualTo((long) order().size());
        }
    }

    private Map<String, byte[]> results(String... fields) {
        Map<String, byte[]> results = new LinkedHashMap<>();
        for (String field : fields) {
            results.put(field, utf8("of " + field));
        }
        return results;
    }

    private List<String> order() {
        return ((List<?>) REDIS.call("LRANGE", text(Keys.resultsOrder(slot)), "0", "-1")).stream().map(String::valueOf)
                .toList();
    }

    @Test
    void thousands_of_snapshots_fit_into_one_write() {
        Map<String, StoredSnapshot> snapshots = new LinkedHashMap<>();
        IntStream.range(0, 10_000).forEach(i -> snapshots.put("id" + i, StoredSnapshot.of(utf8("S" + i))));
        assertThat(write(null, first, snapshots)).isTrue();
        Cache.Loaded found = CACHE.load(slot, "f", G, List.copyOf(snapshots.keySet()));
        assertThat(found.snapshots()).hasSize(10_000).doesNotContainNull();
        assertThat(found.snapshots().get(9_999).json()).isEqualTo(utf8("S9999"));
    }

    @Test
    void bytes_of_any_kind_survive() {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        String id = "grün {x} 🐝";
        write(null, first, Map.of(id, new StoredSnapshot(all, all)));
        StoredSnapshot found = CACHE.load(slot, "f", G, List.of(id)).snapshots().getFirst();
        assertThat(found.json()).isEqualTo(all);
        assertThat(found.block()).isEqualTo(all);
    }

    @Test
    void a_redis_that_has_forgotten_the_scripts_is_given_them_again() {
        write(null, first, snapshots("a", "A"));
        REDIS.call("SCRIPT", "FLUSH");
        assertThat(texts(CACHE.load(slot, "f", G, List.of("a")))).containsExactly("A");
        REDIS.call("SCRIPT", "FLUSH");
        assertThat(write(first, Checkpoint.at(6, Position.NONE), snapshots("a", "A2"))).isTrue();
    }

    @Test
    void all_keys_of_a_slot_share_a_hash_tag() {
        String tag = "hive:2:{" + slot + "}:";
        assertThat(List.of(Keys.active(slot), Keys.checkpoint(slot, G), Keys.snapshot(slot, G, "a}b{c"),
                Keys.commands(slot, G, "a}b{c"), Keys.index(slot, G, "due"), Keys.results(slot),
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
                .hasMessage("The checkpoint of " + slot + " in g1-f cannot be read");
    }

    private boolean write(Checkpoint expected, Checkpoint next, Map<String, StoredSnapshot> snapshots) {
        return CACHE.write(slot, G, expected, next, snapshots, List.of());
    }

    private boolean write(Checkpoint expected, Checkpoint next, Map<String, StoredSnapshot> snapshots,
            Map<String, byte[]> results) {
        return CACHE.writing(slot, G, expected, next, snapshots, results).getAsBoolean();
    }

    private static Map<String, StoredSnapshot> snapshots(String... idsAndTexts) {
        Map<String, StoredSnapshot> snapshots = new LinkedHashMap<>();
        for (int i = 0; i < idsAndTexts.length; i += 2) {
            snapshots.put(idsAndTexts[i], StoredSnapshot.of(utf8(idsAndTexts[i + 1])));
        }
        return snapshots;
    }

    private static List<String> texts(Cache.Loaded found) {
        return found.snapshots().stream().map(one -> one == null ? null : text(one.json())).toList();
    }

    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }
}
