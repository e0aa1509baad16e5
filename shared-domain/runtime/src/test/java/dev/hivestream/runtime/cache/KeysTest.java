package dev.hivestream.runtime.cache;

import static dev.hivestream.runtime.Stand.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.CacheKeys;
import dev.hivestream.runtime.cache.StoredKey.Kind;
import dev.hivestream.runtime.cache.StoredKey.OfGeneration;
import dev.hivestream.runtime.cache.StoredKey.OfPartition;
import dev.hivestream.runtime.cache.StoredKey.OfType;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeysTest {

    private static final Slot SLOT = new Slot("account", 3);
    private static final String G = "g1-0123456789ab";

    /** What a client may choose as an id so that its key is taken for another. */
    static final List<String> HOSTILE = List.of("w:1}:g1-abc:watermark", "w:1}:g99999999-abc:watermark",
            "w:1}:g1-abc:checkpoint", "w:1}:" + G + ":s:x", "a:s:b", "s:", ":", "*", "?", "[a-z]", "[", "]", "\\",
            "\\*", "^", "{", "}", "{x}", "%", "%41", "%2A", "%%", "a%3", " ", "\u00a0", "\n", "\r\n", "\t", "\u0000",
            "a/b", "a;b", "ä", "日本語", "🐝", "a🐝b🐝", "e\u0301", "é", ".", "..", "-", "_", "A", "a",
            "hive:2:{account:3}:active", "x".repeat(200), "🐝".repeat(100), "}".repeat(200), "%".repeat(200));

    @Test
    void the_keys_of_format_2_are_spelled_so() {
        assertThat(text(Keys.active(SLOT))).isEqualTo("hive:2:{account:3}:active");
        assertThat(text(Keys.checkpoint(SLOT, G))).isEqualTo("hive:2:{account:3}:g1-0123456789ab:checkpoint");
        assertThat(text(Keys.snapshot(SLOT, G, "grün 1")))
                .isEqualTo("hive:2:{account:3}:g1-0123456789ab:s:gr%C3%BCn%201");
        assertThat(text(Keys.commands(SLOT, G, "a:b"))).isEqualTo("hive:2:{account:3}:g1-0123456789ab:c:a%3Ab");
        assertThat(text(Keys.index(SLOT, G, "deadlines")))
                .isEqualTo("hive:2:{account:3}:g1-0123456789ab:i:deadlines");
        assertThat(text(Keys.results(SLOT))).isEqualTo("hive:2:{account:3}:results");
        assertThat(text(Keys.resultsOrder(SLOT))).isEqualTo("hive:2:{account:3}:results:order");
        assertThat(text(Keys.generations("account"))).isEqualTo("hive:2:{account}:generations");
        assertThat(text(Keys.wanted("account"))).isEqualTo("hive:2:{account}:wanted");
        assertThat(text(Keys.building("account"))).isEqualTo("hive:2:{account}:building");
        assertThat(Keys.LOCKS + ":" + Keys.lock(SLOT)).isEqualTo("hive:lock:account:3");
        assertThat(Keys.LOCKS + ":" + Keys.lock("account", "3")).isEqualTo("hive:lock:account:a:3");
        assertThat(Keys.LOCKS + ":" + Keys.lock("account", "a:3")).isEqualTo("hive:lock:account:a:a%3A3");
    }

    @Test
    void each_key_of_a_generation_is_read_as_what_it_was_built_from() {
        assertThat(Keys.parse(Keys.checkpoint(SLOT, G))).isEqualTo(new OfGeneration(SLOT, G, Kind.CHECKPOINT, ""));
        assertThat(Keys.parse(Keys.index(SLOT, G, "due"))).isEqualTo(new OfGeneration(SLOT, G, Kind.INDEX, "due"));
        String asOf = "as-of-20260131T120000.000Z-0123456789ab";
        assertThat(Keys.parse(Keys.snapshot(SLOT, asOf, "a"))).isEqualTo(new OfGeneration(SLOT, asOf, Kind.SNAPSHOT,
                "a"));
    }

    @ParameterizedTest
    @FieldSource("HOSTILE")
    void any_id_survives_and_is_nothing_but_an_id(String id) {
        assertThat(Keys.encode(id)).matches("(?:[A-Za-z0-9_.-]|%[0-9A-F]{2})*");
        assertThat(Keys.decode(Keys.encode(id))).isEqualTo(id);
        assertThat(Keys.parse(Keys.snapshot(SLOT, G, id))).isEqualTo(new OfGeneration(SLOT, G, Kind.SNAPSHOT, id));
        assertThat(Keys.parse(Keys.commands(SLOT, G, id))).isEqualTo(new OfGeneration(SLOT, G, Kind.COMMANDS, id));
        assertThat(Keys.parseFormat1(Keys.snapshot(SLOT, G, id))).isNull();
        String written = CacheKeys.snapshot("account", 3, G, id);
        assertThat(text(Keys.snapshot(SLOT, G, id))).as("as the checks write it").isEqualTo(written);
        assertThat(CacheKeys.parse(written)).isEqualTo(new CacheKeys.Key("account:3", G, id));
    }

    @Test
    void ids_of_any_characters_survive_and_no_two_share_a_key() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        Map<String, String> ids = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            String id = random.ints(random.nextInt(12), 0, random.nextBoolean() ? 0x80 : Character.MAX_CODE_POINT + 1)
                    .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
            String encoded = Keys.encode(id);
            assertThat(Keys.decode(encoded)).as("-Dseed=" + seed).isEqualTo(id);
            assertThat(ids.computeIfAbsent(encoded, none -> id)).as("-Dseed=" + seed).isEqualTo(id);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%4", "a%", "%4g", "%g4", "%3a", "%7e%3a", "%41", "%2D", "%5F", "%2E", "%30", " ", ":",
            "a b", "ä", "*", "{", "%FF", "%C3", "%C3%28", "%C0%AF", "%ED%A0%80", "%F5%80%80%80", "%-1", "%+1"})
    void what_no_encoding_gives_is_not_decoded(String text) {
        assertThat(Keys.decode(text)).isNull();
        assertThat(Keys.parse(utf8("hive:2:{account:3}:" + G + ":s:" + text))).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hive:2:", "hive:2:{account:3}", "hive:2:{account:3}:",
            "hive:2:{account:3}:g1-a:checkpoint ",
            "hive:2:{account:3}:g1-a:checkpoint:", " hive:2:{account:3}:g1-a:checkpoint",
            "hive:2:{account:03}:g1-a:checkpoint", "hive:2:{account:-1}:g1-a:checkpoint",
            "hive:2:{account:}:g1-a:checkpoint", "hive:2:{account}:g1-a:checkpoint",
            "hive:2:{account:9999999999}:g1-a:checkpoint", "hive:2:{Account:3}:g1-a:checkpoint",
            "hive:2:{:3}:g1-a:checkpoint", "hive:2:{a}b:3}:g1-a:checkpoint", "hive:2:{account:3}:g1-a:watermark",
            "hive:2:{account:3}:g1-a",
            "hive:2:{account:3}:g1-a:checkpoint:x", "hive:2:{account:3}::checkpoint",
            "hive:2:{account:3}:g_1:checkpoint", "hive:2:{account:3}:g1-a:x:y", "hive:2:{account:3}:g1-a:s",
            "hive:2:{account:3}:g1-a:i:", "hive:2:{account:3}:g1-a:i:a:b", "hive:2:{account:3}:w:1}:g1-a:checkpoint",
            "hive:2:{account}:generations", "hive:2:{account:3}:active", "hive:2:{account:3}:results",
            "hive:2:{account:3}:results:order", "hive:3:{account:3}:g1-a:checkpoint",
            "hive:{account:3}:g1-a:checkpoint", "hive:lock:account:3", "hive:2:{account:3}:g1-a:checkpoint\n"})
    void anything_else_is_not_a_key_of_a_generation(String key) {
        assertThat(Keys.parse(utf8(key))).isNull();
    }

    @Test
    void a_name_of_63_characters_is_the_longest() {
        String longest = "a" + "b".repeat(62);
        Slot slot = new Slot(longest, 3);
        assertThat(Keys.parse(Keys.checkpoint(slot, G))).isEqualTo(new OfGeneration(slot, G, Kind.CHECKPOINT, ""));
        assertThat(Keys.parse(Keys.checkpoint(new Slot(longest + "b", 3), G))).isNull();
    }

    @Test
    void keys_of_format_1_are_read_from_the_left() {
        assertThat(old("hive:{account:3}:active")).isEqualTo(new OfPartition(SLOT, Kind.ACTIVE));
        assertThat(old("hive:{account:3}:g1-a:watermark")).isEqualTo(new OfGeneration(SLOT, "g1-a", Kind.CHECKPOINT,
                ""));
        assertThat(old("hive:{account:3}:g_1:i:due")).isEqualTo(new OfGeneration(SLOT, "g_1", Kind.INDEX, "due"));
        assertThat(old("hive:{account:3}:r:a:s:b")).isEqualTo(new OfPartition(SLOT, Kind.RESULTS));
        assertThat(old("hive:generation:account:0123456789ab")).isEqualTo(new OfType("account", Kind.WANTED));
        assertThat(old("hive:building:account:0123456789ab")).isEqualTo(new OfType("account", Kind.BUILDING));
        for (String id : HOSTILE) {
            assertThat(old("hive:{account:3}:g1-a:s:" + id)).isEqualTo(new OfGeneration(SLOT, "g1-a", Kind.SNAPSHOT,
                    id));
        }
        for (String other : List.of("hive:lock:account:3", "hive:2:{account:3}:active", "hive:{account:x}:active",
                "hive:{account:3}:watermark", "hive:{account:3}:a:b:watermark", "hive:generation:account:x",
                "hive:generation:account", "hive:{account:3}:g1-a:c:b", "hive:{a:1}:w:1}:g1-a:watermark")) {
            assertThat(old(other)).as(other).isNull();
        }
    }

    @Test
    void no_id_locks_a_partition_or_another_aggregate() {
        Set<String> locks = new HashSet<>(List.of(Keys.lock(SLOT)));
        List<String> ids = new ArrayList<>(HOSTILE);
        ids.addAll(List.of("3", "a:3", "a"));
        Set<String> different = new HashSet<>(ids);
        different.forEach(id -> assertThat(locks.add(Keys.lock("account", id))).as(id).isTrue());
    }

    private static StoredKey old(String key) {
        return Keys.parseFormat1(utf8(key));
    }

    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }
}
