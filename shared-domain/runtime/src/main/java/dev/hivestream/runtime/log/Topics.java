package dev.hivestream.runtime.log;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.message.Outgoing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics of the aggregates: their names, their creation, and the checks without which nothing is decided. Thread-safe.
 */
public final class Topics {

    private static final Logger LOG = LoggerFactory.getLogger(Topics.class);
    static final Duration PATIENCE = Duration.ofSeconds(10);
    /** How many in-sync replicas a topic with more than one replica must require. */
    private static final int SAFELY_IN_SYNC = 2;
    /** The broker's default of max.message.bytes. */
    private static final int KAFKAS_LIMIT = 1_048_588;
    private static final long LEAST_MESSAGE_BYTES = 1536 * 1024;
    private static final long LEAST_DONE_BYTES = 2 * 1024 * 1024;
    /** For reasons, and for what a record of a history says beside the message and what it did. */
    private static final long HISTORY_ROOM = 384 * 1024;
    /** A reason of 4,000 characters, each of them escaped. */
    private static final int RESULT_BYTES = 32 * 1024;

    private final HiveProperties properties;
    private final Admin admin;
    private final Map<String, Integer> limits = new ConcurrentHashMap<>();

    public Topics(HiveProperties properties, Admin admin) {
        this.properties = properties;
        this.admin = admin;
    }

    /** What a message of an inbox may have, value and headers, in bytes: the largest event and more. */
    public static long messageBytes(long maxMessage) {
        return Math.max(LEAST_MESSAGE_BYTES, maxMessage + Outgoing.OVERHEAD_BYTES);
    }

    /** What the history may say of what one message did, in bytes: the largest command, each character escaped, and more. */
    public static long doneBytes(long maxMessage) {
        return Math.max(LEAST_DONE_BYTES, 2 * maxMessage + Outgoing.OVERHEAD_BYTES);
    }

    /** What a history and a producer that writes to it must take in one record, in bytes, as Kafka counts them. */
    public static long historyBytes(long maxMessage) {
        return messageBytes(maxMessage) + doneBytes(maxMessage) + HISTORY_ROOM + Outgoing.OVERHEAD_BYTES;
    }

    public static String commands(String aggregate) {
        return aggregate + ".commands";
    }

    public static String events(String aggregate) {
        return aggregate + ".events";
    }

    public static String results(String aggregate) {
        return aggregate + ".results";
    }

    public static String deadLetters(String aggregate) {
        return aggregate + ".commands.dlq";
    }

    public static String inbox(String saga) {
        return saga + ".inbox";
    }

    /** What a saga did, message by message. */
    public static String history(String saga) {
        return saga + ".history";
    }

    /** The dead letters of an inbox. */
    public static String inboxDeadLetters(String saga) {
        return saga + ".inbox.dlq";
    }

    /** Whether a topic is one whose partitions are owned: commands of an aggregate, or the inbox of a saga. */
    public static boolean isOwned(String topic) {
        return topic.endsWith(".commands") || topic.endsWith(".inbox");
    }

    /** The aggregate or the saga of a topic. */
    public static String ownerOf(String topic) {
        return topic.substring(0, topic.lastIndexOf('.'));
    }

    /**
     * Kafka's ids of the topics of an aggregate or a saga.
     *
     * @param commands of the commands topic, or of the inbox
     * @param events of the events topic, or of the history
     */
    public record Ids(String commands, String events) {}

    /**
     * Creates what is missing and checks what is there.
     *
     * @throws StartRefused if a topic is not as it must be
     * @throws KafkaException if the broker does not answer
     */
    public Ids require(String aggregate) {
        Required found = require(aggregate, List.of(events(aggregate)), deadLetters(aggregate),
                List.of(commands(aggregate), events(aggregate), results(aggregate)));
        return new Ids(found.id(commands(aggregate)), found.id(events(aggregate)));
    }

    /**
     * Creates what is missing of a saga's topics and checks what is there.
     *
     * @throws StartRefused if a topic is not as it must be
     * @throws KafkaException if the broker does not answer
     */
    public Ids requireSaga(String saga) {
        String inbox = inbox(saga);
        Required found = require(saga, List.of(inbox, history(saga)), inboxDeadLetters(saga),
                List.of(inbox, history(saga)));
        refuseOlderVersions(inbox, known(found.settings, inbox).get(TopicConfig.RETENTION_BYTES_CONFIG).value());
        return new Ids(found.id(inbox), found.id(history(saga)));
    }

