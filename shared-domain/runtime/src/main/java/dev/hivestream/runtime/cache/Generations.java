package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.cache.StoredKey.Kind;
import dev.hivestream.runtime.cache.StoredKey.OfGeneration;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisClusterNode;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.core.Cursor;
import org.springframework.data.redis.core.ScanOptions;

/**
 * The generations of an aggregate's cache: which there are, which is wanted, which one is being built, and their removal.
 * Thread-safe.
 *
 * <p>Which generations there are is what the type's set of them says, beside what is wanted, being built or active. Keys are
 * scanned only for the snapshots of a generation that is known, and each key is parsed before it counts.
 *
 * <p>All methods throw {@link org.springframework.dao.DataAccessException} when Redis does not answer.
 */
public final class Generations {

    /** Functions in Lua: a field of a hash, and a member of a set, that replace a key of another type. */
    static final String PUT = """
            local function put(key, field, value)
                if type(redis.pcall('HSET', key, field, value)) == 'table' then
                    redis.call('DEL', key)
                    redis.call('HSET', key, field, value)
                end
            end
            local function list(key, member)
                if type(redis.pcall('SADD', key, member)) == 'table' then
                    redis.call('DEL', key)
                    redis.call('SADD', key, member)
                end
            end
            """;
    private static final RedisScripts.Script SET = RedisScripts.script(PUT + """
            put(KEYS[1], ARGV[1], ARGV[2])
            list(KEYS[2], ARGV[2])
            return 1
            """);
    private static final RedisScripts.Script LIST = RedisScripts.script(PUT + """
            list(KEYS[1], ARGV[1])
            return 1
            """);
    private static final RedisScripts.Script BUILT = RedisScripts.script(PUT + """
            list(KEYS[2], ARGV[2])
            if redis.pcall('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
            return redis.call('HDEL', KEYS[1], ARGV[1])
            """);
    /** Takes a generation out of hashes, whatever the fingerprint. */
    private static final RedisScripts.Script FORGET = RedisScripts.script("""
            for i = 1, #KEYS do
                local fields = redis.pcall('HGETALL', KEYS[i])
                if not fields['err'] then
                    for f = 1, #fields, 2 do
                        if fields[f + 1] == ARGV[1] then redis.call('HDEL', KEYS[i], fields[f]) end
                    end
                end
            end
            return 1
            """);

    private static final Pattern NUMBERED = Pattern.compile("g(\\d{1,18})-([0-9a-f]+)");
    private static final int SCANNED_AT_ONCE = 1_000;
    private static final int UNLINKED_AT_ONCE = 500;

    private final RedisConnectionFactory connections;
    private final RedisScripts scripts;

