package dev.hivestream.runtime.log;

import static dev.hivestream.runtime.Stand.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.Tally;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.StoredSnapshot;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** A Redis Cluster of a master and a replica, which takes over without the first step of a fold. */
@Timeout(120)
class ClusterFailoverTest {

    private static final int AGGREGATES = 1_481;
    private static final int SLOTS = 16_384;

    private final Stand stand = Stand.fresh();

    @Test
    void a_replica_that_takes_over_without_the_first_step_is_given_every_snapshot(@TempDir Path directory) {
        // the default, 10,000 above the other, may belong to an outgoing connection
        int bus = Ports.free();
        try (RedisServer master = node(directory.resolve("master"), bus);
                RedisServer replica = node(directory.resolve("replica"), Ports.free())) {
            form(master, bus, replica);
            LettuceConnectionFactory redis = cluster(master.port(), replica.port());
            try {
                Cache cache = new Cache(redis, stand.properties().results());
                String generation = "g1-0123456789ab";
                SlotFold<Tally.Total, Tally.Event> fold = new Replay(cache, () -> {
                    throw new AssertionError("The records are given to it");
                }, stand.properties(), Stand.ADMIN).slot(stand.served, stand.slot, generation, 100_000_000,
                        Replay.Poisoned.KEEP_OUT, false);
                fold.take();
                fold.fold(records(), AGGREGATES);
                await().atMost(PATIENCE).until(() -> "1".equals(replica.call("DBSIZE").toString()));
                // the replica is cut off: it may not synchronize again
                master.call("ACL", "SETUSER", "default", "-psync", "-sync");
                master.call("CLIENT", "KILL", "TYPE", "replica");

                assertThat(fold.writeStep()).isEqualTo(SlotFold.Step.WRITTEN);
                assertThat(replica.call("DBSIZE")).as("keys that the replica has").hasToString("1");
                master.kill();
                assertThat(replica.call("CLUSTER", "FAILOVER", "TAKEOVER")).isEqualTo("OK");
                await().atMost(PATIENCE)
                        .until(() -> replica.call("CLUSTER", "INFO").toString().contains("cluster_state:ok"));

                assertThat(again(fold::writeStep)).as("a step whose predecessor is missing")
                        .isEqualTo(SlotFold.Step.OVERTAKEN);
                assertThat(replica.call("DBSIZE")).as("changes nothing").hasToString("1");
                fold.retake(() -> false);
                fold.fold(records(), AGGREGATES);
                assertThat(fold.write()).isTrue();

                Checkpoint reached = cache.checkpoint(stand.slot, generation);
                assertThat(reached.next()).isEqualTo(AGGREGATES);
                for (int i = 0; i < AGGREGATES; i++) {
                    String id = "a-" + i;
                    StoredSnapshot stored = cache.load(stand.slot, "", generation, List.of(id)).snapshots().getFirst();
                    assertThat(stored).as(id).isNotNull();
                    Snapshot<Tally.Total> snapshot = stand.served.snapshots().read(id, stored);
                    assertThat(snapshot.version()).as(id).isEqualTo(1);
                    assertThat(snapshot.state().sum()).as(id).isEqualTo(1);
                }
            } finally {
                redis.destroy();
            }
        }
    }

    /** Until the client has found the new master. */
    private static SlotFold.Step again(java.util.function.Supplier<SlotFold.Step> step) {
        SlotFold.Step[] done = {SlotFold.Step.WRITTEN};
        await().atMost(PATIENCE).ignoreExceptionsInstanceOf(DataAccessException.class).until(() -> {
            done[0] = step.get();
            return true;
        });
        return done[0];
    }

    private static RedisServer node(Path directory, int bus) {
        return RedisServer.start(directory, Ports.free(), "--cluster-enabled", "yes", "--cluster-config-file",
                "nodes.conf", "--cluster-port", Integer.toString(bus),
                "--cluster-node-timeout", "60000", "--save", "");
    }

    private static void form(RedisServer master, int bus, RedisServer replica) {
        List<String> slots = new ArrayList<>(List.of("CLUSTER", "ADDSLOTS"));
        for (int slot = 0; slot < SLOTS; slot++) {
            slots.add(Integer.toString(slot));
        }
        master.call(slots.toArray(String[]::new));
        replica.call("CLUSTER", "MEET", "127.0.0.1", Integer.toString(master.port()),
                Integer.toString(bus));
        String id = String.valueOf(master.call("CLUSTER", "MYID"));
        await().atMost(PATIENCE).ignoreExceptions()
                .until(() -> "OK".equals(replica.call("CLUSTER", "REPLICATE", id)));
        await().atMost(PATIENCE)
                .until(() -> String.valueOf(replica.call("INFO", "replication")).contains("master_link_status:up")
                        && String.valueOf(master.call("CLUSTER", "INFO")).contains("cluster_state:ok"));
    }

    private static LettuceConnectionFactory cluster(int... ports) {
        RedisClusterConfiguration nodes = new RedisClusterConfiguration();
        for (int port : ports) {
            nodes.clusterNode("127.0.0.1", port);
        }
        LettuceConnectionFactory redis = new LettuceConnectionFactory(nodes, LettuceClientConfiguration.builder()
                .commandTimeout(Duration.ofSeconds(5))
                .clientOptions(ClusterClientOptions.builder()
                        .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                                .enablePeriodicRefresh(Duration.ofMillis(500)).enableAllAdaptiveRefreshTriggers()
                                .build())
                        .build())
                .build());
        redis.afterPropertiesSet();
        redis.start();
        return redis;
    }

    private List<ConsumerRecord<byte[], byte[]>> records() {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < AGGREGATES; i++) {
            ProducerRecord<byte[], byte[]> sent = stand.record(stand.added("a-" + i, 1, 1));
            var record = new ConsumerRecord<>(sent.topic(), sent.partition(), i, sent.key(), sent.value());
            sent.headers().forEach(record.headers()::add);
            records.add(record);
        }
        return records;
    }
}
