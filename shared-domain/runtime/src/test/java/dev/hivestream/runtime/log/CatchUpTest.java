package dev.hivestream.runtime.log;

import static dev.hivestream.runtime.Stand.CACHE;
import static dev.hivestream.runtime.Stand.PATIENCE;
import static dev.hivestream.runtime.Stand.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.Tally.Total;
import dev.hivestream.runtime.cache.Keys;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CatchUpTest {

    private final Stand stand = Stand.fresh();

    @Test
    void an_empty_log_gives_a_checkpoint_at_its_beginning_and_an_active_generation() {
        RestoredPartition reflected = stand.run();

        assertThat(reflected.checkpoint().next()).isZero();
        assertThat(reflected.checkpoint().commandPosition()).isEqualTo(Position.NONE);
        assertThat(reflected.generation()).isEqualTo(stand.generation(0));
        assertThat(CACHE.load(stand.slot, reflected.fingerprint(), reflected.generation(), List.of()))
                .satisfies(found -> {
                    assertThat(found.active()).isEqualTo(reflected.generation());
                    assertThat(found.isAt(reflected.checkpoint())).isTrue();
                });
    }

    @Test
    void from_nothing_it_folds_the_whole_log() {
        stand.append(stand.added("a", 1, 5), stand.added("b", 1, 7).ofCommand(1), stand.added("a", 2, 6).ofCommand(2));

        RestoredPartition reflected = stand.run();

        assertThat(reflected.checkpoint().next()).isEqualTo(3);
        assertThat(reflected.checkpoint().commandPosition()).isEqualTo(stand.position(2));
        assertSnapshot("a", 2, 11);
        assertSnapshot("b", 1, 7);
        assertThat(stand.snapshot("a").versionsOf("c2")).isEqualTo(new Snapshot.Versions(2, 2));
        assertThat(stand.meters.counter("hive.catchup.events", "aggregate", stand.served.name()).count()).isEqualTo(3);
    }

    @Test
    void it_goes_on_from_the_checkpoint() {
        stand.append(stand.added("a", 1, 5));
        RestoredPartition first = stand.run();
        stand.append(stand.added("a", 2, 6), stand.added("b", 1, 1).ofCommand(7));

        RestoredPartition second = stand.run();

        assertThat(second.generation()).isEqualTo(first.generation());
        assertThat(second.checkpoint().next()).isEqualTo(3);
        assertThat(second.checkpoint().commandPosition()).isEqualTo(stand.position(7));
        assertSnapshot("a", 2, 11);
        assertThat(stand.meters.counter("hive.catchup.events", "aggregate", stand.served.name()).count()).isEqualTo(3);
    }

    @Test
    void with_nothing_new_it_leaves_the_checkpoint_as_it_is() {
        stand.append(stand.added("a", 1, 5));
        assertThat(stand.run()).isEqualTo(stand.run());
    }

    @Test
    void it_skips_versions_that_the_snapshot_has_already() {
        stand.append(stand.added("a", 1, 5), stand.added("a", 2, 6));
        RestoredPartition reflected = stand.run();
        // a checkpoint that was set back, as a lost write-back leaves it
        Checkpoint back = Checkpoint.at(0, Position.NONE);
        assertThat(CACHE.write(stand.slot, reflected.generation(), reflected.checkpoint(), back, Map.of(), List.of()))
                .isTrue();
        stand.append(stand.added("a", 3, 1));

        stand.run();

        assertSnapshot("a", 3, 12);
    }

    @Test
    void a_gap_keeps_that_aggregate_out_and_no_other() {
        stand.append(stand.added("a", 1, 5), stand.added("a", 3, 6), stand.added("a", 4, 6), stand.added("b", 1, 7));
        stand.run();
        assertPoisoned("a", 1, "/1 cannot be folded: version 3 follows version 1");
        assertSnapshot("b", 1, 7);
    }

    @Test
    void a_log_that_does_not_begin_at_version_1_keeps_that_aggregate_out() {
        stand.append(stand.added("a", 2, 5), stand.added("b", 1, 7));
        stand.run();
        assertPoisoned("a", 0, "version 2 follows version 0");
        assertSnapshot("b", 1, 7);
    }

    @Test
    void an_unknown_event_type_keeps_that_aggregate_out_and_no_other() {
        stand.append(stand.added("a", 1, 5), stand.added("a", 2, 6).ofType(stand.served.name() + ".shredded"),
                stand.added("b", 1, 7));
        stand.run();
        assertPoisoned("a", 1, ".shredded' is no event of the aggregate '" + stand.served.name() + "'");
        assertSnapshot("b", 1, 7);
    }

    @Test
    void a_newer_payload_version_keeps_that_aggregate_out_and_no_other() {
        stand.append(stand.added("a", 1, 5).ofPayload(3, "{\"sum\":5}"), stand.added("b", 1, 7));
        stand.run();
        assertPoisoned("a", 0, "is of payload version 3; versions 1 to 2 can be read");
        assertSnapshot("b", 1, 7);
    }

    @Test
    void an_older_payload_version_is_upcast_and_no_version_means_1() {
        ProducerRecord<byte[], byte[]> unversioned = stand
                .record(stand.added("a", 2, 0).ofPayload(1, "{\"number\":6}"));
        unversioned.headers().remove("ce_dataversion");
        stand.append(stand.added("a", 1, 0).ofPayload(1, "{\"number\":5}"));
        stand.append(unversioned);
        stand.run();
        assertSnapshot("a", 2, 11);
    }

    @Test
    void an_evolve_that_throws_keeps_that_aggregate_out_and_no_other() {
        stand.append(stand.added("a", 1, 5), stand.added("a", 2, 13), stand.added("a", 3, 1), stand.added("b", 1, 7));
        stand.run();
        assertPoisoned("a", 1, "cannot be folded: evolve ");
        assertSnapshot("b", 1, 7);
    }

    @Test
    void a_poisoned_aggregate_stays_out_in_later_runs_for_the_first_reason() {
        stand.append(stand.added("a", 1, 13));
        stand.run();
        stand.append(stand.added("a", 2, 1).ofType("nonsense"), stand.added("b", 1, 7));
        stand.run();
        assertPoisoned("a", 0, "cannot be folded: evolve ");
        assertSnapshot("b", 1, 7);
    }

    @Test
    void a_record_without_a_key_a_version_or_a_value_does_no_harm_to_others() {
        stand.append(new ProducerRecord<>(stand.served.name() + ".events", stand.slot.partition(), null, utf8("{}")));
        stand.append(new ProducerRecord<>(stand.served.name() + ".events", stand.slot.partition(), utf8("unversioned"),
                utf8("{}")));
        ProducerRecord<byte[], byte[]> tombstone = stand.record(stand.added("tombstone", 1, 1).ofPayload(2, null));
        stand.append(tombstone);
        stand.append(stand.added("b", 1, 7));

        assertThat(stand.run().checkpoint().next()).isEqualTo(4);

        assertPoisoned("unversioned", 0, "its header ce_sequence is missing");
        assertPoisoned("tombstone", 0, "has no payload");
        assertSnapshot("b", 1, 7);
    }

    @Test
    void a_command_position_that_cannot_be_read_is_passed_over() {
        ProducerRecord<byte[], byte[]> event = stand.record(stand.added("a", 1, 5));
        event.headers().remove("ce_commandposition").add("ce_commandposition", utf8("somewhere"));
        stand.append(event);
        assertThat(stand.run().checkpoint().commandPosition()).isEqualTo(Position.NONE);
        assertSnapshot("a", 1, 5);
    }

    @Test
    void the_position_in_the_log_s_later_commands_topic_wins() {
        stand.append(stand.added("a", 1, 5).ofCommand(900));
        ProducerRecord<byte[], byte[]> later = stand.record(stand.added("a", 2, 5));
        later.headers().remove("ce_commandposition").add("ce_commandposition", utf8("made-anew:3"));
        stand.append(later);
        assertThat(stand.run().checkpoint().commandPosition()).isEqualTo(new Position("made-anew", 3));
    }

    @Test
    void it_goes_in_bounded_steps_and_each_is_kept() {
        Stand stepping = Stand.fresh("hive.catch-up.step", "10", "hive.catch-up.checkpoint", "0s");
        stepping.append(LongStream.rangeClosed(1, 45).mapToObj(version -> stepping.added("a", version, 1))
                .toArray(Stand.Event[]::new));
        AtomicInteger questions = new AtomicInteger();

        assertThatThrownBy(() -> stepping.run(() -> questions.incrementAndGet() > 4))
                .isInstanceOf(CancellationException.class);
        Checkpoint reached = CACHE.checkpoint(stepping.slot, stepping.generation(0));
        assertThat(reached.next()).isBetween(10L, 40L);
        assertThat(stepping.active())
                .as("nobody reads a generation that is not complete").isNull();

        assertThat(stepping.run().checkpoint().next()).isEqualTo(45);
        assertThat(stepping.snapshot("a").state().sum()).isEqualTo(45);
        assertThat(stepping.meters.counter("hive.catchup.events", "aggregate", stepping.served.name()).count())
                .isEqualTo(45);
    }

    @Test
    void a_checkpoint_that_was_cut_short_is_gone_on_with() {
        stand.append(stand.added("a", 1, 5), stand.added("b", 1, 7));
        RestoredPartition before = stand.run();
        stand.append(stand.added("a", 2, 6), stand.added("b", 2, 1), stand.added("a", 3, 1));
        // as after its first step: a snapshot that is ahead of the checkpoint
        Snapshot<Total> ahead = stand.snapshot("a");
        ahead.advance(new Total(11, ""), "c1", 256);
        assertThat(CACHE.write(stand.slot, before.generation(), before.checkpoint(), before.checkpoint(),
                Map.of("a", stand.served.snapshots().write(ahead)), List.of())).isTrue();

        stand.run();

        assertSnapshot("a", 3, 12);
        assertSnapshot("b", 2, 8);
    }

    @Test
    void snapshots_that_do_not_fit_into_memory_are_written_and_read_again() {
        Stand small = Stand.fresh("hive.catch-up.step", "7", "hive.catch-up.memory", "2KB");
        small.append(LongStream.range(0, 400)
                .mapToObj(i -> small.added("a-" + i % 40, 1 + i / 40, 1)).toArray(Stand.Event[]::new));

        small.run();

        for (int i = 0; i < 40; i++) {
            assertThat(small.snapshot("a-" + i).version()).isEqualTo(10);
            assertThat(small.snapshot("a-" + i).state().sum()).isEqualTo(10);
        }
    }

    @Test
    void a_cache_that_leads_the_log_is_built_anew_in_the_next_generation() {
        stand.append(stand.added("a", 1, 5));
        RestoredPartition before = stand.run();
        Checkpoint ahead = Checkpoint.at(40, stand.position(90));
        CACHE.write(stand.slot, before.generation(), before.checkpoint(), ahead,
                Map.of("lost", StoredSnapshot.of(utf8("{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"}}"))),
                List.of());

        String next = stand.generation(1);

        RestoredPartition after = stand.run();

        assertThat(after.generation()).isEqualTo(next);
        assertThat(after.checkpoint().next()).isEqualTo(1);
        assertThat(after.checkpoint().commandPosition()).isEqualTo(stand.position(0));
        assertSnapshot("a", 1, 5);
        assertThat(stand.snapshot("lost").version()).isZero();
    }

    @Test
    void a_generation_that_leads_the_log_too_is_not_taken_instead() {
        stand.append(stand.added("a", 1, 5));
        RestoredPartition before = stand.run();
        String next = stand.generation(1);
        String afterNext = stand.generation(2);
        CACHE.write(stand.slot, before.generation(), before.checkpoint(), Checkpoint.at(40, Position.NONE), Map.of(),
                List.of());
        CACHE.write(stand.slot, next, null, Checkpoint.at(50, Position.NONE), Map.of(), List.of());

        RestoredPartition after = stand.run();

        assertThat(after.generation()).isEqualTo(afterNext);
        assertThat(after.checkpoint().next()).isEqualTo(1);
        assertSnapshot("a", 1, 5);
    }

    @Test
    void a_damaged_snapshot_has_its_generation_built_anew() {
        stand.append(stand.added("a", 1, 5), stand.added("b", 1, 7));
        RestoredPartition before = stand.run();
        set(Keys.snapshot(stand.slot, before.generation(), "a"), "{\"version\":1,\"sta");
        stand.append(stand.added("a", 2, 6));

        String next = stand.generation(1);

        RestoredPartition after = stand.run();

        assertThat(after.generation()).isEqualTo(next);
        assertSnapshot("a", 2, 11);
        assertSnapshot("b", 1, 7);
    }

    @Test
    void a_damaged_checkpoint_has_its_generation_built_anew() {
        stand.append(stand.added("a", 1, 5));
        for (String damage : List.of("garbage", "", "{\"next\":1,\"command\":\"nowhere\",\"nonce\":\"0\"}", "{}")) {
            RestoredPartition before = stand.run();
            set(Keys.checkpoint(stand.slot, before.generation()), damage);

            RestoredPartition after = stand.run();

            assertThat(after.generation()).as(damage).isNotEqualTo(before.generation());
            assertThat(after.checkpoint().next()).isEqualTo(1);
            assertSnapshot("a", 1, 5);
        }
    }

    @Test
    void an_emptied_redis_costs_a_catch_up_and_nothing_else() {
        stand.append(stand.added("a", 1, 5));
        stand.run();
        Stand.STACK.redis().call("FLUSHALL");

        assertThat(stand.run().checkpoint().next()).isEqualTo(1);
        assertSnapshot("a", 1, 5);
    }

    @Test
    void events_of_an_open_transaction_are_waited_for_and_taken_if_it_commits() {
        stand.append(stand.added("a", 1, 5));
        try (Producer<byte[], byte[]> other = Stand.producer("open-" + stand.group)) {
            appendInTransaction(other, stand.added("a", 2, 6), stand.added("b", 1, 7));

            CompletableFuture<RestoredPartition> caughtUp = CompletableFuture.supplyAsync(stand::run);
            awaitStart();
            assertThat(caughtUp).isNotDone();
            other.commitTransaction();

            assertThat(caughtUp).succeedsWithin(PATIENCE);
            assertSnapshot("a", 2, 11);
            assertSnapshot("b", 1, 7);
        }
    }

    @Test
    void events_of_an_open_transaction_are_waited_for_and_left_out_if_it_aborts() {
        stand.append(stand.added("a", 1, 5));
        try (Producer<byte[], byte[]> other = Stand.producer("open-" + stand.group)) {
            appendInTransaction(other, stand.added("a", 2, 6), stand.added("b", 1, 7));

            CompletableFuture<RestoredPartition> caughtUp = CompletableFuture.supplyAsync(stand::run);
            awaitStart();
            assertThat(caughtUp).isNotDone();
            other.abortTransaction();

            assertThat(caughtUp).succeedsWithin(PATIENCE);
            assertThat(caughtUp.join().checkpoint().next()).isGreaterThanOrEqualTo(3);
            assertSnapshot("a", 1, 5);
            assertThat(stand.snapshot("b").version()).isZero();
            stand.append(stand.added("a", 2, 1));
            stand.run();
            assertSnapshot("a", 2, 6);
        }
    }

    @Test
    void offsets_of_a_predecessor_that_are_pending_are_waited_for_and_what_it_appended_after_them_is_taken() {
        stand.append(stand.added("a", 1, 5));
        try (Producer<byte[], byte[]> predecessor = Stand.producer("predecessor-" + stand.group)) {
            predecessor.beginTransaction();
            predecessor.sendOffsetsToTransaction(Map.of(stand.commands(), new OffsetAndMetadata(2)),
                    stand.member());

            CompletableFuture<RestoredPartition> caughtUp = CompletableFuture.supplyAsync(stand::run);
            await().during(Duration.ofMillis(700)).atMost(Duration.ofSeconds(2))
                    .untilAsserted(() -> assertThat(caughtUp).isNotDone());
            // only the end of a transaction waits for its records: they may come after its offsets
            var _ = predecessor.send(stand.record(stand.added("a", 2, 6)));
            predecessor.commitTransaction();

            assertThat(caughtUp).succeedsWithin(PATIENCE);
            assertSnapshot("a", 2, 11);
        }
    }

    @Test
    void offsets_of_a_predecessor_that_was_aborted_are_waited_for_too() {
        stand.append(stand.added("a", 1, 5));
        try (Producer<byte[], byte[]> predecessor = Stand.producer("predecessor-" + stand.group)) {
            predecessor.beginTransaction();
            predecessor.sendOffsetsToTransaction(Map.of(stand.commands(), new OffsetAndMetadata(2)),
                    stand.member());

            CompletableFuture<RestoredPartition> caughtUp = CompletableFuture.supplyAsync(stand::run);
            await().during(Duration.ofMillis(700)).atMost(Duration.ofSeconds(2))
                    .untilAsserted(() -> assertThat(caughtUp).isNotDone());
            predecessor.abortTransaction();

            assertThat(caughtUp).succeedsWithin(PATIENCE);
            assertSnapshot("a", 1, 5);
        }
    }

    @Test
    void two_that_catch_the_same_slot_up_do_no_harm() {
        Stand stepping = Stand.fresh("hive.catch-up.step", "10", "hive.catch-up.checkpoint", "0s");
        stepping.append(LongStream.rangeClosed(1, 100).mapToObj(version -> stepping.added("a", version, 1))
                .toArray(Stand.Event[]::new));

        List<CompletableFuture<RestoredPartition>> all = LongStream.range(0, 3)
                .mapToObj(i -> CompletableFuture.supplyAsync(stepping::run)).toList();
        assertThat(all).allSatisfy(one -> assertThat(one).succeedsWithin(PATIENCE));

        assertThat(all).extracting(one -> one.join().checkpoint().next()).containsOnly(100L);
        assertThat(stepping.snapshot("a").version()).isEqualTo(100);
        assertThat(stepping.snapshot("a").state().sum()).isEqualTo(100);
        assertThat(CACHE.checkpoint(stepping.slot, all.getFirst().join().generation()).next()).isEqualTo(100);
    }

    @Test
    void one_that_is_told_to_stop_stops() {
        stand.append(stand.added("a", 1, 5));
        assertThatThrownBy(() -> stand.run(() -> true)).isInstanceOf(CancellationException.class)
                .hasMessageContaining("The slot " + stand.slot + " was given up");
    }

    @Test
    void events_that_were_deleted_from_the_log_are_named() throws Exception {
        stand.append(stand.added("a", 1, 5), stand.added("a", 2, 6));
        Stand.ADMIN.deleteRecords(Map.of(stand.events(), RecordsToDelete.beforeOffset(1))).all().get();
        assertThatThrownBy(stand::run).isInstanceOf(StartRefused.class).hasMessage("The topic '"
                + stand.served.name()
                + ".events' no longer has offset 0 of partition " + stand.slot.partition()
                + ": events have expired or were deleted. Restore them from a "
                + "backup of the topic; the cache cannot be rebuilt without them");
    }

    @Test
    void the_last_stable_offset_alone_would_be_early() throws Exception {
        stand.append(stand.added("a", 1, 5));
        try (Producer<byte[], byte[]> other = Stand.producer("open-" + stand.group)) {
            appendInTransaction(other, stand.added("a", 2, 6));
            stand.append(stand.added("b", 1, 7));
            assertThat(Stand.ADMIN
                    .listOffsets(Map.of(stand.events(), OffsetSpec.latest()),
                            new org.apache.kafka.clients.admin.ListOffsetsOptions(
                                    org.apache.kafka.common.IsolationLevel.READ_COMMITTED))
                    .partitionResult(stand.events()).get().offset()).isEqualTo(1);

            CompletableFuture<RestoredPartition> caughtUp = CompletableFuture.supplyAsync(stand::run);
            awaitStart();
            assertThat(caughtUp).as("the committed event of b lies behind the last stable offset").isNotDone();
            other.abortTransaction();

            assertThat(caughtUp).succeedsWithin(PATIENCE);
            assertSnapshot("b", 1, 7);
        }
    }

    @Test
    void versions_out_of_order_are_counted_and_named_once_however_often_they_are_folded() {
        stand.append(stand.added("a", 1, 5), stand.added("a", 2, 6), stand.added("a", 2, 700), stand.added("b", 2, 1));
        CatchUp catchUp = stand.catchUp();
        catchUp.run(stand.served, stand.slot, stand.group, () -> false);
        Stand.STACK.redis().call("FLUSHALL");

        catchUp.run(stand.served, stand.slot, stand.group, () -> false);

        assertThat(catchUp.violations().count()).isEqualTo(2);
        assertThat(catchUp.violations().named()).extracting(VersionViolation::text).containsExactly(
                stand.served.name() + ".events/" + stand.slot.partition()
                        + "/2: version 2 of 'a' is repeated after version 2",
                stand.served.name() + ".events/" + stand.slot.partition()
                        + "/3: version 2 of 'b' follows version 0: version 1 is missing");
        for (String kind : List.of("repeated", "missing")) {
            assertThat(stand.meters.counter("hive.log.violations", "aggregate", stand.served.name(), "kind", kind)
                    .count()).as(kind).isEqualTo(1);
        }
        assertSnapshot("a", 2, 11);
    }

    @Test
    void many_that_catch_up_a_slot_of_many_aggregates_come_to_an_end() {
        Stand stepping = Stand.fresh("hive.catch-up.step", "400", "hive.catch-up.checkpoint", "0s");
        stepping.append(LongStream.range(0, 2_600).mapToObj(i -> stepping.added("a-" + i % 1_300, 1 + i / 1_300, 1))
                .toArray(Stand.Event[]::new));

        List<CompletableFuture<RestoredPartition>> all = LongStream.range(0, 3)
                .mapToObj(i -> CompletableFuture.supplyAsync(stepping::run)).toList();
        assertThat(all).allSatisfy(one -> assertThat(one).succeedsWithin(PATIENCE));

        for (int i = 0; i < 1_300; i++) {
            assertThat(stepping.snapshot("a-" + i).version()).isEqualTo(2);
        }
    }

    @Test
    void a_checkpoint_names_the_leader_epoch_of_the_log_and_one_that_the_log_has_lost_is_not_gone_on_from() {
        stand.append(stand.added("a", 1, 5), stand.added("a", 2, 6));
        RestoredPartition before = stand.run();
        int epoch = before.checkpoint().epoch();
        assertThat(epoch).isNotNegative();
        // a restart of the only broker is a change of the leader
        Stand.STACK.broker().stop();
        Stand.STACK.broker().start();
        stand.append(stand.added("a", 3, 1), stand.added("b", 1, 7), stand.added("c", 1, 9));
        assertThat(Stand.read(stand.events()).getLast().leaderEpoch().orElseThrow()).isGreaterThan(epoch);

        RestoredPartition gone = stand.run();
        assertThat(gone.generation()).as("what it reflects is in the log").isEqualTo(before.generation());
        assertThat(gone.checkpoint().epoch()).isGreaterThan(epoch);

        // the former leader had four events in its epoch, the last two of which the log lost
        for (long next : new long[]{4, 5}) {
            RestoredPartition now = stand.run();
            Snapshot<Total> lost = stand.served.snapshots().read("lost", null);
            lost.advance(new Total(1, ""), "c9", 256);
            assertThat(CACHE.write(stand.slot, now.generation(), now.checkpoint(),
                    Checkpoint.at(next, epoch, stand.position(3)),
                    Map.of("lost", stand.served.snapshots().write(lost)), List.of())).isTrue();

            RestoredPartition after = stand.run();

            assertThat(after.generation()).as("next " + next).isNotEqualTo(now.generation());
            assertThat(after.checkpoint().next()).isEqualTo(5);
            assertSnapshot("a", 3, 12);
            assertThat(stand.snapshot("lost").version()).isZero();
        }
    }

    @Test
    void a_checkpoint_of_an_epoch_that_the_log_has_not_reached_is_not_gone_on_from() {
        stand.append(stand.added("a", 1, 5), stand.added("a", 2, 6));
        RestoredPartition before = stand.run();
        assertThat(CACHE.write(stand.slot, before.generation(), before.checkpoint(),
                Checkpoint.at(1, before.checkpoint().epoch() + 7, stand.position(0)), Map.of(), List.of()))
                .isTrue();

        RestoredPartition after = stand.run();

        assertThat(after.generation()).isNotEqualTo(before.generation());
        assertSnapshot("a", 2, 11);
    }

    @Test
    void a_checkpoint_has_the_leader_epoch_of_the_highest_command() {
        ProducerRecord<byte[], byte[]> event = stand.record(stand.added("a", 1, 5).ofCommand(7));
        event.headers().add("ce_command", utf8("2///4"));
        stand.append(event);

        assertThat(stand.run().checkpoint().commandPosition()).isEqualTo(stand.position(7).at(4));
    }

    private void appendInTransaction(Producer<byte[], byte[]> producer, Stand.Event... events) {
        producer.beginTransaction();
        for (Stand.Event event : events) {
            var _ = producer.send(stand.record(event));
        }
        producer.flush();
    }

    /** Until what was committed before the open transaction is written; more must not come. */
    private void awaitStart() {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).untilAsserted(() -> {
            Checkpoint at = CACHE.checkpoint(stand.slot, stand.generation(0));
            assertThat(at).isNotNull();
            assertThat(at.next()).isEqualTo(1);
        });
        await().during(Duration.ofMillis(300)).atMost(Duration.ofSeconds(2)).until(
                () -> CACHE.checkpoint(stand.slot, stand.generation(0)).next() == 1);
    }

    private void assertSnapshot(String id, long version, long sum) {
        assertThat(stand.snapshot(id)).satisfies(snapshot -> {
            assertThat(snapshot.poison()).isNull();
            assertThat(snapshot.version()).isEqualTo(version);
            assertThat(snapshot.state()).isEqualTo(new Total(sum, ""));
        });
    }

    private void assertPoisoned(String id, long version, String reason) {
        assertThat(stand.snapshot(id)).satisfies(snapshot -> {
            assertThat(snapshot.poison())
                    .contains("The event at " + stand.served.name() + ".events/" + stand.slot.partition() + "/")
                    .contains(reason);
            assertThat(snapshot.version()).isEqualTo(version);
        });
    }

    private static void set(byte[] key, String value) {
        Stand.STACK.redis().call("SET", new String(key, StandardCharsets.UTF_8), value);
    }
}