    public Generations(RedisConnectionFactory connections) {
        this.connections = connections;
        this.scripts = new RedisScripts(connections);
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
    public static String named(long number, String fingerprint) {
        return "g" + number + "-" + fingerprint;
    }

    /** The fingerprint in a generation's name: what follows the last hyphen. */
    public static String fingerprintOf(String generation) {
        return generation.substring(generation.lastIndexOf('-') + 1);
    }

    /** Its number; 0 for a copy as of an earlier time. */
    public static long numberOf(String generation) {
        Matcher numbered = NUMBERED.matcher(generation);
        return numbered.matches() ? Long.parseLong(numbered.group(1)) : 0;
    }

    /** All that an aggregate has, by number and name. */
    public List<Generation> of(String aggregate, int partitions) {
        Map<String, Map<Integer, Long>> checkpoints = new HashMap<>();
        Map<String, Set<Integer>> active = new HashMap<>();
        try (RedisConnection redis = connections.getConnection()) {
            Set<String> wanted = new TreeSet<>(fields(redis, Keys.wanted(aggregate)).values());
            Set<String> building = new TreeSet<>(fields(redis, Keys.building(aggregate)).values());
            Set<String> names = new TreeSet<>(wanted);
            names.addAll(building);
            names.addAll(listed(redis, aggregate));
            for (int partition = 0; partition < partitions; partition++) {
                for (String generation : fields(redis, Keys.active(new Slot(aggregate, partition))).values()) {
                    active.computeIfAbsent(generation, none -> new TreeSet<>()).add(partition);
                }
            }
            names.addAll(active.keySet());
            names.removeIf(name -> !Keys.isGeneration(name));
            for (int partition = 0; partition < partitions && !names.isEmpty(); partition++) {
                Slot slot = new Slot(aggregate, partition);
                List<byte[]> found = redis.stringCommands()
                        .mGet(names.stream().map(name -> Keys.checkpoint(slot, name)).toArray(byte[][]::new));
                int i = 0;
                for (String name : names) {
                    byte[] value = found == null ? null : found.get(i++);
                    if (value != null) {
                        checkpoints.computeIfAbsent(name, none -> new TreeMap<>()).put(partition, next(value));
                    }
                }
            }
            return names.stream()
                    .map(name -> new Generation(name, checkpoints.getOrDefault(name, Map.of()),
                            active.getOrDefault(name, Set.of()), wanted.contains(name), building.contains(name)))
                    .sorted(Comparator.comparing((Generation one) -> numberOf(one.name()))
                            .thenComparing(Generation::name))
                    .toList();
        }
    }

    private static long next(byte[] checkpoint) {
        try {
            return Checkpoint.read(checkpoint).next();
        } catch (tools.jackson.core.JacksonException e) {
            return -1;
        }
    }

    /** What a hash has; nothing if it is none. */
    private static Map<String, String> fields(RedisConnection redis, byte[] key) {
        Map<String, String> fields = new TreeMap<>();
        Map<byte[], byte[]> found = unlessOfAnotherType(() -> redis.hashCommands().hGetAll(key));
        if (found != null) {
            found.forEach((field, value) -> fields.put(text(field), text(value)));
        }
        return fields;
    }

    private static List<String> listed(RedisConnection redis, String aggregate) {
        Set<byte[]> found = unlessOfAnotherType(() -> redis.setCommands().sMembers(Keys.generations(aggregate)));
        return found == null ? List.of() : found.stream().map(Generations::text).toList();
    }

    private static <T> @Nullable T unlessOfAnotherType(java.util.function.Supplier<@Nullable T> read) {
        try {
            return read.get();
        } catch (NonTransientDataAccessException e) {
            if (!String.valueOf(e.getMostSpecificCause().getMessage()).startsWith("WRONGTYPE")) {
                throw e;
            }
            return null;
        }
    }

    /** The generation that owners are to use, null if that was never asked for. */
    public @Nullable String wanted(String aggregate, String fingerprint) {
        return get(Keys.wanted(aggregate), fingerprint);
    }

    /** Lets owners change over to a generation; they do once they have caught it up. */
    public void want(String aggregate, String fingerprint, String generation) {
        set(Keys.wanted(aggregate), aggregate, fingerprint, generation);
    }

    /** The generation that was being built when the last rebuild ended, null if that one was completed. */
    public @Nullable String building(String aggregate, String fingerprint) {
        return get(Keys.building(aggregate), fingerprint);
    }

    /** Remembers which generation is being built, so that a rebuild that is killed can be gone on with. */
    public void build(String aggregate, String fingerprint, String generation) {
        set(Keys.building(aggregate), aggregate, fingerprint, generation);
    }

    /** The generation is complete; one that another rebuild has begun since stays begun. */
    public void built(String aggregate, String fingerprint, String generation) {
        Long _ = scripts.run(BUILT, ReturnType.INTEGER, 2, new byte[][]{Keys.building(aggregate),
                Keys.generations(aggregate), utf8(fingerprint), utf8(generation)});
    }

    /** Lists a generation that is neither wanted nor being built, or that a failover of Redis may have lost from the list. */
    public void list(String aggregate, String generation) {
        Long _ = scripts.run(LIST, ReturnType.INTEGER, 1,
                new byte[][]{Keys.generations(aggregate), utf8(generation)});
    }

    /** The generation that readers use, by partition; without those that have none. */
    public Map<Integer, String> active(String aggregate, String fingerprint, int partitions) {
        Map<Integer, String> found = new LinkedHashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            String generation = get(Keys.active(new Slot(aggregate, partition)), fingerprint);
            if (generation != null) {
                found.put(partition, generation);
            }
        }
        return found;
    }

    /** The generations that readers of any code use in one slot: fingerprint to generation. */
    public Map<String, String> active(Slot slot) {
        try (RedisConnection redis = connections.getConnection()) {
            Map<String, String> active = fields(redis, Keys.active(slot));
            active.values().removeIf(name -> !Keys.isGeneration(name));
            return active;
        }
    }

    /** A snapshot's place. */
    public record Place(Slot slot, String id) {}

    /** Tells all snapshots of a generation, some at a time, in no order; one may be told twice. */
    public void snapshots(String aggregate, String generation, Consumer<Collection<Place>> each) {
        try (RedisConnection redis = connections.getConnection()) {
            scan(redis, Keys.anyOf(aggregate), keys -> {
                List<Place> places = new ArrayList<>(keys.size());
                for (byte[] key : keys) {
                    OfGeneration one = Keys.parse(key);
                    if (one != null && one.kind() == Kind.SNAPSHOT && isOf(one, aggregate, generation)) {
                        places.add(new Place(one.slot(), one.name()));
                    }
                }
                each.accept(places);
            });
        }
    }

    private static boolean isOf(@Nullable OfGeneration key, String aggregate, String generation) {
        return key != null && key.type().equals(aggregate) && key.generation().equals(generation);
    }

    /**
     * Removes a generation without holding up Redis: first its checkpoints, without which nobody takes its snapshots for
     * complete, then its pointers, then the rest of its keys in steps. It is no longer listed when all of them are gone.
     *
     * @return how many keys were removed
     */
    public long remove(String aggregate, String generation, int partitions) {
        long removed = 0;
        try (RedisConnection redis = connections.getConnection()) {
            List<byte[]> checkpoints = new ArrayList<>();
            for (int partition = 0; partition < partitions; partition++) {
                checkpoints.add(Keys.checkpoint(new Slot(aggregate, partition), generation));
            }
            removed += unlink(redis, checkpoints);
            for (int partition = 0; partition < partitions; partition++) {
                forget(generation, Keys.active(new Slot(aggregate, partition)));
            }
            forget(generation, Keys.wanted(aggregate), Keys.building(aggregate));
            removed += unlink(redis, Keys.anyOf(aggregate),
                    key -> isOf(Keys.parse(key), aggregate, generation));
            unlessOfAnotherType(() -> redis.setCommands().sRem(Keys.generations(aggregate), utf8(generation)));
        }
        return removed;
    }

