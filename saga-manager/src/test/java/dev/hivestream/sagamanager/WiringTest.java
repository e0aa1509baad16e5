package dev.hivestream.sagamanager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Admission;
import dev.hivestream.runtime.owner.Ownership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.stream.binder.test.InputDestination;
import org.springframework.cloud.stream.binder.test.OutputDestination;
import org.springframework.cloud.stream.binder.test.TestChannelBinderConfiguration;
import org.springframework.cloud.stream.binding.BindingService;
import org.springframework.cloud.stream.config.BindingServiceProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

/** The functions and their bindings, which are the test binder's; broker and Redis are real. */
class WiringTest {

    private static final int PARTITIONS = 3;
    private static ConfigurableApplicationContext context;
    private static long offset;

    @BeforeAll
    static void start() {
        // other partitions than other tests have: topics of their own
        LocalStack stack = LocalStack.start(java.nio.file.Path.of("target", "wiring-" + ProcessHandle.current().pid()),
                Ports.free(), Ports.free());
        STACK[0] = stack;
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(Alarms.loader());
        try {
            context = new SpringApplicationBuilder(SagaManagerApplication.class, TestChannelBinderConfiguration.class)
                    .registerShutdownHook(false)
                    .run("--server.port=" + Ports.free(), "--hive.partitions=" + PARTITIONS, "--hive.instance=wired",
                            "--spring.kafka.bootstrap-servers=" + stack.broker().bootstrapServers(),
                            "--spring.data.redis.url=" + stack.redis().uri(), "--spring.jmx.enabled=false");
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
        List<TopicPartition> inbox = IntStream.range(0, PARTITIONS).mapToObj(i -> new TopicPartition("alarm.inbox", i))
                .toList();
        List<TopicPartition> events = IntStream.range(0, PARTITIONS)
                .mapToObj(i -> new TopicPartition("clock.events", i)).toList();
        // as the consumer of the inboxes, which the test binder does not have
        var factory = new DefaultKafkaConsumerFactory<byte[], byte[]>(
                Map.of("bootstrap.servers", stack.broker().bootstrapServers(), "group.id", "saga-manager",
                        "enable.auto.commit", false),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        context.getBean(Admission.class).configure(factory);
        try (var consumer = factory.createConsumer()) {
            consumer.assign(inbox);
            ownership().onPartitionsAssigned("router-alarm", consumer, events, true);
            ownership().onPartitionsAssigned("inbox", consumer, inbox, true);
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
                consumer.poll(Duration.ZERO);
                return ownership().closed().isEmpty();
            });
        }
    }

    private static final LocalStack[] STACK = new LocalStack[1];

    @AfterAll
    static void stop() {
        context.close();
        STACK[0].close();
    }

    private static Ownership ownership() {
        return context.getBean(Ownership.class);
    }

    @Test
    void the_functions_have_their_bindings_and_destinations_follow_from_the_domain() {
        BindingService bindings = context.getBean(BindingService.class);
        assertThat(bindings.getConsumerBindingNames()).containsExactlyInAnyOrder("router-alarm", "inbox");
        assertThat(bindings.getProducerBindingNames()).contains("routed-alarm", "output");
        BindingServiceProperties properties = context.getBean(BindingServiceProperties.class);
        assertThat(properties.getBindingDestination("router-alarm")).isEqualTo("clock.events,clock.results");
        assertThat(properties.getGroup("router-alarm")).isEqualTo("saga-router-alarm");
        assertThat(properties.getConsumerProperties("router-alarm").isBatchMode()).as("set for all routers").isTrue();
        assertThat(properties.getBindingDestination("inbox")).isEqualTo("alarm.inbox");
        assertThat(ownership().slots()).as("what is routed is not owned").containsExactly("alarm:0", "alarm:1",
                "alarm:2");
    }

    @Test
    void the_router_puts_events_into_inboxes() {
        List<Message<byte[]>> routed = send("clock.events,clock.results", "alarm.inbox",
                in("clock.events", "w-1", "clock.wound", "{\"millis\":1}"),
                in("clock.events", "w-1", "clock.unknown", "{}"), in("clock.events", "w-2", "clock.noted", "no JSON"));
        assertThat(routed).singleElement().satisfies(message -> {
            assertThat(message.getHeaders().get(KafkaHeaders.KEY, byte[].class)).isEqualTo("w-1".getBytes(UTF_8));
            assertThat(message.getHeaders()).containsEntry(KafkaHeaders.PARTITION, partition("w-1"));
        });
        assertThat(receive("alarm.inbox.dlq")).singleElement()
                .satisfies(dead -> assertThat(header(dead, Header.DEAD_REASON)).contains("not JSON"));
    }

