package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.BootApp;
import dev.hivestream.local.Job;
import dev.hivestream.local.KafkaCluster;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.check.CacheDump;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Three brokers, a Redis with a replica, two command-processors, two saga-managers, and a link between any two of them. */
final class Stage implements AutoCloseable {

    static final List<String> AGGREGATES = List.of("account", "content", "review", "transfer");
    static final List<String> SAGAS = List.of("money-transfer", "publication");

    private static final int BROKERS = 3;
    private static final Map<String, String> REVIEW = Map.of("samples.review-within", "PT10S");

    /**
     * How it is to be.
     *
     * @param cluster whether Redis is a cluster, to which there are no links
     * @param sagas whether there are saga-managers
     * @param properties of the apps, beside the usual ones
     * @param agent what the agent is to do in the apps; empty: there is none
     * @param brokerAgent the same in the brokers
     */
    record Plan(boolean cluster, boolean sagas, Map<String, String> properties, String agent, String brokerAgent) {}

    /** An app and the links that it has to each broker and to Redis. */
    record Node(String name, BootApp app, List<Link> brokers, Link redis) {

        @Override
        public String toString() {
            return name;
        }
    }

    private final Plan plan;
    private final Fleet fleet;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, List<Link>> links = new LinkedHashMap<>();
    private @Nullable KafkaCluster kafka;
    private @Nullable RedisPair redis;

