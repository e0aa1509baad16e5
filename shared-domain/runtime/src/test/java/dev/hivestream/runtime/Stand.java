package dev.hivestream.runtime;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.log.CatchUp;
import dev.hivestream.runtime.log.RestoredPartition;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Fingerprint;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Ownership;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * A slot on the broker and the Redis of this JVM, and what appends events to its log. Each is a partition of its own, or an
 * aggregate type of its own, so that no test sees another's records or snapshots.
 */
public final class Stand {

    public static final LocalStack STACK = LocalStack.shared();
    public static final Admin ADMIN = Admin.create(Map.of("bootstrap.servers", STACK.broker().bootstrapServers()));
    public static final LettuceConnectionFactory REDIS = redis(LettuceClientConfiguration.defaultConfiguration());
    public static final Cache CACHE = new Cache(REDIS, new HiveProperties.Results(Duration.ofDays(1), 10_000));

    private static final int PARTITIONS = 104;
    private static final String SHARED = "tally";
    private static final AtomicInteger PARTITION = new AtomicInteger();
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Producer<byte[], byte[]> PRODUCER = producer(null);

    public final Served<Tally.Add, Tally.Total, Tally.Event> served;
    public final Slot slot;
    public final String group;
    public final Topics topics;
    public final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final HiveProperties properties;
    private Topics.@Nullable Ids ids;

    private Stand(HiveProperties properties, String aggregate, int partition) {
        this.properties = properties;
        served = Served.of(Tally.named(aggregate));
        slot = new Slot(aggregate, partition);
        group = "readers-of-" + aggregate + "-" + partition;
        topics = new Topics(properties, ADMIN);
    }

    /** A partition that no other test uses, of topics that they share; settings are name, value, name, value. */
    public static Stand fresh(String... settings) {
        int partition = PARTITION.getAndIncrement();
        if (partition >= PARTITIONS) {
            throw new IllegalStateException("There are more tests than partitions");
        }
        return new Stand(properties(PARTITIONS, settings), SHARED, partition);
    }

    /** An aggregate type that no other test uses, of one partition; its topics are not made. */
    public static Stand unmade(String... settings) {
        return new Stand(properties(1, settings), "tally-" + COUNT.incrementAndGet(), 0);
    }

    private static HiveProperties properties(int partitions, String... settings) {
        Map<String, String> all = new HashMap<>(Map.of("hive.partitions", Integer.toString(partitions)));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return new Binder(new MapConfigurationPropertySource(all)).bindOrCreate("hive", HiveProperties.class);
    }

    public HiveProperties properties() {
        return properties;
    }

    /** Of its topics, which are made if they are missing. */
    public Topics.Ids ids() {
        if (ids == null) {
            ids = topics.require(served.name());
        }
        return ids;
    }

