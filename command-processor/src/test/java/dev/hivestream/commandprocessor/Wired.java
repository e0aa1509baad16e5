package dev.hivestream.commandprocessor;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.runtime.cache.Keys;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.RawHeaders;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Ownership;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.stream.binder.test.InputDestination;
import org.springframework.cloud.stream.binder.test.OutputDestination;
import org.springframework.cloud.stream.binder.test.TestChannelBinderConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.Message;
import org.springframework.messaging.SubscribableChannel;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A command-processor whose bindings are the test binder's. Batches are handed in; what comes out of a transaction is
 * collected and its events are appended to the real log when it commits, so cache and catch-up work as they do in life.
 */
final class Wired implements AutoCloseable {

    private static final LocalStack STACK = LocalStack.shared();
    private static final AtomicInteger COUNT = new AtomicInteger();

    /** A command as it comes in. */
    record In(String topic, int partition, long offset, String key, Map<String, Object> headers, String json) {

        In with(String header, String value) {
            Map<String, Object> more = new HashMap<>(headers);
            more.put(header, value.getBytes(StandardCharsets.UTF_8));
            return new In(topic, partition, offset, key, more, json);
        }

        In at(int otherPartition) {
            return new In(topic, otherPartition, offset, key, headers, json);
        }
    }

    /** A message as it goes out. */
    record Out(String topic, Message<byte[]> message) {

        String header(String name) {
            Object own = message.getHeaders().get(name);
            // headers of the original travel beside the message's own, until they are a record's again
            Object header = own == null && message.getHeaders().get(RawHeaders.SENT_ON) instanceof Map<?, ?> sentOn
                    ? sentOn.get(name)
                    : own;
            return header instanceof byte[] value ? new String(value, StandardCharsets.UTF_8) : null;
        }

        String json() {
            return new String(message.getPayload(), StandardCharsets.UTF_8);
        }
    }

    final ConfigurableApplicationContext context;
    /** The aggregate types of the domain. */
    final List<String> names;
    private final int port;
    private final Producer<byte[], byte[]> log;
    private final HttpClient http = HttpClient.newHttpClient();
    private final List<Out> committed = new ArrayList<>();
    /** The binder tells an error to this channel and not to who sent. */
    private final List<Throwable> errors = new ArrayList<>();
    private long offset;

    private Wired(List<String> names, int port, ConfigurableApplicationContext context) {
        this.names = names;
        this.port = port;
        this.context = context;
        context.getBean("errorChannel", SubscribableChannel.class)
                .subscribe(error -> errors.add((Throwable) error.getPayload()));
        DefaultKafkaProducerFactory<byte[], byte[]> producers = new DefaultKafkaProducerFactory<>(
                Map.of("bootstrap.servers", STACK.broker().bootstrapServers()), new ByteArraySerializer(),
                new ByteArraySerializer());
        log = producers.createProducer();
    }

