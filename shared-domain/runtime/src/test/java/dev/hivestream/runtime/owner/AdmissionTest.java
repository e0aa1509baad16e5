package dev.hivestream.runtime.owner;

import static dev.hivestream.runtime.Stand.PATIENCE;
import static dev.hivestream.runtime.Stand.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.hivestream.runtime.Stand;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;

/** What the gate makes of a consumer's polls; the consumer, whose polls wait for records here, is a real one. */
@Timeout(60)
class AdmissionTest {

    private final Stand stand = Stand.fresh();
    private final TopicPartition commands = stand.commands();
    private final Ownership ownership = stand.ownership();
    /** What happens right before a poll of the consumer, one after the other. */
    private final Deque<Runnable> beforePolls = new ArrayDeque<>();
    private long nanos;
    private int polls;
    private Consumer<byte[], byte[]> gate;

    @BeforeEach
    void open() {
        stand.ids();
        var factory = new DefaultKafkaConsumerFactory<byte[], byte[]>(Map.of("bootstrap.servers",
                Stand.STACK.broker().bootstrapServers(), "group.id", stand.group, "enable.auto.commit", false,
                "key.deserializer", ByteArrayDeserializer.class, "value.deserializer", ByteArrayDeserializer.class));
        factory.addPostProcessor(this::patient);
        new Admission(ownership, () -> nanos).configure(factory);
        gate = factory.createConsumer();
        gate.assign(List.of(commands));
        gate.seek(commands, 0);
        take();
    }

    @AfterEach
    void close() {
        ownership.close();
        gate.close();
    }

    @Test
    void what_lay_fetched_makes_one_batch_with_what_has_come_since() {
        lies("a");
        beforePolls.add(() -> send("b"));

        assertThat(values(gate.poll(PATIENCE))).containsExactly("a", "b");
        assertThat(polls).isEqualTo(2);
        assertThat(gate.position(commands)).isEqualTo(2);
    }

    @Test
    void what_was_waited_for_is_a_batch_by_itself() {
        send("a");
        beforePolls.add(() -> nanos += Duration.ofMillis(1).toNanos());

        assertThat(values(gate.poll(PATIENCE))).containsExactly("a");
        assertThat(polls).isEqualTo(1);
    }

    @Test
    void what_lay_fetched_of_a_partition_that_was_given_away_and_taken_again_comes_once() {
        lies("a");
        beforePolls.add(() -> {
            giveAway();
            take();
            // where the group's offset is
            gate.seek(commands, 0);
            send("b");
        });

        assertThat(values(2)).containsExactly("a", "b");
    }

    @Test
    void what_lay_fetched_of_a_partition_that_was_given_away_does_not_come() {
        lies("a");
        beforePolls.add(() -> {
            giveAway();
            gate.assign(List.of(new TopicPartition(commands.topic(), Stand.fresh().slot.partition())));
            gate.wakeup();
        });

        assertThatThrownBy(() -> gate.poll(PATIENCE)).isInstanceOf(WakeupException.class);
        assertThat(polls).isEqualTo(2);
        assertThat(gate.assignment()).doesNotContain(commands);
    }

    @Test
    void what_lay_fetched_comes_again_after_a_poll_that_failed() {
        lies("a");
        beforePolls.add(gate::wakeup);

        assertThatThrownBy(() -> gate.poll(PATIENCE)).isInstanceOf(WakeupException.class);
        beforePolls.add(() -> nanos += Duration.ofMillis(1).toNanos());
        assertThat(values(gate.poll(PATIENCE))).containsExactly("a");
    }

    @Test
    void a_partition_that_nobody_owns_is_not_polled_for_twice() {
        giveAway();
        TopicPartition events = stand.events();
        gate.assign(List.of(events));
        gate.seek(events, 0);
        stand.append(stand.added("a", 1, 5));
        beforePolls.add(() -> {});

        assertThat(gate.poll(PATIENCE).count()).isEqualTo(1);
        assertThat(polls).isEqualTo(1);
    }

    @Test
    void a_partition_whose_batches_are_rolled_back_for_long_is_stalled_until_one_is_committed() {
        send("a");
        ConsumerRecords<byte[], byte[]> batch = poll();
        Admission.rolledBack(gate, new IllegalStateException("first"), batch);
        nanos += Progress.STALLED.minusMillis(1).toNanos();
        gate.seek(commands, 0);
        Admission.rolledBack(gate, new RuntimeException(new IllegalStateException("second")), poll());
        assertThat(ownership.progress().stalled(nanos)).as("an outage may be as long").isEmpty();

        nanos += Duration.ofSeconds(1).toNanos();

        assertThat(ownership.progress().stalled(nanos)).containsExactly(Map.entry(stand.slot.toString(),
                "No batch was committed for 31 s, and 2 were rolled back. Reason of the last rollback:"
                        + " java.lang.IllegalStateException: second"));
        gate.seek(commands, 0);
        poll();
        assertThat(ownership.progress().stalled(nanos)).as("its outcome is not known yet").hasSize(1);
        gate.poll(Duration.ZERO);
        assertThat(ownership.progress().stalled(nanos)).as("the next poll comes after the commit").isEmpty();
    }

