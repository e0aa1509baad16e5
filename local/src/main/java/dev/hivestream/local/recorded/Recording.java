package dev.hivestream.local.recorded;

import dev.hivestream.local.Await;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.Leaders;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import dev.hivestream.local.recorded.RecordedTopic.Recorded;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * All that a version had stored when it was stopped: topics, committed offsets and the data of Redis. It is put into a
 * broker and a Redis of a test as it was, each record at its offset. What cannot be the same are the ids of topics: where a
 * header refers to one, it gets the new one. Redis has the old ones.
 */
public final class Recording {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final byte[] ABORTED = "aborted".getBytes(StandardCharsets.UTF_8);
    private static final String RETENTION = "retention.ms";
    private static final String TIMESTAMPS = "message.timestamp.type";
    private static final String FUTURE = "message.timestamp.after.max.ms";

    private final String folder;
    private final List<RecordedTopic> topics = new ArrayList<>();

    private Recording(String folder) {
        this.folder = folder;
        read("records.jsonl.gz", line -> {
            if (line.has("topic")) {
                topics.add(RecordedTopic.of(line));
            } else {
                topics.getLast().add(line);
            }
        });
    }

    /** What the last version that wrote this format had stored. */
    public static Recording ofFormat(int format) {
        return new Recording("/format-" + format + "/");
    }

    /** The number of partitions of each topic but those of dead letters, which may have more. */
    public int partitions() {
        return expected().path("partitions").asInt();
    }

