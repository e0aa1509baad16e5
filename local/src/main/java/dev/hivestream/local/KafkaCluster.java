package dev.hivestream.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;

/**
 * Kafka brokers that are controllers, too, and hold everything three times if they are three: one of them may be lost. Each
 * client that is named at the start finds each broker at an address of its own, so that what lies between them can be hurt.
 */
public final class KafkaCluster implements AutoCloseable {

    private final List<KafkaBroker> brokers;

    private KafkaCluster(List<KafkaBroker> brokers) {
        this.brokers = brokers;
    }

    /**
     * Where a client finds a broker.
     *
     * @param listens the port that the broker listens on for this client alone
     * @param advertised the port that it tells the client
     */
    public record Address(int listens, int advertised) {}

    /**
     * Starts brokers.
     *
     * @param clients a client's addresses of the brokers, in their order, by the client's name in upper case
     * @param jvmOptions beside the usual ones
     */
    public static KafkaCluster start(Path directory, int size, Map<String, List<Address>> clients,
            List<String> jvmOptions) {
        List<Integer> controllers = IntStream.range(0, size).mapToObj(_ -> Ports.free()).toList();
        String voters = IntStream.range(0, size).mapToObj(i -> i + 1 + "@127.0.0.1:" + controllers.get(i))
                .collect(Collectors.joining(","));
        List<String> options = new ArrayList<>(KafkaBroker.QUICK_START);
        options.addAll(jvmOptions);
        List<CompletableFuture<KafkaBroker>> starting = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int port = Ports.free();
            Map<String, String> properties = properties(i, size, port, controllers.get(i), clients);
            properties.put("controller.quorum.voters", voters);
            Path home = directory.resolve("kafka-" + (i + 1));
            // each waits for the others
            starting.add(CompletableFuture.supplyAsync(() -> KafkaBroker.start(home, port, properties, options),
                    Thread::startVirtualThread));
        }
        return new KafkaCluster(starting.stream().map(CompletableFuture::join).toList());
    }

    private static Map<String, String> properties(int number, int size, int port, int controller,
            Map<String, List<Address>> clients) {
        var listeners = new ArrayList<>(
                List.of("PLAINTEXT://127.0.0.1:" + port, "CONTROLLER://127.0.0.1:" + controller));
        var advertised = new ArrayList<>(List.of("PLAINTEXT://127.0.0.1:" + port));
        var protocols = new ArrayList<>(List.of("PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT"));
        clients.forEach((client, addresses) -> {
            listeners.add(client + "://127.0.0.1:" + addresses.get(number).listens());
            advertised.add(client + "://127.0.0.1:" + addresses.get(number).advertised());
            protocols.add(client + ":PLAINTEXT");
        });
        var properties = new LinkedHashMap<String, String>();
        properties.put("node.id", "" + (number + 1));
        properties.put("listeners", String.join(",", listeners));
        properties.put("advertised.listeners", String.join(",", advertised));
        properties.put("listener.security.protocol.map", String.join(",", protocols));
        properties.put("inter.broker.listener.name", "PLAINTEXT");
        properties.put("num.network.threads", "1");
        String replicas = "" + Math.min(3, size);
        String inSync = "" + Math.min(2, size);
        properties.put("default.replication.factor", replicas);
        properties.put("min.insync.replicas", inSync);
        properties.put("offsets.topic.replication.factor", replicas);
        properties.put("transaction.state.log.replication.factor", replicas);
        properties.put("transaction.state.log.min.isr", inSync);
        properties.put("share.coordinator.state.topic.replication.factor", replicas);
        properties.put("share.coordinator.state.topic.min.isr", inSync);
        // a follower that is gone holds up acks=all for so long; 30 s by default
        properties.put("replica.lag.time.max.ms", "5000");
        return properties;
    }

    /** Its brokers. */
    public List<KafkaBroker> brokers() {
        return brokers;
    }

    /** Where clients without addresses of their own find it. */
    public String bootstrapServers() {
        return brokers.stream().map(KafkaBroker::bootstrapServers).collect(Collectors.joining(","));
    }

    /** Waits until every replica of every partition has everything; false if that takes too long. */
    public boolean awaitInSync(Duration patience) {
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
            return Await.until(patience, () -> isInSync(admin));
        }
    }

    private boolean isInSync(Admin admin) {
        try {
            var names = new HashSet<>(List.of("__consumer_offsets", "__transaction_state"));
            names.retainAll(admin.listTopics(new ListTopicsOptions().listInternal(true))
                    .names().get(10, TimeUnit.SECONDS));
            names.addAll(admin.listTopics().names().get(10, TimeUnit.SECONDS));
            return admin.describeCluster().nodes().get(10, TimeUnit.SECONDS).size() == brokers.size()
                    && admin.describeTopics(names).allTopicNames().get(10, TimeUnit.SECONDS).values().stream()
                            .flatMap(topic -> topic.partitions().stream())
                            .allMatch(partition -> partition.isr().size() == partition.replicas().size());
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    @Override
    public void close() {
        // at once: the last of them would wait for a majority
        brokers.parallelStream().forEach(KafkaBroker::kill);
    }
}