    /** A producer; transactional if it is given an id. */
    public static Producer<byte[], byte[]> producer(String transactionalId) {
        Map<String, Object> settings = new HashMap<>(
                Map.of("bootstrap.servers", STACK.broker().bootstrapServers(), "linger.ms", 0));
        if (transactionalId != null) {
            settings.put("transactional.id", transactionalId);
        }
        Producer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(),
                new ByteArraySerializer());
        if (transactionalId != null) {
            producer.initTransactions();
        }
        return producer;
    }

    /** Connections to the Redis of this JVM, of a client that is set up so. */
    public static LettuceConnectionFactory redis(LettuceClientConfiguration client) {
        LettuceConnectionFactory redis = new LettuceConnectionFactory(
                new RedisStandaloneConfiguration("127.0.0.1", STACK.redis().port()), client);
        redis.afterPropertiesSet();
        redis.start();
        return redis;
    }

    /** The catch-up as the apps have it. */
    public CatchUp catchUp() {
        return catchUp(CACHE);
    }

    /** The catch-up with another Redis. */
    public CatchUp catchUp(Cache cache) {
        Map<String, Object> settings = Map.of("bootstrap.servers", STACK.broker().bootstrapServers(), "isolation.level",
                "read_committed", "auto.offset.reset", "none", "enable.auto.commit", false, "max.poll.records",
                properties.catchUp().step(), "fetch.max.wait.ms", 20);
        Replay replay = new Replay(cache,
                () -> new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
                properties, ADMIN);
        return new CatchUp(cache, topics, ADMIN, replay, properties.catchUp().memory().toBytes(), meters);
    }

    /** Of a member of the slot's group that has not joined it: its offsets are taken all the same. */
    public ConsumerGroupMetadata member() {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", STACK.broker().bootstrapServers(), "group.id", group),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return consumer.groupMetadata();
        }
    }

    /** Of nothing yet; it looks at its partitions too seldom to be seen. */
    public Ownership ownership() {
        return ownership(Map.of(served.name(), served), Duration.ofMinutes(1));
    }

    /** Of nothing yet, with the types that it knows, and how often it checks idle partitions. */
    public Ownership ownership(Map<String, ? extends Folded<?, ?>> types, Duration idleCheckInterval) {
        return new Ownership(types, catchUp(), CACHE, idleCheckInterval, 1_000_000);
    }

    /** The slot's partition of the commands topic. */
    public TopicPartition commands() {
        return new TopicPartition(Topics.commands(served.name()), slot.partition());
    }

    /** The slot's partition of the events topic. */
    public TopicPartition events() {
        return new TopicPartition(Topics.events(served.name()), slot.partition());
    }

    /** Catches up, with nobody to stop it. */
    public RestoredPartition run() {
        return run(() -> false);
    }

    public RestoredPartition run(BooleanSupplier stop) {
        return catchUp().run(served, slot, group, stop);
    }

    public String fingerprint() {
        return Fingerprint.of(served.aggregate(), ids().events());
    }

    /** The generation that readers use, or null. */
    public String active() {
        return CACHE.load(slot, fingerprint(), "none", List.of()).active();
    }

    /** The generation wanted, and those that follow it. */
    public String generation(int after) {
        String wanted = CACHE.wanted(served.name(), fingerprint());
        return "g" + (Integer.parseInt(wanted.substring(1, wanted.indexOf('-'))) + after) + "-" + fingerprint();
    }

    /** A snapshot in the generation that readers use. */
    public Snapshot<Tally.Total> snapshot(String id) {
        String active = active();
        return served.snapshots().read(id,
                CACHE.load(slot, fingerprint(), active, List.of(id)).snapshots().getFirst());
    }

    /** An event as the command-processor writes it: of the command {@code c<offset>} at that offset. */
    public Event added(String id, long version, long amount) {
        return new Event(id, version, served.name() + ".added", 2, "{\"amount\":" + amount + "}", version - 1);
    }

    /** A record of the events topic. */
    public record Event(String id, long version, String type, int dataVersion, String json, long command) {

        public Event ofType(String other) {
            return new Event(id, version, other, dataVersion, json, command);
        }

        public Event ofPayload(int newVersion, String newJson) {
            return new Event(id, version, type, newVersion, newJson, command);
        }

        public Event ofCommand(long offset) {
            return new Event(id, version, type, dataVersion, json, offset);
        }
    }

    /** Appends events, and waits until the broker has them. */
    public void append(Event... events) {
        for (Event event : events) {
            var _ = PRODUCER.send(record(event));
        }
        PRODUCER.flush();
    }

    public ProducerRecord<byte[], byte[]> record(Event event) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(Topics.events(served.name()),
                slot.partition(), utf8(event.id), utf8(event.json));
        record.headers().add(Header.TYPE, utf8(event.type)).add(Header.SEQUENCE, utf8(Long.toString(event.version)))
                .add(Header.DATA_VERSION, utf8(Integer.toString(event.dataVersion)))
                .add(Header.CAUSATION_ID, utf8("c" + event.command))
                .add(Header.COMMAND_POSITION, utf8(position(event.command).toString()));
        return record;
    }

    /** The committed records of a partition. */
    public static List<ConsumerRecord<byte[], byte[]>> read(TopicPartition partition) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", STACK.broker().bootstrapServers(), "isolation.level", "read_committed",
                        "fetch.max.wait.ms", 20),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(50)).forEach(records::add);
            }
        }
        return records;
    }

    /** Appends a record as it is. */
    public void append(ProducerRecord<byte[], byte[]> record) {
        var _ = PRODUCER.send(record);
        PRODUCER.flush();
    }

    public Position position(long offset) {
        return new Position(ids().commands(), offset);
    }

    public static byte[] utf8(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    public static final Duration PATIENCE = Duration.ofSeconds(20);
}