    /** What the version that stored it made of it: see the README beside the files. */
    public JsonNode expected() {
        try (var content = open("expected.json")) {
            return JsonMapper.shared().readTree(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A topic. */
    public RecordedTopic topic(String name) {
        return topics.stream().filter(topic -> topic.name().equals(name)).findFirst().orElseThrow();
    }

    /** A broker and a Redis in an empty directory, with everything in them. */
    public LocalStack start(Path directory) {
        copyRedisTo(directory.resolve("redis/dump.rdb"));
        var stack = LocalStack.start(directory, Ports.free(), Ports.free());
        try {
            writeTo(stack.broker());
        } catch (RuntimeException e) {
            stack.close();
            throw e;
        }
        return stack;
    }

    /** The data of Redis, as a file that {@link RedisServer#restoreFrom(Path)} takes. */
    public void copyRedisTo(Path file) {
        try (var content = open("redis.rdb")) {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.copy(content, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Creates the topics, writes all records at their offsets, and commits the offsets of the groups. */
    public void writeTo(KafkaBroker broker) {
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
        try (var admin = Admin.create(settings)) {
            Map<String, String> newIds = createTopics(admin);
            writeRecords(broker, admin, newIds);
            Map<TopicPartition, Long> ends = new HashMap<>();
            for (RecordedTopic topic : topics) {
                for (int partition = 0; partition < topic.ends().size(); partition++) {
                    ends.put(new TopicPartition(topic.name(), partition), topic.ends().get(partition));
                }
            }
            awaitEnds(admin, ends);
            admin.incrementalAlterConfigs(configsAfterwards()).all().get();
            for (Map.Entry<String, Map<TopicPartition, OffsetAndMetadata>> group : offsets().entrySet()) {
                admin.alterConsumerGroupOffsets(group.getKey(), group.getValue()).all().get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("The recording " + folder + " cannot be written: " + e.getCause(), e);
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    /** The new ids, by the recorded ones. */
    private Map<String, String> createTopics(Admin admin) throws ExecutionException, InterruptedException {
        List<NewTopic> made = new ArrayList<>();
        for (RecordedTopic topic : topics) {
            Map<String, String> configs = new HashMap<>(topic.configs());
            // the recorded times, whatever the clock says now; and none of them is old enough to be removed
            configs.put(TIMESTAMPS, "CreateTime");
            configs.put(FUTURE, Long.toString(Long.MAX_VALUE));
            configs.put(RETENTION, "-1");
            made.add(new NewTopic(topic.name(), Optional.of(topic.ends().size()), Optional.empty()).configs(configs));
        }
        var created = admin.createTopics(made);
        created.all().get();
        Map<String, String> newIds = new HashMap<>();
        for (RecordedTopic topic : topics) {
            newIds.put(topic.id(), created.topicId(topic.name()).get().toString());
            Leaders.await(admin, topic.name(), topic.ends().size());
        }
        return newIds;
    }

    private Map<ConfigResource, Collection<AlterConfigOp>> configsAfterwards() {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
        for (RecordedTopic topic : topics) {
            String type = topic.configs().get(TIMESTAMPS);
            changes.put(new ConfigResource(ConfigResource.Type.TOPIC, topic.name()),
                    List.of(new AlterConfigOp(new ConfigEntry(TIMESTAMPS, type == null ? "" : type),
                            type == null ? OpType.DELETE : OpType.SET),
                            new AlterConfigOp(new ConfigEntry(FUTURE, ""), OpType.DELETE)));
        }
        return changes;
    }

    /**
     * All partitions at once, run by run: a run before a gap of one offset becomes a transaction, whose marker is the gap; a
     * longer gap becomes an aborted transaction.
     */
    private void writeRecords(KafkaBroker broker, Admin admin, Map<String, String> newIds)
            throws ExecutionException, InterruptedException {
        List<Partition> partitions = new ArrayList<>();
        for (RecordedTopic topic : topics) {
            for (int partition = 0; partition < topic.ends().size(); partition++) {
                partitions.add(new Partition(topic, partition, topic.runs(partition)));
            }
        }
        Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", broker.bootstrapServers(),
                "max.request.size", 8_000_000, "retry.backoff.ms", 10));
        var bytes = new ByteArraySerializer();
        try (var plain = new KafkaProducer<>(settings, bytes, bytes)) {
            settings.put("transactional.id", "recording");
            try (var transactional = new KafkaProducer<>(settings, bytes, bytes)) {
                transactional.initTransactions();
                int rounds = partitions.stream().mapToInt(partition -> partition.runs.size()).max().orElse(0);
                for (int round = 0; round < rounds; round++) {
                    writeRound(round, partitions, admin, newIds, plain, transactional);
                }
            }
        }
    }

    private static void writeRound(int round, List<Partition> partitions, Admin admin, Map<String, String> newIds,
            KafkaProducer<byte[], byte[]> plain, KafkaProducer<byte[], byte[]> transactional)
            throws ExecutionException, InterruptedException {
        Map<Partition, RecordedTopic.Run> runs = new LinkedHashMap<>();
        Map<TopicPartition, Long> starts = new HashMap<>();
        for (Partition partition : partitions) {
            if (round < partition.runs.size()) {
                RecordedTopic.Run run = partition.runs.get(round);
                runs.put(partition, run);
                starts.put(partition.place(), run.start());
            }
        }
        // the broker answers before it has written the markers
        awaitEnds(admin, starts);
        List<ProducerRecord<byte[], byte[]>> committed = new ArrayList<>();
        List<ProducerRecord<byte[], byte[]>> aborted = new ArrayList<>();
        runs.forEach((partition, run) -> {
            for (Recorded record : run.records()) {
                if (run.gap() == 1) {
                    committed.add(partition.topic.producerRecord(record, newIds));
                } else {
                    var _ = plain.send(partition.topic.producerRecord(record, newIds));
                }
            }
            for (long i = 1; i < run.gap(); i++) {
                aborted.add(new ProducerRecord<>(partition.topic.name(), partition.number, ABORTED, ABORTED));
            }
        });
        plain.flush();
        if (!committed.isEmpty()) {
            transactional.beginTransaction();
            committed.forEach(transactional::send);
            transactional.commitTransaction();
        }
        if (!aborted.isEmpty()) {
            transactional.beginTransaction();
            aborted.forEach(transactional::send);
            // an abort drops what is not sent yet
            transactional.flush();
            transactional.abortTransaction();
        }
    }

    /** A partition that is written. */
    private record Partition(RecordedTopic topic, int number, List<RecordedTopic.Run> runs) {

        TopicPartition place() {
            return new TopicPartition(topic.name(), number);
        }
    }

    /** Waits until partitions end where they should; more in one of them than that is a failure. */
    private static void awaitEnds(Admin admin, Map<TopicPartition, Long> expected) {
        Map<TopicPartition, Long> ends = new HashMap<>();
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        expected.keySet().forEach(place -> asked.put(place, OffsetSpec.latest()));
        boolean reached = Await.until(PATIENCE, () -> {
            try {
                admin.listOffsets(asked).all().get().forEach((place, end) -> ends.put(place, end.offset()));
            } catch (ExecutionException e) {
                throw new IllegalStateException("The ends of " + asked.keySet() + " are not known", e.getCause());
            } catch (InterruptedException e) {
                throw Await.interrupted(e);
            }
            return expected.entrySet().stream().allMatch(end -> ends.getOrDefault(end.getKey(), -1L) >= end.getValue());
        });
        if (!reached || !ends.equals(expected)) {
            throw new IllegalStateException("Partitions end at " + ends + "; they were recorded to end at " + expected);
        }
    }

    private Map<String, Map<TopicPartition, OffsetAndMetadata>> offsets() {
        Map<String, Map<TopicPartition, OffsetAndMetadata>> groups = new LinkedHashMap<>();
        read("offsets.jsonl", line -> groups.computeIfAbsent(line.path("group").asString(), _ -> new HashMap<>())
                .put(new TopicPartition(line.path("topic").asString(), line.path("partition").asInt()),
                        new OffsetAndMetadata(line.path("offset").asLong(),
                                line.has("leaderEpoch")
                                        ? Optional.of(line.path("leaderEpoch").asInt())
                                        : Optional.empty(),
                                line.path("metadata").asString(""))));
        return groups;
    }

    private void read(String name, Consumer<JsonNode> lines) {
        try (var content = open(name);
                var reader = new BufferedReader(new InputStreamReader(
                        name.endsWith(".gz") ? new GZIPInputStream(content) : content, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.accept(JsonMapper.shared().readTree(line));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private InputStream open(String name) {
        var content = Recording.class.getResourceAsStream(folder + name);
        if (content == null) {
            throw new IllegalArgumentException("There is no recording with the file " + folder + name);
        }
        return content;
    }
}
