package dev.hivestream.local.benchmark;

import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.Partitioner;
import dev.hivestream.local.RedisConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The snapshots of all accounts in Redis, compared with the commands that led to them. */
final class Balances {

    private static final int AT_ONCE = 1_000;

    private final int redisPort;
    private final CommandLog log;

    Balances(int redisPort, CommandLog log) {
        this.redisPort = redisPort;
        this.log = log;
    }

    /** @throws Failure if one is missing, or has another version or balance */
    void require() throws IOException {
        try (var redis = new RedisConnection(redisPort)) {
            var generations = new ArrayList<String>();
            for (int partition = 0; partition < log.partitions(); partition++) {
                var active = redis.list("HVALS", CacheKeys.active("account", partition));
                generations.add(active.isEmpty() ? "" : String.valueOf(active.getFirst()));
            }
            for (int first = 0; first < log.accounts(); first += AT_ONCE) {
                int end = Math.min(log.accounts(), first + AT_ONCE);
                var command = new ArrayList<>(List.of("MGET"));
                for (int account = first; account < end; account++) {
                    String id = AccountLog.id(account);
                    int partition = Partitioner.partition(id, log.partitions());
                    command.add(CacheKeys.snapshot("account", partition, generations.get(partition), id));
                }
                var snapshots = redis.list(command.toArray(String[]::new));
                for (int account = first; account < end; account++) {
                    require(account, snapshots.get(account - first));
                }
            }
        }
    }

    private void require(int account, @Nullable Object stored) {
        JsonNode snapshot = JsonMapper.shared().readTree(stored == null ? "{}" : stored.toString());
        if (snapshot.path("version").asLong() != log.version(account)
                || snapshot.path("state").path("balance").asLong() != log.balance(account)) {
            throw new Failure("The result is wrong: '" + AccountLog.id(account) + "' ought to have version "
                    + log.version(account) + " and the balance " + log.balance(account) + "; its snapshot is "
                    + stored);
        }
    }
}