    /** Starts all of it. */
    Stage(Path directory, Plan plan, long seed) {
        this.plan = plan;
        List<String> names = plan.sagas ? List.of("first", "second", "sagas1", "sagas2") : List.of("first", "second");
        try {
            this.fleet = new Fleet(directory, home -> startStack(home, names, seed));
            for (String name : names) {
                nodes.add(node(name, seed));
            }
            nodes.forEach(node -> node.app.start());
            nodes.forEach(node -> node.app.awaitReady(Fleet.PATIENCE));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private LocalStack startStack(Path home, List<String> names, long seed) {
        var pair = new RedisPair(home, seed, plan.cluster);
        redis = pair;
        Map<String, List<KafkaCluster.Address>> addresses = new LinkedHashMap<>();
        for (String name : names) {
            List<Link> ofClient = new ArrayList<>();
            List<KafkaCluster.Address> addressesOfClient = new ArrayList<>();
            for (int i = 0; i < BROKERS; i++) {
                int listens = Ports.free();
                var link = new Link(listens, seed + i);
                ofClient.add(link);
                addressesOfClient.add(new KafkaCluster.Address(listens, link.port()));
            }
            links.put(name, ofClient);
            addresses.put(name.toUpperCase(Locale.ROOT), addressesOfClient);
        }
        var cluster = KafkaCluster.start(home, BROKERS, addresses,
                plan.brokerAgent.isEmpty() ? List.of() : List.of(AgentJar.option(home, plan.brokerAgent)));
        kafka = cluster;
        return new LocalStack(cluster.brokers().getFirst(), pair.primary());
    }

    private Node node(String name, long seed) {
        boolean saga = name.startsWith("sagas");
        BootApp app = saga ? fleet.sagaManager(name) : fleet.app(name);
        List<Link> toBrokers = links.getOrDefault(name, List.of());
        Link toRedis = redis().link(seed);
        app.property("spring.kafka.bootstrap-servers",
                toBrokers.stream().map(link -> "127.0.0.1:" + link.port()).collect(Collectors.joining(",")))
                .property("spring.data.redis.url", "redis://127.0.0.1:" + toRedis.port());
        redisProperties().forEach(app::property);
        app.property(saga ? "hive.sagas" : "hive.aggregates", String.join(",", saga ? SAGAS : AGGREGATES));
        REVIEW.forEach(app::property);
        plan.properties.forEach(app::property);
        if (!plan.agent.isEmpty()) {
            app.environment("JDK_JAVA_OPTIONS", AgentJar.option(fleet.directory(), plan.agent));
        }
        return new Node(name, app, toBrokers, toRedis);
    }

    /** Of a cluster; they count more than the URL. */
    private Map<String, String> redisProperties() {
        return plan.cluster ? Map.of("spring.data.redis.cluster.nodes", redis().nodes()) : Map.of();
    }

    KafkaCluster kafka() {
        return Objects.requireNonNull(kafka);
    }

    RedisPair redis() {
        return Objects.requireNonNull(redis);
    }

    Fleet fleet() {
        return fleet;
    }

    List<Node> nodes() {
        return nodes;
    }

    List<Node> processors() {
        return nodes.subList(0, 2);
    }

    List<Node> sagaManagers() {
        return nodes.subList(2, nodes.size());
    }

    /** Where commands and questions are taken. */
    List<String> urls() {
        return processors().stream().map(node -> node.app.url()).toList();
    }

    /** All links between apps and the others. */
    List<Link> allLinks() {
        return nodes.stream().flatMap(node -> Stream.concat(node.brokers.stream(), Stream.of(node.redis))).toList();
    }

    /** Everything runs, and nothing is hurt. Gives what had ended without being told to. */
    List<String> heal() {
        List<String> ended = new ArrayList<>();
        allLinks().forEach(Link::heal);
        kafka().brokers().forEach(broker -> {
            broker.process().resume();
            if (!broker.process().isAlive()) {
                ended.add(broker.process().end());
                broker.start();
            }
        });
        redis().restore();
        nodes.forEach(node -> {
            node.app.process().resume();
            if (!node.app.process().isAlive()) {
                ended.add(node.app.process().end());
                node.app.start();
            }
        });
        return ended;
    }

    /** Waits until no transaction is open, or ended without a marker, in any topic; false if that takes too long. */
    boolean awaitStable(Duration patience) {
        try (var admin = Admin.create(Map.of("bootstrap.servers", kafka().bootstrapServers()))) {
            return Await.until(patience, () -> isStable(admin));
        }
    }

    private static boolean isStable(Admin admin) {
        try {
            Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
            for (TopicDescription topic : admin.describeTopics(admin.listTopics().names().get()).allTopicNames().get()
                    .values()) {
                topic.partitions().forEach(partition -> ends
                        .put(new TopicPartition(topic.name(), partition.partition()), OffsetSpec.latest()));
            }
            return offsets(admin, ends, IsolationLevel.READ_COMMITTED)
                    .equals(offsets(admin, ends, IsolationLevel.READ_UNCOMMITTED));
        } catch (ExecutionException e) {
            return false;
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    private static Map<TopicPartition, Long> offsets(Admin admin, Map<TopicPartition, OffsetSpec> ends,
            IsolationLevel isolation) throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin.listOffsets(ends, new ListOffsetsOptions(isolation)).all().get()
                .forEach((partition, end) -> offsets.put(partition, end.offset()));
        return offsets;
    }

    /** Waits until the cache reflects the events that were in the log when this was called; false if that takes too long. */
    boolean awaitReflected(Duration patience) {
        Map<String, Long> last = new HashMap<>();
        log().events().forEach(event -> last.merge(event.slot(), event.offset(), Math::max));
        return Await.until(patience, () -> {
            var cache = CacheDump.read(redis().primary().port());
            return last.entrySet().stream().allMatch(event -> cache.active().stream()
                    .filter(active -> active.slot().equals(event.getKey()))
                    .anyMatch(active -> cache.checkpoints().getOrDefault(active, 0L) > event.getValue()));
        });
    }

    /** Runs the cache-rebuilder. */
    Job rebuilder(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--brokers", kafka().bootstrapServers(), "--redis", redis().primary().uri()));
        if (!plan.sagas && List.of(arguments).contains("--sagas")) {
            all.remove("--sagas");
            all.remove(String.join(",", SAGAS));
        }
        Map<String, String> properties = new HashMap<>(redisProperties());
        properties.putAll(REVIEW);
        return fleet.jobOn("cache-rebuilder", properties, all);
    }

    EventLog log() {
        return EventLog.read(kafka().bootstrapServers(), AGGREGATES);
    }

    @Override
    public void close() {
        nodes.parallelStream().forEach(node -> {
            if (node.app.isStarted()) {
                node.app.kill();
            }
        });
        links.values().forEach(ofClient -> ofClient.forEach(Link::close));
        if (redis != null) {
            redis.close();
        }
        if (kafka != null) {
            kafka.close();
        }
    }
}
