package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A Redis and its replica, and what leads clients to the one that takes their writes. */
final class RedisPair implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<RedisServer> servers = new ArrayList<>();
    private final List<Link> clients = new ArrayList<>();
    private final Link replication;

    RedisPair(Path directory, long seed) {
        servers.add(RedisServer.start(directory.resolve("redis-1"), Ports.free()));
        servers.add(RedisServer.start(directory.resolve("redis-2"), Ports.free()));
        replication = new Link(primary().port(), seed);
        follow();
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
        Await.until(PATIENCE, () -> Long.valueOf(1).equals(replica().call("EXISTS", key)));
    }

    /** The replica hears nothing any more. */
    void lag() {
        replication.cut(Link.Way.BACK);
    }

    /** The primary dies, the replica takes its place with what it has. */
    void failOver() {
        primary().kill();
        replica().call("REPLICAOF", "NO", "ONE");
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
        primary().call("CLIENT", "UNPAUSE");
        primary().call("CONFIG", "SET", "maxmemory", "0");
        follow();
    }

    private void follow() {
        replica().call("REPLICAOF", "127.0.0.1", "" + replication.port());
        if (!Await.until(PATIENCE,
                () -> String.valueOf(replica().call("INFO", "replication")).contains("master_link_status:up"))) {
            throw new IllegalStateException(
                    "The replica of Redis does not follow: see " + replica().process().logFile());
        }
    }

    @Override
    public void close() {
        clients.forEach(Link::close);
        replication.close();
        servers.forEach(RedisServer::kill);
    }
}