    private void forget(String generation, byte[]... hashes) {
        byte[][] arguments = java.util.Arrays.copyOf(hashes, hashes.length + 1);
        arguments[hashes.length] = utf8(generation);
        Long _ = scripts.run(FORGET, ReturnType.INTEGER, hashes.length, arguments);
    }

    /**
     * What a type has in Redis of format 1.
     *
     * @param keys how many of each kind; one may count twice while Redis grows or shrinks its tables
     * @param checkpoints partition to the furthest log position to fold next of any generation
     */
    public record Format1(Map<Kind, Long> keys, Map<Integer, Long> checkpoints) {

        /** How many keys there are. */
        public long count() {
            return keys.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /** Looks for keys of format 1 of a type, the locks left out: they expire. */
    public Format1 format1(String type) {
        Map<Kind, Long> keys = new EnumMap<>(Kind.class);
        Map<Integer, Long> checkpoints = new TreeMap<>();
        try (RedisConnection redis = connections.getConnection()) {
            for (byte[] pattern : Keys.anyOfFormat1(type)) {
                scan(redis, pattern, some -> some.forEach(key -> {
                    StoredKey parsed = Keys.parseFormat1(key);
                    if (parsed == null || !parsed.type().equals(type)) {
                        return;
                    }
                    keys.merge(parsed.kind(), 1L, Long::sum);
                    if (parsed instanceof OfGeneration one && one.kind() == Kind.CHECKPOINT) {
                        byte[] value = unlessOfAnotherType(() -> redis.stringCommands().get(key));
                        if (value != null) {
                            checkpoints.merge(one.slot().partition(), next(value), Math::max);
                        }
                    }
                }));
            }
        }
        return new Format1(keys, checkpoints);
    }

    /**
     * Removes all keys of format 1 of a type without holding up Redis: checkpoints and pointers first, the rest in steps.
     * Keys of this format, locks, and what was never a key of the cache stay.
     *
     * @return how many keys were removed
     */
    public long removeFormat1(String type) {
        List<Predicate<Kind>> passes = List.of(kind -> kind == Kind.CHECKPOINT, kind -> kind == Kind.ACTIVE,
                kind -> true);
        long removed = 0;
        try (RedisConnection redis = connections.getConnection()) {
            for (Predicate<Kind> pass : passes) {
                for (byte[] pattern : Keys.anyOfFormat1(type)) {
                    removed += unlink(redis, pattern, key -> {
                        StoredKey parsed = Keys.parseFormat1(key);
                        return parsed != null && parsed.type().equals(type) && pass.test(parsed.kind());
                    });
                }
            }
        }
        return removed;
    }

    private static long unlink(RedisConnection redis, byte[] pattern, Predicate<byte[]> which) {
        long[] removed = {0};
        scan(redis, pattern, keys -> removed[0] += unlink(redis, keys.stream().filter(which).toList()));
        return removed[0];
    }

    private static long unlink(RedisConnection redis, List<byte[]> keys) {
        long removed = 0;
        for (int from = 0; from < keys.size(); from += UNLINKED_AT_ONCE) {
            Long count = redis.keyCommands().unlink(
                    keys.subList(from, Math.min(keys.size(), from + UNLINKED_AT_ONCE)).toArray(byte[][]::new));
            removed += count == null ? 0 : count;
        }
        return removed;
    }

    /** In a cluster each master is asked. The only wildcard of the pattern is at its end. */
    private static void scan(RedisConnection redis, byte[] pattern, Consumer<List<byte[]>> each) {
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

    private static void each(Cursor<byte[]> found, Consumer<List<byte[]>> each) {
        try (found) {
            List<byte[]> keys = new ArrayList<>(SCANNED_AT_ONCE);
            while (found.hasNext()) {
                keys.add(found.next());
                if (keys.size() == SCANNED_AT_ONCE) {
                    each.accept(keys);
                    keys.clear();
                }
            }
            each.accept(keys);
        }
    }

    private @Nullable String get(byte[] hash, String fingerprint) {
        try (RedisConnection redis = connections.getConnection()) {
            byte[] value = unlessOfAnotherType(() -> redis.hashCommands().hGet(hash, utf8(fingerprint)));
            String name = value == null ? null : text(value);
            return name != null && Keys.isGeneration(name) ? name : null;
        }
    }

    private void set(byte[] hash, String aggregate, String fingerprint, String generation) {
        Long _ = scripts.run(SET, ReturnType.INTEGER, 2,
                new byte[][]{hash, Keys.generations(aggregate), utf8(fingerprint), utf8(generation)});
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