    /** Starts one with two aggregate types of two partitions; {@code %} in an argument is the number in their names. */
    static Wired start(String... arguments) {
        int number = COUNT.incrementAndGet();
        List<String> names = List.of("ask-" + number, "tell-" + number);
        Probes.names = names;
        Probes.onDecide = () -> {};
        int port = Ports.free();
        List<String> all = new ArrayList<>(List.of("--server.port=" + port, "--hive.partitions=2",
                "--spring.kafka.bootstrap-servers=" + STACK.broker().bootstrapServers(),
                "--spring.data.redis.url=" + STACK.redis().uri(), "--spring.jmx.enabled=false",
                "--spring.main.banner-mode=off"));
        for (String argument : arguments) {
            all.add(argument.replace("%", Integer.toString(number)));
        }
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(Probes.loader());
        try {
            return new Wired(names, port,
                    new SpringApplicationBuilder(CommandProcessorApplication.class,
                            TestChannelBinderConfiguration.class)
                            .registerShutdownHook(false).run(all.toArray(String[]::new)));
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** Takes the partitions of an aggregate type, and waits until they are caught up. */
    void own(String aggregate) {
        List<TopicPartition> partitions = IntStream.range(0, 2)
                .mapToObj(i -> new TopicPartition(Topics.commands(aggregate), i)).toList();
        // asked for its group only
        try (Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", STACK.broker().bootstrapServers(), "group.id", "command-processor"),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            ownership().onPartitionsAssigned("input", consumer, partitions, true);
        }
        awaitOpen();
    }

    void awaitOpen() {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(10))
                .until(() -> ownership().closed().isEmpty());
    }

    Ownership ownership() {
        return context.getBean(Ownership.class);
    }

    /** A command in the partition of its aggregate, at an offset of its own. */
    In put(String aggregate, String id, int events) {
        String commandId = "c" + ++offset;
        return new In(Topics.commands(aggregate), Slot.of(aggregate, id, 2).partition(), offset, id, Map.of(),
                "{\"events\":" + events + "}")
                .with(Header.ID, commandId).with(Header.TYPE, aggregate + ".put");
    }

    /** Hands a batch in, in a transaction; gives what came out of it. */
    List<Out> decide(In... commands) {
        committed.clear();
        new TransactionTemplate(new Transactions()).executeWithoutResult(status -> send(commands));
        return List.copyOf(committed);
    }

    /** Hands a batch in, as it is; throws what the function threw. */
    void send(In... commands) {
        errors.clear();
        List<In> batch = List.of(commands);
        context.getBean(InputDestination.class).send(MessageBuilder
                .withPayload((Object) batch.stream().map(in -> in.json.getBytes(StandardCharsets.UTF_8)).toList())
                .setHeader(KafkaHeaders.RECEIVED_KEY,
                        batch.stream().map(in -> in.key.getBytes(StandardCharsets.UTF_8)).toList())
                .setHeader(KafkaHeaders.RECEIVED_TOPIC, batch.stream().map(In::topic).toList())
                .setHeader(KafkaHeaders.RECEIVED_PARTITION, batch.stream().map(In::partition).toList())
                .setHeader(KafkaHeaders.OFFSET, batch.stream().map(In::offset).toList())
                .setHeader(KafkaHeaders.BATCH_CONVERTED_HEADERS, batch.stream().map(In::headers).toList()).build());
        if (!errors.isEmpty()) {
            throw new IllegalStateException(errors.getFirst());
        }
    }

    private List<Out> received() {
        List<Out> all = new ArrayList<>();
        OutputDestination output = context.getBean(OutputDestination.class);
        for (String name : names) {
            for (String topic : List.of(Topics.events(name), Topics.results(name), Topics.deadLetters(name),
                    Topics.commands(name))) {
                for (Message<byte[]> message = output.receive(0, topic); message != null; message = output.receive(0,
                        topic)) {
                    all.add(new Out(topic, message));
                }
            }
        }
        return all;
    }

    private final class Transactions extends AbstractPlatformTransactionManager {

        private static final long serialVersionUID = 1L;

        @Override
        protected Object doGetTransaction() {
            return new Object();
        }

        @Override
        protected void doBegin(Object transaction, TransactionDefinition definition) {
            received();
        }

        @Override
        protected void doCommit(DefaultTransactionStatus status) {
            committed.addAll(received());
            for (Out out : committed) {
                if (out.topic.endsWith(".events")) {
                    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(out.topic,
                            (Integer) out.message.getHeaders().get(KafkaHeaders.PARTITION),
                            (byte[]) out.message.getHeaders().get(KafkaHeaders.KEY), out.message.getPayload());
                    out.message.getHeaders().forEach((name, value) -> {
                        if (value instanceof byte[] bytes) {
                            record.headers().add(name, bytes);
                        }
                    });
                    var _ = log.send(record);
                }
            }
            log.flush();
        }

        @Override
        protected void doRollback(DefaultTransactionStatus status) {
            received();
        }
    }

    double count(String meter, String... tags) {
        return context.getBean(io.micrometer.core.instrument.MeterRegistry.class).counter(meter, tags).count();
    }

    static Object redis(String... words) {
        return STACK.redis().call(words);
    }

    static String key(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }

    /** The keys of the guard's locks that are held now. */
    @SuppressWarnings("unchecked")
    static List<String> locks() {
        return (List<String>) redis("KEYS", Keys.LOCKS + ":*");
    }

    HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
        return http.send(request(path, json), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** A producer with an open transaction that contains the group's offset in a partition: that is not known meanwhile. */
    static Producer<byte[], byte[]> open(String group, TopicPartition partition) {
        Producer<byte[], byte[]> open = new KafkaProducer<>(
                Map.of("bootstrap.servers", STACK.broker().bootstrapServers(), "transactional.id", "open-" + partition),
                new ByteArraySerializer(), new ByteArraySerializer());
        open.initTransactions();
        open.beginTransaction();
        open.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(0)), new ConsumerGroupMetadata(group));
        return open;
    }

    /** Headers are name, value, name, value. */
    CompletableFuture<HttpResponse<String>> postAsync(String path, String json, String... headers) {
        return http.sendAsync(request(path, json, headers), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest request(String path, String json, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    @Override
    public void close() {
        log.close();
        context.close();
        http.close();
    }
}
