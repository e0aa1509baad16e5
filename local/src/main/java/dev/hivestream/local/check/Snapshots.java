package dev.hivestream.local.check;

import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.Partitioner;
import dev.hivestream.local.RedisConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The cache as Redis has it. */
final class Snapshots implements AutoCloseable {

    private final RedisConnection redis;
    private final int partitions;

    Snapshots(int redisPort, int partitions) throws IOException {
        this.redis = new RedisConnection(redisPort);
        this.partitions = partitions;
    }

    /** The partition that an id lives in. */
    int partitionOf(String id) {
        return Partitioner.partition(id, partitions);
    }

    /** The snapshot of an aggregate in the generation that readers use; where several states types are, the furthest. */
    @Nullable
    JsonNode snapshot(String aggregate, String id) {
        JsonNode furthest = null;
        for (String generation : generations(aggregate, id)) {
            Object text = redis.call("GET", CacheKeys.snapshot(aggregate, partitionOf(id), generation, id));
            if (text != null) {
                JsonNode snapshot = Json.read(text.toString());
                if (furthest == null || snapshot.path("version").asLong() > furthest.path("version").asLong()) {
                    furthest = snapshot;
                }
            }
        }
        return furthest;
    }

    /** Whether the partition of an aggregate says up to where it reflects the log. */
    boolean hasCheckpoint(String aggregate, String id) {
        return generations(aggregate, id).stream()
                .anyMatch(generation -> Objects.equals(
                        redis.call("EXISTS", CacheKeys.checkpoint(aggregate, partitionOf(id), generation)),
                        1L));
    }

    private List<String> generations(String aggregate, String id) {
        var generations = new ArrayList<String>();
        if (redis.call("HVALS", CacheKeys.active(aggregate, partitionOf(id))) instanceof List<?> values) {
            values.forEach(value -> generations.add(String.valueOf(value)));
        }
        return generations.stream().distinct().toList();
    }

    @Override
    public void close() {
        redis.close();
    }
}