    /** What was found of topics that are as they must be. */
    private record Required(Map<String, TopicDescription> topics, Map<String, Config> settings) {

        String id(String topic) {
            return known(topics, topic).topicId().toString();
        }
    }

    /**
     * Kafka's id of the topic that is folded. Neither creates nor checks anything.
     *
     * @throws KafkaException if there is none, or the broker does not answer
     */
    public String logId(Folded<?, ?> folded) {
        return known(describe(List.of(folded.log())), folded.log()).topicId().toString();
    }

    /**
     * Versions that wrote no history must not handle this inbox any more: what they do would not be recorded. They refuse to
     * start with an inbox that is limited in size, and this one never grows to its limit.
     *
     * @param size that it is limited to
     */
    private void refuseOlderVersions(String inbox, String size) {
        if (Long.parseLong(size) == Long.MAX_VALUE) {
            return;
        }
        try {
            get(admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, inbox),
                    List.of(new AlterConfigOp(
                            new ConfigEntry(TopicConfig.RETENTION_BYTES_CONFIG, Long.toString(Long.MAX_VALUE)),
                            AlterConfigOp.OpType.SET))))
                    .all());
        } catch (TopicAuthorizationException e) {
            throw new StartRefused("The topic '" + inbox + "' has retention.bytes=" + size + ", and this user may not "
                    + "change it. Set it to " + Long.MAX_VALUE + " (kafka-configs.sh --alter --entity-type topics "
                    + "--entity-name " + inbox + " --add-config retention.bytes=" + Long.MAX_VALUE + "), by which "
                    + "saga-managers of older versions refuse to start, or grant ALTER_CONFIGS on the topic");
        }
        LOG.info("The topic '{}' is closed to saga-managers of versions that write no history", inbox);
    }

    /** @param kept those of the partitioned that are kept for ever */
    private Required require(String name, List<String> kept, String deadLetters,
            List<String> partitioned) {
        List<String> all = new ArrayList<>(partitioned);
        all.add(deadLetters);
        Map<String, TopicDescription> found = describe(all);
        if (found.size() < all.size()) {
            create(kept, deadLetters, all.stream().filter(topic -> !found.containsKey(topic)).toList());
            found.putAll(describe(all));
        }
        for (String topic : partitioned) {
            requirePartitions(name, topic, known(found, topic).partitions().size());
        }
        int partitions = known(found, deadLetters).partitions().size();
        if (partitions < properties.partitions()) {
            throw new StartRefused("The topic '" + deadLetters + "' has " + partitions
                    + " partitions and hive.partitions is " + properties.partitions()
                    + ": a dead letter goes to the partition of its record. Add partitions to it");
        }
        Map<String, Config> settings = settings(all);
        for (String log : kept) {
            Config ofLog = known(settings, log);
            requireKept(log, ofLog);
            refuseUnlessInSync(log, replicas(known(found, log)),
                    Integer.parseInt(ofLog.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG).value()));
        }
        for (String topic : partitioned) {
            requireRoom(topic, known(settings, topic),
                    topic.equals(results(name))
                            ? RESULT_BYTES
                            : topic.equals(history(name))
                                    ? historyBytes(properties.maxMessage().toBytes()) - Outgoing.OVERHEAD_BYTES
                                    : properties.maxMessage().toBytes());
        }
        requireRoom(deadLetters, known(settings, deadLetters), 0);
        return new Required(found, settings);
    }

    /**
     * The bytes that a topic takes in one record, as Kafka counts them; of a topic that was not required, what Kafka takes by
     * default.
     */
    public int limit(String topic) {
        return limits.getOrDefault(topic, KAFKAS_LIMIT);
    }

    private void requireRoom(String topic, Config settings, long value) {
        int limit = Integer.parseInt(settings.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value());
        long wanted = value + Outgoing.OVERHEAD_BYTES;
        if (limit < wanted) {
            throw new StartRefused(
                    "The topic '" + topic + "' has max.message.bytes=" + limit + ", but records of up to "
                            + wanted + " bytes must fit. Set its max.message.bytes to " + wanted + " or more"
                            + (value == properties.maxMessage().toBytes() ? ", or lower hive.max-message" : ""));
        }
        limits.put(topic, limit);
    }

    /**
     * Checks the topic that is folded and creates nothing: what an app wants that only reads.
     *
     * @return Kafka's id of the topic
     * @throws StartRefused if it is missing or not as it must be
     * @throws KafkaException if the broker does not answer
     */
    public String requireLog(Folded<?, ?> folded) {
        String topic = folded.log();
        TopicDescription log = describe(List.of(topic)).get(topic);
        if (log == null) {
            throw new StartRefused("There is no topic '" + topic + "' on this broker. "
                    + (folded.recordsInput()
                            ? "The saga-managers create it and record there what the saga does; no saga-manager of a version "
                                    + "that does so has run '" + folded.name() + "' yet. Start one first"
                            : "The command-processor creates it; look whether the broker and '" + folded.name()
                                    + "' are the right ones"));
        }
        requirePartitions(folded.name(), topic, log.partitions().size());
        requireKept(topic, known(settings(List.of(topic)), topic));
        return log.topicId().toString();
    }

    private void requirePartitions(String aggregate, String topic, int partitions) {
        if (partitions != properties.partitions()) {
            throw new StartRefused(
                    "The topic '" + topic + "' has " + partitions + " partitions and hive.partitions is "
                            + properties.partitions() + ". Set hive.partitions to the number that the topics of '"
                            + aggregate
                            + "' had when the first command was decided, or create the topic anew with "
                            + properties.partitions());
        }
    }

    private static <K, V> V known(Map<K, V> found, K key) {
        V value = found.get(key);
        if (value == null) {
            throw new KafkaException("The broker does not know " + key + " yet");
        }
        return value;
    }

    /** The settings of topics that are in force, those included that they have from their broker. */
    private Map<String, Config> settings(Collection<String> topics) {
        Map<String, Config> settings = new HashMap<>();
        admin.describeConfigs(
                topics.stream().map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic)).toList()).values()
                .forEach((resource, found) -> {
                    try {
                        settings.put(resource.name(), get(found));
                    } catch (TopicAuthorizationException refused) {
                        throw notAllowed(resource.name(), "DESCRIBE_CONFIGS");
                    }
                });
        return settings;
    }

    private static int replicas(TopicDescription topic) {
        return topic.partitions().stream().mapToInt(partition -> partition.replicas().size()).max().orElse(1);
    }

    /**
     * Refuses a log whose acknowledged records a single broker may hold alone: acks=all waits for the replicas that are in
     * sync, which may be the leader alone unless {@code min.insync.replicas} demands more.
     *
     * @param replicas how many replicas its partitions have; with one there is nothing to demand
     */
    static void refuseUnlessInSync(String topic, int replicas, int minInSync) {
        if (replicas > 1 && minInSync < SAFELY_IN_SYNC) {
            throw new StartRefused("The topic '" + topic + "' has " + replicas
                    + " replicas and min.insync.replicas=" + minInSync
                    + ": a record is acknowledged when a single broker has it, and lost with that broker. Set its min.insync.replicas to "
                    + SAFELY_IN_SYNC + " (kafka-configs.sh --alter --entity-type topics --entity-name " + topic
                    + " --add-config min.insync.replicas=" + SAFELY_IN_SYNC + ")");
        }
    }

    private static void requireKept(String topic, Config config) {
        String cleanup = config.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
        if (cleanup.contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
            throw new StartRefused("The topic '" + topic + "' is compacted (cleanup.policy=" + cleanup
                    + "), so events would be lost. Set its cleanup.policy to delete and its retention.ms and retention.bytes to -1");
        }
        for (String limit : List.of(TopicConfig.RETENTION_MS_CONFIG, TopicConfig.RETENTION_BYTES_CONFIG)) {
            String value = config.get(limit).value();
            if (cleanup.contains(TopicConfig.CLEANUP_POLICY_DELETE) && Long.parseLong(value) >= 0
                    && !(limit.equals(TopicConfig.RETENTION_BYTES_CONFIG) && Long.parseLong(value) == Long.MAX_VALUE)) {
                throw new StartRefused("The topic '" + topic + "' expires (" + limit + "=" + value
                        + "), so events would be lost. Set its " + limit + " to -1");
            }
        }
    }

    private static TopicAuthorizationException notAllowed(String topic, String operation) {
        return new TopicAuthorizationException("This user needs " + operation + " on the topic '" + topic
                + "', if there is one; docs/security.md has all rights that an app needs", Set.of(topic));
    }

    private Map<String, TopicDescription> describe(Collection<String> topics) {
        Map<String, TopicDescription> found = new LinkedHashMap<>();
        admin.describeTopics(topics).topicNameValues().forEach((topic, description) -> {
            try {
                found.put(topic, get(description));
            } catch (UnknownTopicOrPartitionException missing) {
                LOG.debug("The topic '{}' is missing", topic);
            } catch (TopicAuthorizationException refused) {
                throw notAllowed(topic, "DESCRIBE");
            }
        });
        return found;
    }

    private void create(List<String> kept, String deadLetters, List<String> missing) {
        if (!properties.topics().create()) {
            throw new StartRefused("The topics " + missing
                    + " are missing and hive.topics.create is false. Create them, with " + properties.partitions()
                    + " partitions (" + String.join(", ", kept)
                    + ": retention.ms=-1, retention.bytes=-1, cleanup.policy=delete), or set hive.topics.create to true");
        }
        Optional<Short> replication = Optional.of(properties.topics().replicationFactor()).filter(factor -> factor > 0);
        List<NewTopic> topics = missing.stream().map(topic -> {
            // by a sender's clock, records from an hour ahead are refused and those of long ago expire at once
            Map<String, String> settings = new HashMap<>(
                    Map.of(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime"));
            if (kept.contains(topic)) {
                settings.putAll(Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, "delete", TopicConfig.RETENTION_MS_CONFIG,
                        "-1", TopicConfig.RETENTION_BYTES_CONFIG, "-1"));
            }
            if (topic.equals(deadLetters)) {
                settings.put(TopicConfig.RETENTION_MS_CONFIG, "-1");
            }
            if (topic.equals(deadLetters)) {
                settings.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(Outgoing.DEAD_LETTER_BYTES));
            }
            if (topic.endsWith(".history")) {
                settings.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Long.toString(Math
                        .max(Outgoing.DEAD_LETTER_BYTES, historyBytes(properties.maxMessage().toBytes()))));
            }
            return new NewTopic(topic, Optional.of(properties.partitions()), replication).configs(settings);
        }).toList();
        requireInSync(topics);
        admin.createTopics(topics).values().forEach((topic, done) -> {
            try {
                get(done);
                LOG.info("Created the topic '{}' with {} partitions", topic, properties.partitions());
            } catch (TopicExistsException other) {
                LOG.debug("Another instance created the topic '{}'", topic);
            }
        });
        // a topic is created before every broker knows it
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (describe(missing).size() < missing.size()) {
            if (System.nanoTime() > deadline) {
                throw new KafkaException("The topics " + missing + " were created and are not known to the broker yet");
            }
            Thread.onSpinWait();
        }
    }

    /**
     * Has those of the topics demand a second replica that get more than one and would not demand it by the broker's
     * default. The replication factor may be a default of the broker, too: it tells both without creating the topic.
     */
    private void requireInSync(List<NewTopic> topics) {
        CreateTopicsResult planned = admin.createTopics(topics, new CreateTopicsOptions().validateOnly(true));
        for (NewTopic topic : topics) {
            try {
                String minInSync = get(planned.config(topic.name())).get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG)
                        .value();
                if (get(planned.replicationFactor(topic.name())) > 1 && Integer.parseInt(minInSync) < SAFELY_IN_SYNC) {
                    topic.configs().put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(SAFELY_IN_SYNC));
                }
            } catch (TopicExistsException other) {
                LOG.debug("Another instance created the topic '{}'", topic.name());
            } catch (TopicAuthorizationException refused) {
                throw notAllowed(topic.name(), "CREATE and DESCRIBE_CONFIGS");
            }
        }
    }

    static <T> T get(KafkaFuture<T> future) {
        return get(future, PATIENCE);
    }

    /**
     * Offsets of partitions.
     *
     * @param isolation whether the end is that of what is committed
     * @throws KafkaException if the broker does not answer
     */
    public static Map<TopicPartition, ListOffsetsResultInfo> offsets(Admin admin,
            Collection<TopicPartition> partitions, OffsetSpec which, IsolationLevel isolation, Duration timeout) {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        partitions.forEach(partition -> asked.put(partition, which));
        return get(admin.listOffsets(asked, new ListOffsetsOptions(isolation)).all(), timeout);
    }

    /** The answer of an admin request; its failure as the {@link KafkaException} that it is. */
    public static <T> T get(KafkaFuture<T> future, Duration patience) {
        try {
            return future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException known ? known : new KafkaException(e.getCause());
        } catch (TimeoutException e) {
            throw new org.apache.kafka.common.errors.TimeoutException("The broker did not answer within " + patience,
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new org.apache.kafka.common.errors.InterruptException(e);
        }
    }
}