    @Test
    void a_batch_of_the_inbox_becomes_commands_and_garbage_a_dead_letter() {
        List<Message<byte[]>> commands = send("alarm.inbox", "clock.commands",
                in("alarm.inbox", "r-1", "clock.wound", "{\"millis\":3600000}"),
                in("alarm.inbox", "r-1", "clock.unknown", "{}"), in("alarm.inbox", "r-1", "clock.finished", "{}"));
        assertThat(commands).singleElement().satisfies(command -> {
            assertThat(new String(command.getPayload(), UTF_8)).isEqualTo("{\"heard\":[\"Wound\",\"Finished\"]}");
            assertThat(header(command, Header.TYPE)).isEqualTo("clock.ring");
            assertThat(header(command, Header.SAGA)).isEqualTo("alarm:r-1");
            assertThat(header(command, Header.SAGA_STEP)).isEqualTo("last");
            assertThat(header(command, Header.SAGA_ATTEMPT)).isEqualTo("1");
            assertThat(header(command, Header.SUBJECT)).isEqualTo("r-1");
            assertThat(header(command, Header.SOURCE)).isEqualTo("/hive/saga/alarm");
            assertThat(header(command, Header.CAUSATION_ID)).startsWith("r-1:");
            assertThat(header(command, Header.TRACE_PARENT)).isEqualTo("00-trace");
            assertThat(command.getHeaders()).containsEntry(KafkaHeaders.PARTITION, partition("r-1"));
        });
        assertThat(receive("alarm.inbox.dlq")).singleElement().satisfies(dead -> assertThat(
                header(dead, Header.DEAD_REASON)).isEqualTo("'clock.unknown' is no event of the saga 'alarm'"));
    }

    @Test
    void what_comes_to_another_partition_than_its_instances_is_a_dead_letter() {
        In stray = in("alarm.inbox", "s-1", "clock.wound", "{\"millis\":3600000}");
        assertThat(send("alarm.inbox", "clock.commands",
                new In(stray.topic, (stray.partition + 1) % PARTITIONS, stray.offset, stray.key, stray.headers,
                        stray.json)))
                .isEmpty();
        assertThat(receive("alarm.inbox.dlq")).singleElement()
                .satisfies(dead -> assertThat(header(dead, Header.DEAD_REASON)).contains("lives in partition "
                        + partition("s-1")));
    }

    @Test
    void nothing_is_decided_outside_of_a_transaction() {
        send(in("alarm.inbox", "n-1", "clock.wound", "{\"millis\":1}"));
        assertThat(receive("clock.commands")).isEmpty();
    }

    private record In(String topic, int partition, long offset, String key, Map<String, Object> headers, String json) {}

    private static In in(String topic, String id, String type, String json) {
        long at = offset++;
        Map<String, Object> headers = new HashMap<>();
        Map.of(Header.TYPE, type, Header.ID, id + ":" + at, Header.SOURCE, "/hive/clock", Header.SUBJECT, id,
                Header.TIME, "2026-01-01T00:00:00Z", Header.TRACE_PARENT, "00-trace")
                .forEach((name, value) -> headers.put(name, value.getBytes(UTF_8)));
        return new In(topic, partition(id), at, id, headers, json);
    }

    private static int partition(String id) {
        return Slot.partitionOf(id.getBytes(UTF_8), PARTITIONS);
    }

    /** Hands a batch in, in a transaction; gives what was sent to a topic. */
    private static List<Message<byte[]>> send(String destination, String topic, In... records) {
        new TransactionTemplate(new Transactions())
                .executeWithoutResult(status -> context.getBean(InputDestination.class).send(batch(records),
                        destination));
        return receive(topic);
    }

    private static void send(In... records) {
        context.getBean(InputDestination.class).send(batch(records), "alarm.inbox");
    }

    private static Message<?> batch(In... records) {
        List<In> batch = List.of(records);
        return MessageBuilder.withPayload((Object) batch.stream().map(in -> in.json.getBytes(UTF_8)).toList())
                .setHeader(KafkaHeaders.RECEIVED_KEY, batch.stream().map(in -> in.key.getBytes(UTF_8)).toList())
                .setHeader(KafkaHeaders.RECEIVED_TOPIC, batch.stream().map(In::topic).toList())
                .setHeader(KafkaHeaders.RECEIVED_PARTITION, batch.stream().map(In::partition).toList())
                .setHeader(KafkaHeaders.OFFSET, batch.stream().map(In::offset).toList())
                .setHeader(KafkaHeaders.BATCH_CONVERTED_HEADERS, batch.stream().map(In::headers).toList()).build();
    }

    private static List<Message<byte[]>> receive(String topic) {
        List<Message<byte[]>> all = new ArrayList<>();
        OutputDestination output = context.getBean(OutputDestination.class);
        for (Message<byte[]> message = output.receive(0, topic); message != null; message = output.receive(0, topic)) {
            all.add(message);
        }
        return all;
    }

    private static String header(Message<?> message, String name) {
        Object header = message.getHeaders().get(name);
        return header instanceof byte[] value ? new String(value, UTF_8) : null;
    }

    private static final class Transactions extends AbstractPlatformTransactionManager {

        private static final long serialVersionUID = 1L;

        @Override
        protected Object doGetTransaction() {
            return new Object();
        }

        @Override
        protected void doBegin(Object transaction, TransactionDefinition definition) {
            // nothing to begin
        }

        @Override
        protected void doCommit(DefaultTransactionStatus status) {
            // what was sent is looked at by the test
        }

        @Override
        protected void doRollback(DefaultTransactionStatus status) {
            // nothing to take back
        }
    }
}
