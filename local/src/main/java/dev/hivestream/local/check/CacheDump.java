package dev.hivestream.local.check;

import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.RedisConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The cache, read whole; only as of one moment if nobody writes.
 *
 * @param snapshots of all generations
 * @param checkpoints the next log position to fold
 * @param active the generations that readers use
 */
public record CacheDump(List<Snapshot> snapshots, Map<Generation, Long> checkpoints, Set<Generation> active) {

    private static final int BATCH = 500;

    /** One slot's part of a generation: {@code account:3} and {@code g1-…}. */
    public record Generation(String slot, String name) {}

    /** An aggregate as the cache has it. */
    public record Snapshot(Generation generation, String id, long version, JsonNode state, @Nullable String poison) {

        /** Where it is stored. */
        public String key() {
            int colon = generation.slot.lastIndexOf(':');
            return CacheKeys.snapshot(generation.slot.substring(0, colon),
                    Integer.parseInt(generation.slot.substring(colon + 1)), generation.name, id);
        }

        @Override
        public String toString() {
            return "the snapshot of " + generation.slot + " '" + id + "' in " + generation.name;
        }
    }

    /** Reads all keys of the cache. */
    public static CacheDump read(int redisPort) {
        try (var redis = new RedisConnection(redisPort)) {
            var keys = new ArrayList<String>();
            if (redis.call("KEYS", "hive:2:*") instanceof List<?> found) {
                found.forEach(key -> keys.add(String.valueOf(key)));
            }
            var dump = new CacheDump(new ArrayList<>(), new HashMap<>(), new HashSet<>());
            // by slot, since one command takes keys of one slot in a cluster
            var values = new TreeMap<String, List<String>>();
            for (String key : keys) {
                CacheKeys.Key parts = CacheKeys.parse(key);
                if (parts == null) {
                    continue;
                }
                if (parts.generation() != null) {
                    values.computeIfAbsent(parts.slot(), _ -> new ArrayList<>()).add(key);
                } else if (redis.call("HVALS", key) instanceof List<?> names) {
                    names.forEach(name -> dump.active.add(new Generation(parts.slot(), String.valueOf(name))));
                }
            }
            for (List<String> ofSlot : values.values()) {
                for (int from = 0; from < ofSlot.size(); from += BATCH) {
                    dump.add(redis, ofSlot.subList(from, Math.min(ofSlot.size(), from + BATCH)));
                }
            }
            return dump;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(RedisConnection redis, List<String> keys) {
        var words = new ArrayList<String>(List.of("MGET"));
        words.addAll(keys);
        List<?> values = redis.list(words.toArray(String[]::new));
        for (int i = 0; i < keys.size(); i++) {
            CacheKeys.Key parts = CacheKeys.parse(keys.get(i));
            Object value = values.get(i);
            if (value != null && parts != null && parts.generation() != null) {
                add(new Generation(parts.slot(), parts.generation()), parts.id(), Json.read(value.toString()));
            }
        }
    }

    private void add(Generation generation, @Nullable String id, JsonNode value) {
        if (id == null) {
            checkpoints.put(generation, value.path("next").asLong());
        } else {
            snapshots.add(new Snapshot(generation, id, value.path("version").asLong(),
                    value.has("ended") ? value : value.path("state"),
                    value.path("poison").asString(null)));
        }
    }
}
