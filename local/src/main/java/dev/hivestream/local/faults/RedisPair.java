package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * A Redis and its replica. Clients of two single servers are led to the one that takes their writes by links; the two nodes of
 * a cluster tell theirs.
 */
final class RedisPair implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<RedisServer> servers = new ArrayList<>();
    private final List<Link> clients = new ArrayList<>();
    private final Link replication;
    private final boolean cluster;

    /** @param cluster whether they are the nodes of a Redis Cluster */
    RedisPair(Path directory, long seed, boolean cluster) {
        this.cluster = cluster;
        int bus = Ports.free();
        servers.add(start(directory.resolve("redis-1"), bus));
        servers.add(start(directory.resolve("redis-2"), Ports.free()));
        replication = new Link(primary().port(), seed);
        if (cluster) {
            join(bus);
        }
        follow();
    }

    private RedisServer start(Path directory, int bus) {
        // a replica takes over when it is told to, and not before
        return cluster
                ? RedisServer.start(directory, Ports.free(), "--cluster-enabled", "yes", "--cluster-config-file",
                        "nodes.conf", "--cluster-port", "" + bus, "--cluster-node-timeout", "600000")
                : RedisServer.start(directory, Ports.free());
    }

    private void join(int bus) {
        primary().call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        replica().call("CLUSTER", "MEET", "127.0.0.1", "" + primary().port(), "" + bus);
        String id = String.valueOf(primary().call("CLUSTER", "MYID"));
        require(() -> "OK".equals(replica().call("CLUSTER", "REPLICATE", id)));
    }

    /** Where clients of a cluster begin. */
    String nodes() {
        return servers.stream().map(server -> "127.0.0.1:" + server.port()).collect(Collectors.joining(","));
    }

    /** The one that takes writes. */
    RedisServer primary() {
        return servers.getFirst();
    }

    private RedisServer replica() {
        return servers.getLast();
    }

    /** A new way for a client. */
    Link link(long seed) {
        var link = new Link(primary().port(), seed);
        clients.add(link);
        return link;
    }

    /** Waits until the replica has a key, which is gone for now, again. */
    void awaitReplicated(String key) {
        // a replica in a cluster answers no question about a key
        Await.until(PATIENCE, () -> replica().call("KEYS", key) instanceof List<?> keys && !keys.isEmpty());
    }

    /** The replica hears nothing any more. */
    void lag() {
        if (cluster) {
            primary().call("ACL", "SETUSER", "default", "-psync", "-sync");
            primary().call("CLIENT", "KILL", "TYPE", "replica");
        } else {
            replication.cut(Link.Way.BACK);
        }
    }

    /** The primary dies, the replica takes its place with what it has. */
    void failOver() {
        primary().kill();
        if (cluster) {
            replica().call("CLUSTER", "FAILOVER", "TAKEOVER");
        } else {
            replica().call("REPLICAOF", "NO", "ONE");
        }
        servers.add(servers.removeFirst());
        clients.forEach(link -> link.lead(primary().port()));
    }

    /** Both run, and the replica has what the primary has. */
    void restore() {
        for (RedisServer server : servers) {
            server.process().resume();
            if (!server.process().isAlive()) {
                server.start();
            }
        }
        replication.heal();
        replication.lead(primary().port());
        primary().call("ACL", "SETUSER", "default", "+psync", "+sync");
        primary().call("CLIENT", "UNPAUSE");
        primary().call("CONFIG", "SET", "maxmemory", "0");
        follow();
    }

    private void follow() {
        if (!cluster) {
            replica().call("REPLICAOF", "127.0.0.1", "" + replication.port());
        }
        require(() -> String.valueOf(replica().call("INFO", "replication")).contains("master_link_status:up"));
    }

    private void require(BooleanSupplier follows) {
        if (!Await.until(PATIENCE, () -> isSo(follows))) {
            throw new IllegalStateException(
                    "The replica of Redis does not follow: see " + replica().process().logFile());
        }
    }

    private static boolean isSo(BooleanSupplier condition) {
        try {
            return condition.getAsBoolean();
        } catch (IllegalStateException e) {
            // it does not know the other one yet
            return false;
        }
    }

    @Override
    public void close() {
        clients.forEach(Link::close);
        replication.close();
        servers.forEach(RedisServer::kill);
    }
}
