package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.connection.Limit;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.connection.zset.Tuple;
import tools.jackson.core.JacksonException;

/**
 * The cache in Redis. Reads a slot in one round trip and writes it in one atomic script, on condition that its checkpoint
 * is still the one that was read: the write of an owner that has been overtaken changes nothing. Thread-safe.
 *
 * <p>All methods, and what they give to be asked later, throw {@link org.springframework.dao.DataAccessException} when Redis
 * does not answer.
 */
public final class Cache {

    /**
     * A slot's cache as read.
     *
     * @param active the generation that readers use, null if there is none
     * @param checkpoint of the generation asked for, null if it has none
     * @param snapshots of the ids asked for, in that order; null where there is none
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Loaded(@Nullable String active, byte @Nullable [] checkpoint,
            List<@Nullable StoredSnapshot> snapshots) {

        /** Whether the checkpoint is this one, byte for byte. */
        public boolean isAt(@Nullable Checkpoint expected) {
            return Arrays.equals(checkpoint, expected == null ? null : expected.bytes());
        }
    }

    private static final byte[] NOTHING = {};
    private static final RedisScripts.Script LOAD = RedisScripts.script("""
            local active = redis.pcall('HGET', KEYS[1], ARGV[1])
            if type(active) == 'table' then active = false end
            local found = {active}
            for i = 2, #KEYS do
                local value = redis.pcall('GET', KEYS[i])
                if type(value) == 'table' then value = 'of another type' end
                found[i] = value
            end
            return found
            """);
    /** Removes the oldest results: those not written after a time, and those beyond a limit. */
    private static final String EXPIRE = """
            local function expire(results, order, time, limit)
                local length = redis.call('LLEN', order)
                while length > 0 do
                    local oldest = redis.call('LINDEX', order, 0)
                    local written, field = string.match(oldest, '^(%d+):(.*)$')
                    if length <= limit and written and tonumber(written) > time then return end
                    redis.call('LPOP', order)
                    if field then redis.call('HDEL', results, field) end
                    length = length - 1
                end
            end
            """;
    private static final RedisScripts.Script WRITE = RedisScripts.script(EXPIRE + """
            if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
            local snapshots = tonumber(ARGV[3])
            for first = 1, snapshots, 1000 do
                local pairs = {}
                for i = first, math.min(snapshots, first + 999) do
                    pairs[#pairs + 1] = KEYS[1 + i]
                    pairs[#pairs + 1] = ARGV[3 + i]
                end
                redis.call('MSET', unpack(pairs))
            end
            local at = snapshots + 4
            if ARGV[at] then
                local results, order = KEYS[snapshots + 2], KEYS[snapshots + 3]
                if redis.pcall('HLEN', results) ~= redis.pcall('LLEN', order) then redis.call('DEL', results, order) end
                local now = redis.call('TIME')[1]
                for i = at + 2, #ARGV, 2 do
                    if redis.call('HSET', results, ARGV[i], ARGV[i + 1]) == 1 then
                        redis.call('RPUSH', order, now .. ':' .. ARGV[i])
                    end
                end
                expire(results, order, now - ARGV[at], tonumber(ARGV[at + 1]))
            end
            redis.call('SET', KEYS[1], ARGV[2])
            return 1
            """);
    private static final RedisScripts.Script RESULT = RedisScripts.script(EXPIRE + """
            if type(redis.pcall('LLEN', KEYS[2])) == 'number' and type(redis.pcall('HLEN', KEYS[1])) == 'number' then
                expire(KEYS[1], KEYS[2], redis.call('TIME')[1] - ARGV[2], math.huge)
            end
            local result = redis.pcall('HGET', KEYS[1], ARGV[1])
            if type(result) == 'table' then result = false end
            return {result}
            """);
    private static final RedisScripts.Script WRITE_INDEXED = RedisScripts.script("""
            if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
            local snapshots = tonumber(ARGV[3])
            for i = 2 + snapshots, #KEYS do
                local kind = redis.call('TYPE', KEYS[i])['ok']
                if kind ~= 'zset' and kind ~= 'none' then return -1 end
            end
            for i = 1, snapshots do
                if ARGV[3 + i] == '' then redis.call('DEL', KEYS[1 + i])
                else redis.call('SET', KEYS[1 + i], ARGV[3 + i]) end
            end
            for i = 4 + snapshots, #ARGV, 3 do
                local set = KEYS[1 + snapshots + tonumber(ARGV[i])]
                if ARGV[i + 2] == '' then redis.call('ZREM', set, ARGV[i + 1])
                else redis.call('ZADD', set, ARGV[i + 2], ARGV[i + 1]) end
            end
            redis.call('SET', KEYS[1], ARGV[2])
            return 1
            """);
    private static final RedisScripts.Script MEND = RedisScripts.script("""
            if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
            for i = 2, #KEYS do
                if ARGV[i + 1] == '' then redis.call('DEL', KEYS[i]) else redis.call('SET', KEYS[i], ARGV[i + 1]) end
            end
            redis.call('SET', KEYS[1], ARGV[2])
            return 1
            """);
    private static final RedisScripts.Script ACTIVATE = RedisScripts.script("""
            local set = redis.pcall('HSET', KEYS[1], ARGV[1], ARGV[2])
            if type(set) == 'table' then
                redis.call('DEL', KEYS[1])
                redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
            end
            return 1
            """);
    private static final RedisScripts.Script DEACTIVATE = RedisScripts.script("""
            local removed = redis.pcall('HDEL', KEYS[1], ARGV[1])
            if type(removed) == 'table' then redis.call('DEL', KEYS[1]) end
            return 1
            """);
    /** What is wanted is listed, too, each time: a failover of Redis may have lost the one and not the other. */
    private static final RedisScripts.Script WANTED = RedisScripts.script(Generations.PUT + """
            local wanted = redis.pcall('HGET', KEYS[1], ARGV[1])
            if type(wanted) ~= 'string' or not string.find(wanted, '^[%w.-]+$') then
                wanted = ARGV[2]
                put(KEYS[1], ARGV[1], wanted)
            end
            list(KEYS[2], wanted)
            return wanted
            """);
    private static final RedisScripts.Script WANT = RedisScripts.script(Generations.PUT + """
            if redis.pcall('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
            put(KEYS[1], ARGV[1], ARGV[3])
            list(KEYS[2], ARGV[3])
            return 1
            """);

    private final RedisConnectionFactory connections;
    private final RedisScripts scripts;
    /** In seconds. */
    private final byte[] keep;
    private final byte[] limit;

    /** @param results how many results are kept, and for how long */
    public Cache(RedisConnectionFactory connections, HiveProperties.Results results) {
        this.connections = connections;
        this.keep = utf8(Long.toString(Math.max(1, results.keep().toSeconds())));
        this.limit = utf8(Integer.toString(results.limit()));
        this.scripts = new RedisScripts(connections);
    }

    /** Reads a slot's pointer, checkpoint and snapshots, as of one moment. */
    public Loaded load(Slot slot, String fingerprint, String generation, Collection<String> ids) {
        return ask(slot, fingerprint, generation, ids).get();
    }

    /**
     * Asks for what {@link #load} reads, without waiting.
     *
     * @return waits for the answer; to be asked once
     */
    public Supplier<Loaded> ask(Slot slot, String fingerprint, String generation, Collection<String> ids) {
        int keys = 2 + 2 * ids.size();
        byte[][] arguments = new byte[keys + 1][];
        arguments[0] = Keys.active(slot);
        arguments[1] = Keys.checkpoint(slot, generation);
        int i = 2;
        String snapshots = Keys.snapshots(slot, generation);
        String blocks = Keys.commands(slot, generation);
        for (String id : ids) {
            String encoded = Keys.encode(id);
            arguments[i++] = utf8(snapshots + encoded);
            arguments[i++] = utf8(blocks + encoded);
        }
        arguments[i] = utf8(fingerprint);
        Supplier<List<byte @Nullable []>> answer = scripts.ask(LOAD, ReturnType.MULTI, keys, arguments);
        return () -> {
            List<byte @Nullable []> found = answer.get();
            byte[] active = found.get(0);
            List<@Nullable StoredSnapshot> loaded = new ArrayList<>(ids.size());
            for (int at = 2; at < keys; at += 2) {
                byte[] json = found.get(at);
                loaded.add(json == null ? null : new StoredSnapshot(json, found.get(at + 1)));
            }
            return new Loaded(active == null ? null : new String(active, StandardCharsets.UTF_8), found.get(1), loaded);
        };
    }

    /**
     * Writes snapshots and checkpoint, and results beside them, if the stored checkpoint is the one expected. Does not wait
     * for the answer.
     *
     * @param expected null if there must be none
     * @param results by field, as {@link #result} finds them; the oldest of the slot are removed if there are too many. One
     *     that is kept already takes the new value and stays as old as it is.
     * @return waits for the answer; to be called once. False if another checkpoint is stored: nothing is changed then
     */
    public BooleanSupplier writing(Slot slot, String generation, @Nullable Checkpoint expected, Checkpoint next,
            Map<String, StoredSnapshot> snapshots, Map<String, byte[]> results) {
        int values = values(snapshots.values());
        int keys = 1 + values + (results.isEmpty() ? 0 : 2);
        byte[][] arguments = new byte[keys + 3 + values + (results.isEmpty() ? 0 : 2 + 2 * results.size())][];
        arguments[0] = Keys.checkpoint(slot, generation);
        arguments[keys] = expected == null ? NOTHING : expected.bytes();
        arguments[keys + 1] = next.bytes();
        arguments[keys + 2] = utf8(Integer.toString(values));
        put(slot, generation, snapshots, arguments, 1, keys + 3);
        if (!results.isEmpty()) {
            arguments[keys - 2] = Keys.results(slot);
            arguments[keys - 1] = Keys.resultsOrder(slot);
            int i = keys + 3 + values;
            arguments[i++] = keep;
            arguments[i++] = limit;
            for (Map.Entry<String, byte[]> result : results.entrySet()) {
                arguments[i++] = utf8(result.getKey());
                arguments[i++] = result.getValue();
            }
        }
        return isDone(WRITE, keys, arguments);
    }

    /** How many values they are in Redis. */
    private static int values(Collection<StoredSnapshot> snapshots) {
        int values = snapshots.size();
        for (StoredSnapshot snapshot : snapshots) {
            values += snapshot.block() == null ? 0 : 1;
        }
        return values;
    }

    /** Puts snapshots and their blocks among the arguments of a script. */
    private static void put(Slot slot, String generation, Map<String, StoredSnapshot> snapshots, byte[][] arguments,
            int firstKey, int firstValue) {
        int key = firstKey;
        int value = firstValue;
        String prefix = Keys.snapshots(slot, generation);
        String blocks = Keys.commands(slot, generation);
        for (Map.Entry<String, StoredSnapshot> snapshot : snapshots.entrySet()) {
            String id = Keys.encode(snapshot.getKey());
            arguments[key++] = utf8(prefix + id);
            arguments[value++] = snapshot.getValue().json();
            byte[] block = snapshot.getValue().block();
            if (block != null) {
                arguments[key++] = utf8(blocks + id);
                arguments[value++] = block;
            }
        }
    }

    private BooleanSupplier isDone(RedisScripts.Script script, int keys, byte[][] arguments) {
        Supplier<Long> answer = scripts.ask(script, ReturnType.INTEGER, keys, arguments);
        return () -> answer.get() == 1;
    }

    /**
     * Writes snapshots, their places in sorted sets, and the checkpoint, if the stored checkpoint is the one expected.
     *
     * @param expected null if there must be none
     * @return false if another checkpoint is stored; nothing is changed then
     * @throws SnapshotCodec.Unreadable if something else is in a sorted set's place; nothing is changed then either
     */
    public boolean write(Slot slot, String generation, @Nullable Checkpoint expected, Checkpoint next,
            Map<String, StoredSnapshot> snapshots, Collection<Indexed> index) {
        return writing(slot, generation, expected, next, snapshots, index).getAsBoolean();
    }

    /**
     * Begins to {@link #write(Slot, String, Checkpoint, Checkpoint, Map, Collection) write}, without waiting.
     *
     * @return waits until it is done; to be asked once
     */
    public BooleanSupplier writing(Slot slot, String generation, @Nullable Checkpoint expected, Checkpoint next,
            Map<String, StoredSnapshot> snapshots, Collection<Indexed> index) {
        if (index.isEmpty()) {
            return writing(slot, generation, expected, next, snapshots, Map.of());
        }
        int stored = values(snapshots.values());
        byte[][] arguments = new byte[2 * stored][];
        put(slot, generation, snapshots, arguments, 0, stored);
        List<byte[]> keys = new ArrayList<>(2 * stored + 3 * index.size() + 12);
        List<byte[]> values = new ArrayList<>(stored + 3 * index.size() + 3);
        keys.add(Keys.checkpoint(slot, generation));
        values.add(expected == null ? NOTHING : expected.bytes());
        values.add(next.bytes());
        values.add(utf8(Integer.toString(stored)));
        keys.addAll(Arrays.asList(arguments).subList(0, stored));
        values.addAll(Arrays.asList(arguments).subList(stored, 2 * stored));
        Map<String, byte[]> sets = new HashMap<>();
        for (Indexed place : index) {
            values.add(sets.computeIfAbsent(place.set(), set -> {
                keys.add(Keys.index(slot, generation, set));
                return utf8(Integer.toString(sets.size() + 1));
            }));
            values.add(utf8(place.member()));
            values.add(place.score() == null ? NOTHING : utf8(place.score().toString()));
        }
        int count = keys.size();
        keys.addAll(values);
        Supplier<Long> answer = scripts.ask(WRITE_INDEXED, ReturnType.INTEGER, count, keys.toArray(byte[][]::new));
        return () -> {
            long written = answer.get();
            if (written == -1) {
                throw noIndex(slot, generation, null);
            }
            return written == 1;
        };
    }

    /**
     * The members of a sorted set, lowest score first.
     *
     * @param highest no member with a higher score is given
     * @param limit how many are given at most
     * @throws SnapshotCodec.Unreadable if something else is in its place
     */
    public List<Indexed> lowest(Slot slot, String generation, String set, long highest, int limit) {
        try (RedisConnection redis = connections.getConnection()) {
            Set<Tuple> found = redis.zSetCommands().zRangeByScoreWithScores(Keys.index(slot, generation, set),
                    Range.closed(Double.NEGATIVE_INFINITY, (double) highest), Limit.limit().count(limit));
            return found == null
                    ? List.of()
                    : found.stream().map(tuple -> new Indexed(set, new String(tuple.getValue(), StandardCharsets.UTF_8),
                            tuple.getScore().longValue())).toList();
        } catch (NonTransientDataAccessException e) {
            if (!String.valueOf(e.getMostSpecificCause().getMessage()).startsWith("WRONGTYPE")) {
                throw e;
            }
            throw noIndex(slot, generation, e);
        }
    }

    private static SnapshotCodec.Unreadable noIndex(Slot slot, String generation, @Nullable Throwable cause) {
        return new SnapshotCodec.Unreadable("An index of " + slot + " in " + generation + " is not a sorted set",
                cause);
    }

    /** Removes the members of a sorted set whose score is below a bound. */
    public void removeBelow(Slot slot, String generation, String set, long score) {
        try (RedisConnection redis = connections.getConnection()) {
            redis.zSetCommands().zRemRangeByScore(Keys.index(slot, generation, set), Double.NEGATIVE_INFINITY,
                    Math.nextDown((double) score));
        }
    }

    /** How many members a sorted set has. */
    public long count(Slot slot, String generation, String set) {
        try (RedisConnection redis = connections.getConnection()) {
            Long count = redis.zSetCommands().zCard(Keys.index(slot, generation, set));
            return count == null ? 0 : count;
        }
    }

    /**
     * Puts snapshots right, if the stored checkpoint is the one expected. The new checkpoint has a nonce of its own, by which
     * the slot's owner notices.
     *
     * @param expected what is stored, whatever it is; null if there must be none
     * @param snapshots by id; null removes one. A stored block that is not replaced is removed
     * @return false if another checkpoint is stored; nothing is changed then
     */
    public boolean mend(Slot slot, String generation, byte @Nullable [] expected, Checkpoint next,
            Map<String, @Nullable StoredSnapshot> snapshots) {
        int keys = 1 + 2 * snapshots.size();
        byte[][] arguments = new byte[2 * keys + 1][];
        arguments[0] = Keys.checkpoint(slot, generation);
        arguments[keys] = expected == null ? NOTHING : expected;
        arguments[keys + 1] = next.bytes();
        int i = 1;
        for (Map.Entry<String, @Nullable StoredSnapshot> snapshot : snapshots.entrySet()) {
            StoredSnapshot value = snapshot.getValue();
            arguments[i] = Keys.snapshot(slot, generation, snapshot.getKey());
            arguments[keys + 1 + i] = value == null ? NOTHING : value.json();
            i++;
            arguments[i] = Keys.commands(slot, generation, snapshot.getKey());
            arguments[keys + 1 + i] = value == null || value.block() == null ? NOTHING : value.block();
            i++;
        }
        return isDone(MEND, keys, arguments).getAsBoolean();
    }

    /**
     * The checkpoint of a generation, or null.
     *
     * @throws SnapshotCodec.Unreadable if something else is in its place
     */
    public @Nullable Checkpoint checkpoint(Slot slot, String generation) {
        byte[] stored = load(slot, "", generation, List.of()).checkpoint();
        return stored == null ? null : readCheckpoint(slot, generation, stored);
    }

    /**
     * Reads a checkpoint that was loaded.
     *
     * @throws SnapshotCodec.Unreadable if it is something else
     */
    public static Checkpoint readCheckpoint(Slot slot, String generation, byte[] stored) {
        try {
            return Checkpoint.read(stored);
        } catch (JacksonException e) {
            throw new SnapshotCodec.Unreadable("The checkpoint of " + slot + " in " + generation + " cannot be read",
                    e);
        }
    }

    /** The result that was written under a field of this slot, if it is still kept. */
    public byte @Nullable [] result(Slot slot, String field) {
        return scripts.<List<byte @Nullable []>>run(RESULT, ReturnType.MULTI, 2,
                new byte[][]{Keys.results(slot), Keys.resultsOrder(slot), utf8(field), keep}).getFirst();
    }

    /** Lets readers use a generation. */
    public void activate(Slot slot, String fingerprint, String generation) {
        Long _ = scripts.run(ACTIVATE, ReturnType.INTEGER, 1,
                new byte[][]{Keys.active(slot), utf8(fingerprint), utf8(generation)});
    }

    /**
     * Lets readers use no generation until one is activated. An owner does so whose checkpoint is gone; whichever generation
     * the pointer names, it is as old as what was lost. Should a later owner have activated one, it notices and restores.
     */
    public void deactivate(Slot slot, String fingerprint) {
        Long _ = scripts.run(DEACTIVATE, ReturnType.INTEGER, 1, new byte[][]{Keys.active(slot), utf8(fingerprint)});
    }

    /**
     * The generation wanted for a fingerprint; the first one asks for {@code g1}. It is one of the type's
     * {@linkplain Generations#of generations} afterwards, whatever Redis has lost.
     */
    public String wanted(String aggregate, String fingerprint) {
        byte[] wanted = scripts.run(WANTED, ReturnType.VALUE, 2, new byte[][]{Keys.wanted(aggregate),
                Keys.generations(aggregate), utf8(fingerprint), utf8(Generations.named(1, fingerprint))});
        return new String(wanted, StandardCharsets.UTF_8);
    }

    /** Wants the generation after {@code given}, unless somebody else has done so since. Gives the one wanted now. */
    public String wantNext(String aggregate, String fingerprint, String given) {
        if (wanted(aggregate, fingerprint).equals(given)) {
            Long _ = scripts.run(WANT, ReturnType.INTEGER, 2, new byte[][]{Keys.wanted(aggregate),
                    Keys.generations(aggregate), utf8(fingerprint), utf8(given),
                    utf8(Generations.named(Generations.numberOf(given) + 1, fingerprint))});
        }
        return wanted(aggregate, fingerprint);
    }

    /**
     * Refuses a Redis that may throw snapshots away: a missing one would be taken for a new aggregate.
     *
     * @throws StartRefused if its {@code maxmemory-policy} is not {@code noeviction}
     */
    public void requireNoEviction() {
        try (RedisConnection redis = connections.getConnection()) {
            Properties memory = redis.serverCommands().info("memory");
            String policy = memory == null
                    ? null
                    : memory.entrySet().stream()
                            .filter(entry -> entry.getKey().toString().endsWith("maxmemory_policy"))
                            .map(entry -> entry.getValue().toString()).filter(value -> !value.equals("noeviction"))
                            .findFirst()
                            .orElse(null);
            if (policy != null) {
                throw new StartRefused("Redis may evict snapshots: its maxmemory-policy is '" + policy
                        + "'. Set maxmemory-policy to noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf)");
            }
        }
    }

    /** Asks Redis whether it is there. */
    public void ping() {
        try (RedisConnection redis = connections.getConnection()) {
            redis.ping();
        }
    }

    /**
     * Tells whether Redis has room for what is written; where it has several nodes, each of them.
     *
     * @return what it is out of, or null
     */
    public @Nullable String outOfMemory() {
        try (RedisConnection redis = connections.getConnection()) {
            Properties memory = redis.serverCommands().info("memory");
            if (memory == null) {
                return null;
            }
            for (String name : memory.stringPropertyNames()) {
                if (name.equals("maxmemory") || name.endsWith(".maxmemory")) {
                    String node = name.substring(0, name.length() - "maxmemory".length());
                    long most = bytes(memory, name);
                    // buffers of replicas and of the AOF are not what Redis compares
                    long used = bytes(memory, node + "used_memory") - bytes(memory, node + "mem_not_counted_for_evict");
                    if (most > 0 && used > most) {
                        return (node.isEmpty() ? "Redis" : node.substring(0, node.length() - 1)) + " uses " + used
                                + " bytes of maxmemory " + most
                                + "; writes are rejected until memory is freed or maxmemory is raised";
                    }
                }
            }
            return null;
        }
    }

    private static long bytes(Properties memory, String name) {
        String value = memory.getProperty(name);
        return value == null || value.isBlank() ? 0 : Long.parseLong(value.strip());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
