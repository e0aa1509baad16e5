package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisClusterNode;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.Cursor;
import org.springframework.data.redis.core.ScanOptions;

/**
 * The generations of an aggregate's cache: which there are, which is wanted, which one is being built, and their removal.
 * Thread-safe.
 *
 * <p>All methods throw {@link org.springframework.dao.DataAccessException} when Redis does not answer.
 */
public final class Generations {

    private static final Pattern NUMBERED = Pattern.compile("g(\\d{1,8})-([0-9a-f]+)");
    private static final Pattern KEY = Pattern.compile("hive:\\{(.+):(\\d+)}:([^:]+):(watermark|s:(.*))",
            Pattern.DOTALL);
    private static final int SCANNED_AT_ONCE = 1_000;
    private static final int UNLINKED_AT_ONCE = 500;

    private final RedisConnectionFactory connections;

    public Generations(RedisConnectionFactory connections) {
        this.connections = connections;
    }

    /**
     * A generation.
     *
     * @param name {@code g<number>-<fingerprint>}, or another if it is a copy as of an earlier time
     * @param checkpoints of the slots that have one: partition to the log position to fold next, -1 if it cannot be read
     * @param active the partitions whose readers use it
     * @param wanted whether owners with its fingerprint are to use it
     * @param building whether a rebuild of it has begun and not ended
     */
    public record Generation(String name, Map<Integer, Long> checkpoints, Set<Integer> active, boolean wanted,
            boolean building) {

        /** The fingerprint of the code that it belongs to. */
        public String fingerprint() {
            return fingerprintOf(name);
        }

        /** Whether somebody is to read it. */
        public boolean isInUse() {
            return wanted || !active.isEmpty();
        }
    }

    /** The name of a generation; the fingerprint is part of it, so that two of them cannot share one, even after a FLUSHALL. */
    public static String named(int number, String fingerprint) {
        return "g" + number + "-" + fingerprint;
    }

    /** The fingerprint in a generation's name: what follows the last hyphen. */
    public static String fingerprintOf(String generation) {
        return generation.substring(generation.lastIndexOf('-') + 1);
    }

    /** Its number; 0 for a copy as of an earlier time. */
    public static int numberOf(String generation) {
        Matcher numbered = NUMBERED.matcher(generation);
        return numbered.matches() ? Integer.parseInt(numbered.group(1)) : 0;
    }

    /** All that an aggregate has, by number and name. */
    public List<Generation> of(String aggregate, int partitions) {
        Map<String, Map<Integer, Long>> checkpoints = new TreeMap<>();
        Map<String, Set<Integer>> active = new HashMap<>();
        Set<String> wanted = new TreeSet<>();
        Set<String> building = new TreeSet<>();
        try (RedisConnection redis = connections.getConnection()) {
            scan(redis, "hive:{" + aggregate + ":*}:*:watermark", keys -> {
                for (String key : keys) {
                    Matcher parts = KEY.matcher(key);
                    byte[] value = redis.stringCommands().get(utf8(key));
                    if (parts.matches() && value != null) {
                        checkpoints.computeIfAbsent(parts.group(3), none -> new TreeMap<>())
                                .put(Integer.parseInt(parts.group(2)), next(value));
                    }
                }
            });
            for (int partition = 0; partition < partitions; partition++) {
                Map<byte[], byte[]> pointers = redis.hashCommands()
                        .hGetAll(Keys.active(new Slot(aggregate, partition)));
                for (byte[] generation : pointers == null ? List.<byte[]>of() : pointers.values()) {
                    active.computeIfAbsent(text(generation), none -> new TreeSet<>()).add(partition);
                }
            }
            values(redis, "hive:generation:" + aggregate + ":*", wanted);
            values(redis, "hive:building:" + aggregate + ":*", building);
        }
        Set<String> names = new TreeSet<>(checkpoints.keySet());
        names.addAll(active.keySet());
        names.addAll(wanted);
        names.addAll(building);
        List<Generation> found = new ArrayList<>();
        for (String name : names) {
            found.add(new Generation(name, checkpoints.getOrDefault(name, Map.of()),
                    active.getOrDefault(name, Set.of()), wanted.contains(name), building.contains(name)));
        }
        found.sort(java.util.Comparator.comparing((Generation one) -> numberOf(one.name()))
                .thenComparing(Generation::name));
        return found;
    }

    private static long next(byte[] checkpoint) {
        try {
            return Checkpoint.read(checkpoint).next();
        } catch (tools.jackson.core.JacksonException e) {
            return -1;
        }
    }

    private static void values(RedisConnection redis, String pattern, Set<String> into) {
        scan(redis, pattern, keys -> keys.forEach(key -> {
            byte[] value = redis.stringCommands().get(utf8(key));
            if (value != null) {
                into.add(text(value));
            }
        }));
    }

    /** The generation that owners are to use, null if that was never asked for. */
    public @Nullable String wanted(String aggregate, String fingerprint) {
        return get(Keys.wanted(aggregate, fingerprint));
    }

    /** Lets owners change over to a generation; they do once they have caught it up. */
    public void want(String aggregate, String fingerprint, String generation) {
        set(Keys.wanted(aggregate, fingerprint), generation);
    }

    /** The generation that was being built when the last rebuild ended, null if that one was completed. */
    public @Nullable String building(String aggregate, String fingerprint) {
        return get(Keys.building(aggregate, fingerprint));
    }

    /** Remembers which generation is being built, so that a rebuild that is killed can be gone on with. */
    public void build(String aggregate, String fingerprint, String generation) {
        set(Keys.building(aggregate, fingerprint), generation);
    }

