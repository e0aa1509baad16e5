package dev.hivestream.local.benchmark;

import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.RedisConnection;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a rebuild of the accounts left in Redis.
 *
 * @param usedMemory by Redis, in bytes
 * @param keys of any kind
 * @param snapshots of accounts
 */
record CacheFigures(long usedMemory, long keys, long snapshots) {

    private static final Pattern USED_MEMORY = Pattern.compile("^used_memory:(\\d+)", Pattern.MULTILINE);
    private static final String SCANNED_AT_ONCE = "1000";
    private static final int SAMPLED = 10;

    /**
     * Reads them, and compares some of the snapshots, from all over the cache, with the log.
     *
     * @throws Failure if a snapshot is missing, too much or not what the log says
     */
    static CacheFigures read(int redisPort, int accounts, AccountLog log) throws IOException {
        try (var redis = new RedisConnection(redisPort)) {
            var memory = USED_MEMORY.matcher(String.valueOf(redis.call("INFO", "memory")));
            long usedMemory = memory.find() ? Long.parseLong(memory.group(1)) : 0;
            long keys = redis.call("DBSIZE") instanceof Long size ? size : 0;
            // a scan may give a key twice, but it does not count the keys: only the few that are no snapshots
            var others = new HashSet<String>();
            String cursor = "0";
            do {
                var found = redis.list("SCAN", cursor, "COUNT", SCANNED_AT_ONCE);
                cursor = String.valueOf(found.getFirst());
                compare(redis, (List<?>) Objects.requireNonNull(found.getLast()), others, log);
            } while (!cursor.equals("0"));
            var figures = new CacheFigures(usedMemory, keys, keys - others.size());
            if (figures.snapshots != accounts) {
                throw new Failure("The result is wrong: there are " + figures.snapshots + " snapshots of "
                        + accounts + " accounts in Redis");
            }
            return figures;
        }
    }

    private static void compare(RedisConnection redis, List<?> keys, HashSet<String> others, AccountLog log) {
        var sample = new HashMap<String, String>();
        for (Object key : keys) {
            var parts = CacheKeys.parse(String.valueOf(key));
            if (parts == null || parts.id() == null || !parts.slot().startsWith("account:")) {
                others.add(String.valueOf(key));
            } else if (sample.size() < SAMPLED) {
                sample.put(parts.id(), String.valueOf(key));
            }
        }
        sample.forEach((id, key) -> compare(id, String.valueOf(redis.call("GET", key)), log));
    }

    private static void compare(String id, String text, AccountLog log) {
        JsonNode snapshot = JsonMapper.shared().readTree(text);
        int version = log.version(AccountLog.number(id));
        if (snapshot.path("version").asLong() != version
                || snapshot.path("state").path("balance").asLong() != AccountRecords.balance(version)) {
            throw new Failure("The result is wrong: by the log the account '" + id + "' has version " + version
                    + " and the balance " + AccountRecords.balance(version) + "; its snapshot is " + text);
        }
    }
}
