package dev.hivestream.runtime.owner;

import static dev.hivestream.runtime.Stand.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.hivestream.local.Ports;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.RestoredPartition;
import dev.hivestream.runtime.message.Position;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

@Timeout(60)
class OwnershipTest {

    private final Stand stand = Stand.fresh();
    private final TopicPartition commands = stand.commands();
    private final Ownership ownership = stand.ownership();
    private final Consumer<byte[], byte[]> first = consumer();
    private final Consumer<byte[], byte[]> second = consumer();

    /** Creates the topics: the first test that needs them would wait for them instead of what it tests. */
    @BeforeEach
    void open() {
        stand.ids();
    }

    @AfterEach
    void close() {
        ownership.close();
        first.close();
        second.close();
    }

    @Test
    void a_partition_is_open_once_it_is_caught_up_and_until_it_is_revoked() {
        stand.append(stand.added("a", 1, 5));
        assign(first);
        OwnedPartition owned = ownership.use(commands);
        assertThat(owned.restored().checkpoint().next()).isEqualTo(1);
        ownership.release(owned);

        revoke(first);

        assertThatThrownBy(() -> ownership.use(commands)).isInstanceOf(NotReady.class)
                .hasMessage("The partition " + commands + " is not owned here");
        assertThat(ownership.slots()).isEmpty();
    }