    /** The generation is complete. */
    public void built(String aggregate, String fingerprint) {
        try (RedisConnection redis = connections.getConnection()) {
            redis.keyCommands().del(Keys.building(aggregate, fingerprint));
        }
    }

    /** The generation that readers use, by partition; without those that have none. */
    public Map<Integer, String> active(String aggregate, String fingerprint, int partitions) {
        Map<Integer, String> found = new LinkedHashMap<>();
        try (RedisConnection redis = connections.getConnection()) {
            for (int partition = 0; partition < partitions; partition++) {
                byte[] generation = redis.hashCommands().hGet(Keys.active(new Slot(aggregate, partition)),
                        utf8(fingerprint));
                if (generation != null) {
                    found.put(partition, text(generation));
                }
            }
        }
        return found;
    }

    /** The generations that readers of any code use in one slot: fingerprint to generation. */
    public Map<String, String> active(Slot slot) {
        Map<String, String> found = new TreeMap<>();
        try (RedisConnection redis = connections.getConnection()) {
            Map<byte[], byte[]> pointers = redis.hashCommands().hGetAll(Keys.active(slot));
            if (pointers != null) {
                pointers.forEach((fingerprint, generation) -> found.put(text(fingerprint), text(generation)));
            }
        }
        return found;
    }

    /** A snapshot's place. */
    public record Place(Slot slot, String id) {}

    /** Tells all snapshots of a generation, some at a time, in no order; one may be told twice. */
    public void snapshots(String aggregate, String generation, Consumer<Collection<Place>> each) {
        try (RedisConnection redis = connections.getConnection()) {
            scan(redis, "hive:{" + aggregate + ":*}:" + generation + ":s:*", keys -> {
                List<Place> places = new ArrayList<>(keys.size());
                for (String key : keys) {
                    Matcher parts = KEY.matcher(key);
                    if (parts.matches() && parts.group(5) != null) {
                        places.add(new Place(new Slot(aggregate, Integer.parseInt(parts.group(2))), parts.group(5)));
                    }
                }
                each.accept(places);
            });
        }
    }

    /**
     * Removes a generation without holding up Redis: first its checkpoints, without which nobody takes its snapshots for
     * complete, then its pointers, then its snapshots in steps.
     *
     * @return how many keys were removed
     */
    public long remove(String aggregate, String generation, int partitions) {
        long[] removed = {0};
        try (RedisConnection redis = connections.getConnection()) {
            scan(redis, "hive:{" + aggregate + ":*}:" + generation + ":watermark",
                    keys -> removed[0] += unlink(redis, keys));
            for (int partition = 0; partition < partitions; partition++) {
                byte[] pointers = Keys.active(new Slot(aggregate, partition));
                Map<byte[], byte[]> all = redis.hashCommands().hGetAll(pointers);
                if (all != null) {
                    all.forEach((fingerprint, pointed) -> {
                        if (text(pointed).equals(generation)) {
                            redis.hashCommands().hDel(pointers, fingerprint);
                        }
                    });
                }
            }
            for (String kind : List.of("generation", "building")) {
                scan(redis, "hive:" + kind + ":" + aggregate + ":*", keys -> keys.forEach(key -> {
                    if (generation.equals(get(utf8(key)))) {
                        redis.keyCommands().del(utf8(key));
                    }
                }));
            }
            for (String kind : List.of("s", "i")) {
                scan(redis, "hive:{" + aggregate + ":*}:" + generation + ":" + kind + ":*",
                        keys -> removed[0] += unlink(redis, keys));
            }
        }
        return removed[0];
    }

    private static long unlink(RedisConnection redis, List<String> keys) {
        long removed = 0;
        for (int from = 0; from < keys.size(); from += UNLINKED_AT_ONCE) {
            byte[][] some = keys.subList(from, Math.min(keys.size(), from + UNLINKED_AT_ONCE)).stream()
                    .map(Generations::utf8).toArray(byte[][]::new);
            Long count = redis.keyCommands().unlink(some);
            removed += count == null ? 0 : count;
        }
        return removed;
    }

    /** In a cluster each master is asked. */
    private static void scan(RedisConnection redis, String pattern, Consumer<List<String>> each) {
        ScanOptions options = ScanOptions.scanOptions().match(pattern).count(SCANNED_AT_ONCE).build();
        if (redis instanceof RedisClusterConnection cluster) {
            for (RedisClusterNode node : cluster.clusterGetNodes()) {
                if (node.isMaster() && !node.isMarkedAsFail()) {
                    each(cluster.scan(node, options), each);
                }
            }
        } else {
            each(redis.keyCommands().scan(options), each);
        }
    }

    private static void each(Cursor<byte[]> found, Consumer<List<String>> each) {
        try (found) {
            List<String> keys = new ArrayList<>(SCANNED_AT_ONCE);
            while (found.hasNext()) {
                keys.add(text(found.next()));
                if (keys.size() == SCANNED_AT_ONCE) {
                    each.accept(keys);
                    keys.clear();
                }
            }
            each.accept(keys);
        }
    }

    private @Nullable String get(byte[] key) {
        try (RedisConnection redis = connections.getConnection()) {
            byte[] value = redis.stringCommands().get(key);
            return value == null ? null : text(value);
        }
    }

    private void set(byte[] key, String value) {
        try (RedisConnection redis = connections.getConnection()) {
            redis.stringCommands().set(key, utf8(value));
        }
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