    @Test
    void a_partition_that_was_revoked_is_not_stalled_here() {
        send("a");
        Admission.rolledBack(gate, new IllegalStateException("why"), poll());
        nanos += Duration.ofMinutes(1).toNanos();
        assertThat(ownership.progress().stalled(nanos)).hasSize(1);

        giveAway();

        assertThat(ownership.progress().stalled(nanos)).isEmpty();
    }

    @Test
    void a_batch_that_was_committed_although_its_commit_failed_is_progress() {
        send("a");
        Admission.rolledBack(gate, new IllegalStateException("a time-out of the commit"), poll());
        nanos += Duration.ofMinutes(1).toNanos();

        Admission.committed(gate, gate.assignment());

        assertThat(ownership.progress().stalled(nanos)).isEmpty();
    }

    @Test
    void an_outage_is_a_line_for_each_kind_of_cause_once_a_minute_and_one_when_it_is_over() {
        Logger logger = (Logger) LoggerFactory.getLogger(RollbackReport.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        logger.setAdditive(false);
        Level before = logger.getLevel();
        logger.setLevel(Level.INFO);
        try {
            send("a");
            for (int i = 0; i < 70; i++) {
                rollBack(new IllegalStateException("Redis does not answer, " + i));
                nanos += Duration.ofSeconds(1).toNanos();
            }
            rollBack(new IllegalArgumentException("another fault"));
            poll();
            gate.poll(Duration.ZERO);
            // one that mends itself at once
            gate.seek(commands, 0);
            rollBack(new IllegalStateException("a rebalance"));
            poll();
            gate.poll(Duration.ZERO);

            assertThat(log.list).extracting(ILoggingEvent::getLevel, ILoggingEvent::getFormattedMessage)
                    .containsExactly(
                            tuple(Level.WARN, "A batch of 1 was rolled back and comes again: "
                                    + "java.lang.IllegalStateException: Redis does not answer, 0"),
                            tuple(Level.WARN,
                                    "61 batches were rolled back within 60 s. The last one, of 1, comes again:"
                                            + " java.lang.IllegalStateException: Redis does not answer, 60"),
                            tuple(Level.WARN, "A batch of 1 was rolled back and comes again: "
                                    + "java.lang.IllegalArgumentException: another fault"),
                            tuple(Level.INFO, "Batches are committed again, after 71 were rolled back within 70 s"),
                            tuple(Level.WARN, "A batch of 1 was rolled back and comes again: "
                                    + "java.lang.IllegalStateException: a rebalance"));
        } finally {
            logger.setLevel(before);
            logger.setAdditive(true);
            logger.detachAppender(log);
        }
    }

    private void rollBack(RuntimeException why) {
        Admission.rolledBack(gate, why, poll());
        gate.seek(commands, 0);
    }

    /** A batch that was waited for. */
    private ConsumerRecords<byte[], byte[]> poll() {
        beforePolls.add(() -> nanos += Duration.ofMillis(1).toNanos());
        return gate.poll(PATIENCE);
    }

    private void take() {
        ownership.onPartitionsAssigned("input", gate, List.of(commands), false);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(ownership.closed()).isEmpty());
    }

    private void giveAway() {
        ownership.onPartitionsRevokedAfterCommit("input", gate, List.of(commands));
    }

    private void send(String value) {
        stand.append(new ProducerRecord<>(commands.topic(), commands.partition(), utf8("id"), utf8(value)));
    }

    /** The next poll returns it at once. */
    private void lies(String value) {
        send(value);
        beforePolls.add(() -> {});
    }

    /** So many records, or more, of as many polls as it takes. */
    private List<String> values(int count) {
        List<String> values = new ArrayList<>();
        while (values.size() < count) {
            values.addAll(values(gate.poll(PATIENCE)));
        }
        return values;
    }

    private static List<String> values(ConsumerRecords<byte[], byte[]> records) {
        List<String> values = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            values.add(new String(record.value(), StandardCharsets.UTF_8));
        }
        return values;
    }

    /** A consumer that waits for a record however short a poll is, where something was to happen before it. */
    @SuppressWarnings("unchecked")
    private Consumer<byte[], byte[]> patient(Consumer<byte[], byte[]> consumer) {
        return (Consumer<byte[], byte[]>) Proxy.newProxyInstance(Consumer.class.getClassLoader(),
                new Class<?>[]{Consumer.class}, (_, method, arguments) -> {
                    try {
                        if (!method.getName().equals("poll")) {
                            return method.invoke(consumer, arguments);
                        }
                        polls++;
                        Runnable before = beforePolls.poll();
                        if (before == null) {
                            return method.invoke(consumer, arguments);
                        }
                        before.run();
                        return consumer.poll(PATIENCE);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