    @Test
    void what_one_consumer_lost_stays_with_the_other_that_has_it_by_now() {
        assign(first);
        assign(second);

        // it is late to hear of it
        revoke(first);

        assertThat(ownership.slots()).containsExactly(stand.slot.toString());
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(ownership.closed()).isEmpty());
        ownership.release(ownership.use(commands));
        revoke(second);
        assertThat(ownership.slots()).isEmpty();
    }

    @Test
    void damage_that_a_reader_reports_is_restored_after_the_batch_in_progress_and_no_other_batch_begins() {
        stand.append(stand.added("a", 1, 5));
        assign(first);
        OwnedPartition owned = ownership.use(commands);
        String generation = owned.restored().generation();

        CompletableFuture.runAsync(() -> ownership.damaged(stand.slot, generation,
                new SnapshotCodec.Unreadable("the test says so", null))).join();

        assertThat(owned.status()).isEqualTo(
                new OwnedPartition.Status(OwnedPartition.State.CLOSING, "a snapshot is damaged"));
        assertThat(ownership.isOpen(commands)).isFalse();
        assertThatThrownBy(() -> CompletableFuture.supplyAsync(() -> ownership.use(commands)).join())
                .hasRootCauseInstanceOf(NotReady.class)
                .hasMessageContaining("The partition " + commands + " is CLOSING: a snapshot is damaged");
        assertThat(owned.restored().checkpoint().next()).as("what the batch in progress works with").isEqualTo(1);
        // what the batch commits
        stand.append(stand.added("a", 2, 5));
        ownership.release(owned);

        awaitRunning();
        OwnedPartition next = ownership.use(commands);
        assertThat(next.restored().checkpoint().next()).isEqualTo(2);
        assertThat(next.restored().generation()).isNotEqualTo(generation);
        ownership.release(next);
    }

    @Test
    void a_batch_that_closes_its_own_partition_goes_on_with_it_until_it_ends() {
        stand.append(stand.added("a", 1, 5));
        assign(first);
        OwnedPartition owned = ownership.use(commands);

        ownership.invalidate(owned, "the outcome of a commit is unknown");

        assertThat(owned.state()).isEqualTo(OwnedPartition.State.CLOSING);
        ownership.release(owned);
        awaitRunning();
    }

    @Test
    void readers_stop_before_a_restore_that_cannot_end_when_redis_was_rolled_back() throws Exception {
        stand.append(stand.added("a", 1, 5));
        try (Ownership checking = stand.ownership(Map.of(stand.served.name(), stand.served), Duration.ofMillis(20));
                Producer<byte[], byte[]> open = Stand.producer("open-" + stand.group)) {
            checking.onPartitionsAssigned("input", first, List.of(commands), false);
            awaitRunning(checking);
            RestoredPartition before = checking.open().get(stand.slot);
            assertThat(stand.active()).isEqualTo(before.generation());
            // as long as this transaction is open the group's offset is not known, and no restore ends
            open.beginTransaction();
            open.sendOffsetsToTransaction(Map.of(commands, new OffsetAndMetadata(1)), stand.member());

            Stand.CACHE.mend(stand.slot, before.generation(), before.checkpoint().bytes(),
                    Checkpoint.at(0, Position.NONE), Map.of());

            await().atMost(PATIENCE).untilAsserted(() -> assertThat(stand.active()).isNull());
            assertThat(checking.closed().get(stand.slot.toString())).isEqualTo(new OwnedPartition.Status(
                    OwnedPartition.State.RESTORING, "the checkpoint in Redis is not the expected one"));
            open.abortTransaction();
            awaitRunning(checking);
            assertThat(stand.active()).isEqualTo(before.generation());
        }
    }

    @Test
    void readers_go_on_while_another_generation_is_restored_because_it_is_wanted() {
        stand.append(stand.added("a", 1, 5));
        try (Ownership checking = stand.ownership(Map.of(stand.served.name(), stand.served), Duration.ofMillis(20));
                Producer<byte[], byte[]> open = Stand.producer("open-" + stand.group)) {
            checking.onPartitionsAssigned("input", first, List.of(commands), false);
            awaitRunning(checking);
            RestoredPartition before = checking.open().get(stand.slot);
            open.beginTransaction();
            open.sendOffsetsToTransaction(Map.of(commands, new OffsetAndMetadata(1)), stand.member());

            Stand.CACHE.wantNext(stand.served.name(), before.fingerprint(), before.generation());

            await().atMost(PATIENCE).untilAsserted(() -> assertThat(checking.closed().get(stand.slot.toString()))
                    .isEqualTo(new OwnedPartition.Status(OwnedPartition.State.RESTORING,
                            "another generation is wanted")));
            assertThat(stand.active()).isEqualTo(before.generation());
            open.abortTransaction();
            awaitRunning(checking);
            assertThat(stand.active()).isNotEqualTo(before.generation());
        }
    }

    @Test
    void what_somebody_has_to_mend_stops_a_partition_with_the_remedy_until_it_is_mended() {
        Map<String, Folded<?, ?>> served = new ConcurrentHashMap<>();
        try (Ownership incomplete = stand.ownership(served, Duration.ofMinutes(1))) {
            incomplete.onPartitionsAssigned("input", first, List.of(commands), false);

            await().atMost(PATIENCE).untilAsserted(() -> assertThat(incomplete.closed().get(stand.slot.toString()))
                    .isEqualTo(new OwnedPartition.Status(OwnedPartition.State.STOPPED, "No aggregate '"
                            + stand.served.name()
                            + "' is on the class path; its commands topic is consumed here")));
            assertThatThrownBy(() -> incomplete.use(commands)).isInstanceOf(NotReady.class);

            served.put(stand.served.name(), stand.served);
            awaitRunning(incomplete);
        }
    }

    @Test
    void an_outage_of_redis_delays_a_restore_and_is_one_warning() {
        Logger logger = (Logger) LoggerFactory.getLogger(Ownership.class);
        Level before = logger.getLevel();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.setAdditive(false);
        logger.addAppender(log);
        logger.setLevel(Level.DEBUG);
        LettuceConnectionFactory away = new LettuceConnectionFactory("127.0.0.1", Ports.free());
        away.start();
        Cache cache = new Cache(away, stand.properties().results());
        try (Ownership outage = new Ownership(Map.of(stand.served.name(), stand.served), stand.catchUp(cache), cache,
                Duration.ofMinutes(1), 1_000_000)) {
            outage.onPartitionsAssigned("input", first, List.of(commands), false);

            await().atMost(PATIENCE).untilAsserted(() -> assertThat(List.copyOf(log.list))
                    .filteredOn(event -> event.getMessage().equals("The restore of {} failed"))
                    .hasSizeGreaterThan(2));

            OwnedPartition.Status status = outage.closed().get(stand.slot.toString());
            assertThat(status.state()).isEqualTo(OwnedPartition.State.RESTORING);
            assertThat(status.reason()).startsWith("The restore failed and is retried: ")
                    .contains("Connection refused");
            assertThat(List.copyOf(log.list)).filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                    .singleElement().satisfies(event -> {
                        assertThat(event.getLevel()).isEqualTo(Level.WARN);
                        assertThat(event.getFormattedMessage())
                                .startsWith(stand.slot + " is not processing commands: ");
                        assertThat(event.getThrowableProxy()).isNull();
                    });
        } finally {
            away.destroy();
            logger.detachAppender(log);
            logger.setLevel(before);
            logger.setAdditive(true);
        }
    }

    @Test
    void committed_records_before_what_a_batch_appended_are_noticed_and_aborted_ones_are_not() throws Exception {
        assign(first);
        OwnedPartition owned = ownership.use(commands);
        Checkpoint begun = owned.restored().checkpoint();
        try (Producer<byte[], byte[]> own = Stand.producer("own-" + stand.group)) {
            own.beginTransaction();
            own.send(stand.record(stand.added("a", 1, 5))).get();
            own.abortTransaction();
            own.beginTransaction();
            long second = own.send(stand.record(stand.added("a", 1, 5))).get().offset();
            ownership.requireOwnLog(owned, begun, new Attempt.Appended(second, second, 1));
            own.abortTransaction();

            stand.append(stand.added("foreign", 1, 5));
            own.beginTransaction();
            long appended = own.send(stand.record(stand.added("a", 1, 5))).get().offset();
            assertThatThrownBy(() -> ownership.requireOwnLog(owned, begun,
                    new Attempt.Appended(appended, appended, 1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("The log has records that this owner did not append, between 0 and " + appended);
            own.commitTransaction();
        }
        ownership.release(owned);
    }

    @Test
    void a_record_of_others_among_those_of_a_batch_is_noticed() {
        assign(first);
        OwnedPartition owned = ownership.use(commands);
        Checkpoint begun = owned.restored().checkpoint();

        ownership.requireOwnLog(owned, begun, new Attempt.Appended(0, 2, 3));
        assertThatThrownBy(() -> ownership.requireOwnLog(owned, begun, new Attempt.Appended(0, 2, 2)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The log has records that this owner did not append, between 0 and 2");
        ownership.release(owned);
    }

    @Test
    void a_transaction_of_another_producer_that_is_open_before_what_a_batch_appended_is_not_waited_for_forever()
            throws Exception {
        assign(first);
        OwnedPartition owned = ownership.use(commands);
        Checkpoint begun = owned.restored().checkpoint();
        try (Producer<byte[], byte[]> foreign = Stand.producer("foreign-" + stand.group);
                Producer<byte[], byte[]> own = Stand.producer(null)) {
            foreign.beginTransaction();
            foreign.send(stand.record(stand.added("foreign", 1, 5))).get();
            long appended = own.send(stand.record(stand.added("a", 1, 5))).get().offset();

            assertThatThrownBy(() -> ownership.requireOwnLog(owned, begun,
                    new Attempt.Appended(appended, appended, 1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("The log between 0 and " + appended
                            + " cannot be checked: a transaction of another producer is open there");
            foreign.abortTransaction();
        }
        ownership.release(owned);
    }

    private void awaitRunning() {
        awaitRunning(ownership);
    }

    private static void awaitRunning(Ownership of) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(of.closed()).isEmpty());
    }

    private void assign(Consumer<byte[], byte[]> consumer) {
        ownership.onPartitionsAssigned("input", consumer, List.of(commands), false);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(ownership.closed()).isEmpty());
    }

    private void revoke(Consumer<byte[], byte[]> consumer) {
        ownership.onPartitionsRevokedAfterCommit("input", consumer, List.of(commands));
    }

    private Consumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers(), "group.id", stand.group),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
