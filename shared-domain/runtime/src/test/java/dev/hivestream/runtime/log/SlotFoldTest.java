package dev.hivestream.runtime.log;

import static dev.hivestream.runtime.Stand.CACHE;
import static dev.hivestream.runtime.Stand.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.Tally;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.Indexed;
import dev.hivestream.runtime.cache.Keys;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

@Timeout(60)
class SlotFoldTest {

    private static final int AGGREGATES = 1_400;
    /** Snapshots in one step. */
    private static final int STEP = 500;

    private final Stand stand = Stand.fresh();
    private final VersionViolations violations = new VersionViolations(10);

    @Test
    void what_was_folded_after_a_write_of_unknown_outcome_is_folded_again() {
        LettuceConnectionFactory hasty = Stand
                .redis(LettuceClientConfiguration.builder().commandTimeout(Duration.ofMillis(500)).build());
        try {
            String generation = stand.generation(0);
            SlotFold<Tally.Total, Tally.Event> fold = fold(new Cache(hasty, stand.properties().results()), generation);
            fold.take();
            fold.fold(records(0, stand.added("a", 1, 5)), 1);
            // longer than the client waits: it is told of a failure, and the write happens all the same
            Stand.STACK.redis().call("CLIENT", "PAUSE", "2000");
            assertThatThrownBy(fold::write).isInstanceOf(RuntimeException.class);
            fold.fold(records(1, stand.added("a", 2, 6)), 2);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(stored(generation).next()).isEqualTo(1));

            fold.take();
            assertThat(fold.next()).isEqualTo(1);
            fold.fold(records(1, stand.added("a", 2, 6)), 2);
            assertThat(fold.write()).isTrue();

            assertThat(stored(generation).next()).isEqualTo(2);
            Tally.Total total = stand.served.snapshots().read("a",
                    CACHE.load(stand.slot, "", generation, List.of("a")).snapshots().getFirst()).state();
            assertThat(total.sum()).isEqualTo(11);
        } finally {
            hasty.destroy();
        }
    }

    @Test
    void commands_and_their_block_are_stored_in_whatever_steps_a_log_is_folded() {
        String generation = stand.generation(0);
        int remembered = stand.properties().decide().remembered();
        SlotFold<Tally.Total, Tally.Event> fold = fold(CACHE, generation);
        Fold<Tally.Total, Tally.Event> inMemory = stand.served.fold(remembered, Replay.Poisoned.KEEP_OUT);
        Snapshot<Tally.Total> expected = stand.served.snapshots().read("a", null);
        fold.take();
        for (int step = 0; step < 60; step++) {
            List<ConsumerRecord<byte[], byte[]>> records = records(step * 5L, IntStream.rangeClosed(1, 5)
                    .mapToObj(i -> stand.added("a", fold.next() + i, 1)).toArray(Stand.Event[]::new));
            assertThat(fold.fold(records, fold.next() + 5)).isTrue();
            records.forEach(record -> inMemory.apply(expected, record));
            if (step % 3 == 0) {
                assertThat(fold.write()).isTrue();
                assertThat(stand.served.snapshots().isStored(expected,
                        CACHE.load(stand.slot, "", generation, List.of("a")).snapshots().getFirst(), remembered))
                        .as("after %s events", fold.next()).isTrue();
            }
            if (step % 7 == 0) {
                fold.release();
            }
        }
        assertThat(expected.remembered()).isEqualTo(remembered);
    }

    @Test
    void a_step_that_a_failover_of_redis_lost_is_written_again() {
        String generation = stand.generation(0);
        byte[][] before = new byte[1][];
        var failing = new Interrupted(stand.served, STEP, () -> {
            // the replica that takes over has the checkpoint from before the first step, and none of its snapshots
            for (int i = 0; i < AGGREGATES; i++) {
                Stand.STACK.redis().call("DEL", text(Keys.snapshot(stand.slot, generation, "a-" + i)));
            }
            Stand.STACK.redis().call("SET", text(Keys.checkpoint(stand.slot, generation)), text(before[0]));
        });
        SlotFold<Tally.Total, Tally.Event> fold = fold(failing, CACHE, generation);
        fold.take();
        before[0] = stored(generation).bytes();
        fold.fold(everyAggregate(1), AGGREGATES);

        boolean written = fold.write();

        assertThat(written).as("the fold noticed").isFalse();
        assertThat(stored(generation).bytes()).as("and changed nothing").isEqualTo(before[0]);
        untilWritten(fold, 1);
        assertThat(failing.isDone()).isTrue();
        assertEveryAggregate(generation, 1);
    }

    @Test
    void two_folds_from_one_checkpoint_leave_no_snapshot_of_the_slower_one_under_the_checkpoint_of_the_faster_one() {
        String generation = stand.generation(0);
        var dying = new Interrupted(stand.served, STEP, () -> {
            throw new IllegalStateException("The slower one dies after its first step");
        });
        SlotFold<Tally.Total, Tally.Event> slower = fold(dying, CACHE, generation);
        // in the midst of the faster one's steps
        var interrupted = new Interrupted(stand.served, STEP, () -> {
            var _ = catchThrowable(slower::write);
        });
        SlotFold<Tally.Total, Tally.Event> faster = fold(interrupted, CACHE, generation);
        slower.take();
        faster.take();
        slower.fold(everyAggregate(1), AGGREGATES);
        faster.fold(everyAggregate(1), AGGREGATES);
        faster.fold(everyAggregate(2), 2 * AGGREGATES);

        untilWritten(faster, 2);

        assertThat(interrupted.isDone()).isTrue();
        assertEveryAggregate(generation, 2);
    }

    @Test
    void of_two_folds_that_write_in_turn_one_goes_on_and_the_other_changes_nothing() {
        String generation = stand.generation(0);
        SlotFold<Tally.Total, Tally.Event> one = fold(CACHE, generation);
        SlotFold<Tally.Total, Tally.Event> other = fold(CACHE, generation);
        for (SlotFold<Tally.Total, Tally.Event> fold : List.of(one, other)) {
            fold.take();
            fold.fold(everyAggregate(1), AGGREGATES);
        }
        byte[] beginning = stored(generation).bytes();

        assertThat(one.writeStep()).isEqualTo(SlotFold.Step.WRITTEN);
        byte[] first = stored(generation).bytes();
        assertThat(first).as("another nonce").isNotEqualTo(beginning);
        assertThat(stored(generation).next()).as("and the same position").isZero();
        assertThat(other.writeStep()).isEqualTo(SlotFold.Step.OVERTAKEN);
        assertThat(stored(generation).bytes()).isEqualTo(first);
        assertThat(one.writeStep()).isEqualTo(SlotFold.Step.WRITTEN);
        assertThat(other.writeStep()).isEqualTo(SlotFold.Step.OVERTAKEN);
        assertThat(one.writeStep()).isEqualTo(SlotFold.Step.ADVANCED);

        other.retake(() -> false);
        assertThat(other.next()).as("nothing is left to do").isEqualTo(AGGREGATES);
        assertThat(other.write()).isTrue();
        assertEveryAggregate(generation, 1);
    }

    @Test
    void one_that_was_overtaken_waits_until_the_other_is_at_rest() {
        String generation = stand.generation(0);
        SlotFold<Tally.Total, Tally.Event> one = fold(CACHE, generation);
        SlotFold<Tally.Total, Tally.Event> other = fold(CACHE, generation);
        for (SlotFold<Tally.Total, Tally.Event> fold : List.of(one, other)) {
            fold.take();
            fold.fold(everyAggregate(1), AGGREGATES);
        }
        assertThat(one.writeStep()).isEqualTo(SlotFold.Step.WRITTEN);
        assertThat(other.writeStep()).isEqualTo(SlotFold.Step.OVERTAKEN);

        // a step at each look: it is not at rest before it has advanced
        other.retake(() -> {
            if (one.next() > stored(generation).next()) {
                one.writeStep();
            }
            return false;
        });

        assertThat(other.next()).isEqualTo(AGGREGATES);
        assertEveryAggregate(generation, 1);
    }

    @Test
    void a_step_of_unknown_outcome_that_was_done_is_gone_on_from() {
        LettuceConnectionFactory hasty = Stand
                .redis(LettuceClientConfiguration.builder().commandTimeout(Duration.ofMillis(500)).build());
        try {
            String generation = stand.generation(0);
            SlotFold<Tally.Total, Tally.Event> fold = fold(new Cache(hasty, stand.properties().results()), generation);
            fold.take();
            fold.fold(everyAggregate(1), AGGREGATES);
            Checkpoint before = stored(generation);
            Stand.STACK.redis().call("CLIENT", "PAUSE", "2000");
            assertThatThrownBy(fold::writeStep).isInstanceOf(RuntimeException.class);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(stored(generation)).isNotEqualTo(before));

            fold.take();

            assertThat(fold.next()).as("what is in memory is still right").isEqualTo(AGGREGATES);
            assertThat(fold.write()).isTrue();
            assertEveryAggregate(generation, 1);
        } finally {
            hasty.destroy();
        }
    }

    @Test
    void a_checkpoint_in_other_bytes_than_are_written_here_is_taken_and_rewritten() {
        String generation = stand.generation(0);
        Stand.STACK.redis().call("SET", text(Keys.checkpoint(stand.slot, generation)),
                "{ \"nonce\":\"0\", \"next\":1, \"command\":\"" + stand.position(7) + "\" }");
        SlotFold<Tally.Total, Tally.Event> fold = fold(CACHE, generation);

        fold.take();

        assertThat(fold.next()).isEqualTo(1);
        fold.fold(records(1, stand.added("a", 1, 5).ofCommand(8)), 2);
        assertThat(fold.write()).isTrue();
        assertThat(stored(generation)).satisfies(now -> {
            assertThat(now.next()).isEqualTo(2);
            assertThat(now.commandPosition()).isEqualTo(stand.position(8));
            assertThat(now.epoch()).isEqualTo(Position.UNKNOWN_EPOCH);
        });
    }

    @Test
    void a_version_that_the_log_repeats_is_found_and_changes_nothing() {
        SlotFold<Tally.Total, Tally.Event> fold = fold(CACHE, stand.generation(0));
        fold.take();

        fold.fold(records(0, stand.added("a", 1, 5), stand.added("a", 2, 6), stand.added("a", 1, 700),
                stand.added("a", 2, 800), stand.added("a", 3, 1)), 5);

        assertThat(violations.named()).extracting(VersionViolation::text).containsExactly(
                place(2) + ": version 1 of 'a' is repeated after version 2",
                place(3) + ": version 2 of 'a' is repeated after version 2");
        fold.write();
        assertThat(snapshot("a").state().sum()).isEqualTo(12);
    }

    @Test
    void versions_that_the_log_does_not_have_are_found_once() {
        SlotFold<Tally.Total, Tally.Event> fold = fold(CACHE, stand.generation(0));
        fold.take();

        fold.fold(records(0, stand.added("a", 1, 5), stand.added("a", 2, 6), stand.added("a", 4, 1),
                stand.added("a", 5, 1), stand.added("b", 4, 1)), 5);
        fold.write();

        assertThat(violations.named()).extracting(VersionViolation::text).containsExactly(
                place(2) + ": version 4 of 'a' follows version 2: version 3 is missing",
                place(4) + ": version 4 of 'b' follows version 0: versions 1 to 3 are missing");
        // a later pass, which begins behind them
        SlotFold<Tally.Total, Tally.Event> later = fold(CACHE, stand.generation(0));
        later.take();
        later.fold(records(5, stand.added("a", 6, 1)), 6);
        assertThat(violations.count()).isEqualTo(2);
    }

    @Test
    void a_repeat_behind_the_checkpoint_is_named_and_not_the_event_after_it() {
        SlotFold<Tally.Total, Tally.Event> before = fold(CACHE, stand.generation(0));
        before.take();
        before.fold(records(0, stand.added("a", 1, 5), stand.added("a", 2, 6), stand.added("a", 3, 7)), 3);
        before.write();
        SlotFold<Tally.Total, Tally.Event> fold = fold(CACHE, stand.generation(0));
        fold.take();

        fold.fold(records(3, stand.added("a", 1, 700), stand.added("a", 2, 800), stand.added("a", 4, 1)), 6);

        assertThat(violations.named()).extracting(VersionViolation::text).containsExactly(
                place(3) + ": version 1 of 'a' is repeated after version 3",
                place(4) + ": version 2 of 'a' is repeated after version 3");
        // a pass over the whole log finds the same, and nothing else
        SlotFold<Tally.Total, Tally.Event> whole = fold(CACHE, stand.generation(1));
        whole.take();
        whole.fold(records(0, stand.added("a", 1, 5), stand.added("a", 2, 6), stand.added("a", 3, 7),
                stand.added("a", 1, 700), stand.added("a", 2, 800), stand.added("a", 4, 1)), 6);
        assertThat(violations.count()).isEqualTo(2);
    }

    @Test
    void what_is_only_folded_again_is_no_repeat_and_a_repeat_within_it_is_one() {
        String generation = stand.generation(0);
        SlotFold<Tally.Total, Tally.Event> killed = fold(CACHE, generation);
        killed.take();
        killed.fold(everyAggregate(1), AGGREGATES);
        assertThat(killed.writeStep()).isEqualTo(SlotFold.Step.WRITTEN);
        SlotFold<Tally.Total, Tally.Event> next = fold(CACHE, generation);
        next.take();
        assertThat(next.next()).isZero();

        next.fold(everyAggregate(1), AGGREGATES);
        assertThat(violations.isEmpty()).isTrue();
        next.fold(records(AGGREGATES, stand.added("a-7", 1, 1)), AGGREGATES + 1);
        assertThat(violations.named()).extracting(VersionViolation::id).containsExactly("a-7");
    }

    @Test
    void a_repeat_is_found_after_its_aggregate_was_let_go() {
        for (boolean released : List.of(false, true)) {
            violations.clear();
            String generation = "g" + released;
            SlotFold<Tally.Total, Tally.Event> fold = fold(CACHE, generation);
            fold.limit(10_000);
            fold.take();
            fold.fold(everyAggregate(1), AGGREGATES);
            assertThat(fold.write()).isTrue();
            if (released) {
                fold.release();
            }
            fold.fold(records(AGGREGATES, stand.added("a-0", 1, 1), stand.added("a-0", 2, 1),
                    stand.added("a-1399", 1, 1), stand.added("new", 1, 1)), AGGREGATES + 4);

            assertThat(violations.named()).extracting(VersionViolation::id).as("released: " + released)
                    .containsExactly("a-0", "a-1399");
        }
    }

    private String place(long offset) {
        return stand.events().topic() + "/" + stand.events().partition() + "/" + offset;
    }

    private Snapshot<Tally.Total> snapshot(String id) {
        return stand.served.snapshots().read(id,
                CACHE.load(stand.slot, "", stand.generation(0), List.of(id)).snapshots().getFirst());
    }

    /** As those who drive a fold do: whenever it was overtaken, it takes the work up again from what is stored. */
    private void untilWritten(SlotFold<Tally.Total, Tally.Event> fold, int versions) {
        int rounds = 0;
        do {
            assertThat(rounds++).as("rounds").isLessThan(10);
            fold.retake(() -> false);
            for (int version = 1; version <= versions; version++) {
                if (fold.next() == (long) AGGREGATES * (version - 1)) {
                    fold.fold(everyAggregate(version), (long) AGGREGATES * version);
                }
            }
        } while (!fold.write());
    }

    private List<ConsumerRecord<byte[], byte[]>> everyAggregate(int version) {
        Stand.Event[] events = new Stand.Event[AGGREGATES];
        for (int i = 0; i < AGGREGATES; i++) {
            events[i] = stand.added("a-" + i, version, 1);
        }
        return records((long) AGGREGATES * (version - 1), events);
    }

    private void assertEveryAggregate(String generation, int version) {
        assertThat(stored(generation).next()).isEqualTo((long) AGGREGATES * version);
        for (int i = 0; i < AGGREGATES; i++) {
            String id = "a-" + i;
            StoredSnapshot snapshot = CACHE.load(stand.slot, "", generation, List.of(id)).snapshots().getFirst();
            assertThat(snapshot).as(id).isNotNull();
            assertThat(stand.served.snapshots().read(id, snapshot)).as(id).satisfies(read -> {
                assertThat(read.version()).isEqualTo(version);
                assertThat(read.state().sum()).isEqualTo(version);
            });
        }
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.UTF_8);
    }

    /** Something happens once while a fold writes, behind so many snapshots. */
    private static final class Interrupted implements Folded<Tally.Total, Tally.Event> {

        private final Folded<Tally.Total, Tally.Event> served;
        private final int behind;
        private final Runnable what;
        private int written;
        private boolean done;

        private Interrupted(Folded<Tally.Total, Tally.Event> served, int behind, Runnable what) {
            this.served = served;
            this.behind = behind;
            this.what = what;
        }

        private boolean isDone() {
            return done;
        }

        @Override
        public List<Indexed> index(String id, Tally.Total state) {
            if (++written > behind && !done) {
                done = true;
                what.run();
            }
            return served.index(id, state);
        }

        @Override
        public String name() {
            return served.name();
        }

        @Override
        public String input() {
            return served.input();
        }

        @Override
        public String log() {
            return served.log();
        }

        @Override
        public Topics.Ids require(Topics topics) {
            return served.require(topics);
        }

        @Override
        public String fingerprint(String logTopicId) {
            return served.fingerprint(logTopicId);
        }

        @Override
        public SnapshotCodec<Tally.Total> snapshots() {
            return served.snapshots();
        }

        @Override
        public Fold<Tally.Total, Tally.Event> fold(int remembered, Replay.Poisoned poisoned) {
            return served.fold(remembered, poisoned);
        }
    }

    private Checkpoint stored(String generation) {
        return CACHE.checkpoint(stand.slot, generation);
    }

    private SlotFold<Tally.Total, Tally.Event> fold(Cache cache, String generation) {
        return fold(stand.served, cache, generation);
    }

    private SlotFold<Tally.Total, Tally.Event> fold(Folded<Tally.Total, Tally.Event> served, Cache cache,
            String generation) {
        return new Replay(cache, () -> {
            throw new AssertionError("The records are given to it");
        }, stand.properties(), Stand.ADMIN).slot(served, stand.slot, generation, 100_000_000, new Replay.Poisoned() {
            @Override
            public void found(ConsumerRecord<byte[], byte[]> event, String id, String reason, Throwable fault) {
                KEEP_OUT.found(event, id, reason, fault);
            }

            @Override
            public void outOfOrder(VersionViolation violation) {
                violations.add(violation);
            }
        }, false);
    }

    private List<ConsumerRecord<byte[], byte[]>> records(long first, Stand.Event... events) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (Stand.Event event : events) {
            ProducerRecord<byte[], byte[]> sent = stand.record(event);
            var record = new ConsumerRecord<>(sent.topic(), sent.partition(), first + records.size(), sent.key(),
                    sent.value());
            sent.headers().forEach(record.headers()::add);
            records.add(record);
        }
        return records;
    }
}
