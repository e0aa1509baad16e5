package dev.hivestream.runtime.log;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Slot;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import dev.hivestream.runtime.message.Position;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a slot's cache reflect its log to the end. Reads committed events from the checkpoint on, folds them, and writes
 * snapshots and checkpoint in bounded steps, each on condition that the checkpoint is still the one before: two that catch
 * up the same slot waste work and do no harm. Thread-safe.
 */
public final class CatchUp {

    private static final Logger LOG = LoggerFactory.getLogger(CatchUp.class);

    /** Longer than a transaction that was left open can live, and than the broker takes to notice. */
    private static final Duration PENDING = Duration.ofSeconds(25);
    /** Not so long that a batch would keep its partition from others. */
    private static final Duration OPEN = Duration.ofSeconds(5);
    private static final long PENDING_LOOK_MILLIS = 50;
    private static final int REPLACED_AT_ONCE = 3;
    private static final int NAMED = 20;

    private final Cache cache;
    private final Topics topics;
    private final Admin admin;
    private final Replay replay;
    private final long memory;
    private final MeterRegistry meters;
    private final VersionViolations violations = new VersionViolations(NAMED);

    /** @param memory that one slot may take while it is folded, in bytes */
    public CatchUp(Cache cache, Topics topics, Admin admin, Replay replay, long memory, MeterRegistry meters) {
        this.cache = cache;
        this.topics = topics;
        this.admin = admin;
        this.replay = replay;
        this.memory = memory;
        this.meters = meters;
    }

    /** The version violations in the log, as far as it has been read since the start. */
    public VersionViolations violations() {
        return violations;
    }

    /** Counts and logs version violations. */
    private final class Findings implements Replay.Poisoned {

        private final Slot slot;

        private Findings(Slot slot) {
            this.slot = slot;
        }

        @Override
        public void found(ConsumerRecord<byte[], byte[]> event, String id, String reason, Throwable fault) {
            KEEP_OUT.found(event, id, reason, fault);
        }

        @Override
        public void outOfOrder(VersionViolation violation) {
            if (violations.add(violation)) {
                violations(slot, violation.kind()).increment();
                if (violations.count() <= NAMED) {
                    LOG.error("Version violation in the log of {}: {}", slot, violation.text());
                }
            }
        }
    }

    private Counter violations(Slot slot, VersionViolation.Kind kind) {
        return meters.counter("hive.log.violations", "aggregate", slot.aggregate(), "kind", kind.wire());
    }

    /**
     * Catches the wanted generation up and makes it the active one.
     *
     * @param group the consumer group that reads the slot's commands; no member but the caller may own the slot
     * @param stop asked between steps
     * @throws StartRefused if topics or Redis are not as they must be
     * @throws CancellationException if told to stop
     */
    public <S, E> RestoredPartition run(Folded<S, E> served, Slot slot, String group, BooleanSupplier stop) {
        Topics.Ids ids = served.require(topics);
        cache.requireNoEviction();
        // so that a dashboard shows 0 instead of no data
        for (VersionViolation.Kind kind : VersionViolation.Kind.values()) {
            violations(slot, kind);
        }
        String fingerprint = served.fingerprint(ids.events());
        String generation = cache.wanted(served.name(), fingerprint);
        TopicPartition input = new TopicPartition(served.input(), slot.partition());
        // The group's stable offset comes first: it is known only when no transaction of an earlier owner is open that got as
        // far as its offsets, and one that did not is fenced. What such transactions appended lies below the high watermark
        // that is read after it. The last stable offset would not do: it can be below committed events while their markers
        // are being written.
        OffsetAndMetadata committed = awaitStable(input, group, stop);
        long end = highWatermark(new TopicPartition(served.log(), slot.partition()));
        Checkpoint reached = null;
        for (int replaced = 0; reached == null; replaced++) {
            try {
                Checkpoint start = cache.checkpoint(slot, generation);
                if (start != null && start.next() > end) {
                    throw new SnapshotCodec.Unreadable("the checkpoint of " + generation + " is at " + start.next()
                            + ", but the log ends at " + end + ": the log lost committed events", null);
                }
                reached = readTo(end, served, slot, generation, stop);
            } catch (SnapshotCodec.Unreadable e) {
                if (replaced == REPLACED_AT_ONCE) {
                    throw e;
                }
                generation = replace(slot, fingerprint, generation, e);
            }
        }
        if (!cache.wanted(served.name(), fingerprint).equals(generation)) {
            return run(served, slot, group, stop);
        }
        if (!generation.equals(cache.load(slot, fingerprint, generation, List.of()).active())) {
            cache.activate(slot, fingerprint, generation);
        }
        return new RestoredPartition(ids.commands(), fingerprint, generation, reached,
                served.recordsInput()
                        ? resume(input, group, ids.commands(), reached.commandPosition(), committed)
                        : null);
    }

    /**
     * Where an inbox goes on. Each batch leaves a record in the history, in the transaction that commits the group's offset; so
     * a lower offset, or none, was reset or has expired, and a higher one contradicts the history. Only where the history says
     * nothing of this inbox was it handled by a version that wrote no history, up to the group's offset: those versions are
     * locked out before the first record is written.
     */
    private RestoredPartition.Resume resume(TopicPartition inbox, String group, String topicId, Position handled,
            @Nullable OffsetAndMetadata committed) {
        boolean isKnown = handled.topicId().equals(topicId);
        long next = isKnown ? handled.offset() + 1 : 0;
        int epoch = isKnown ? handled.epoch() : Position.UNKNOWN_EPOCH;
        long ofGroup = committed == null ? 0 : committed.offset();
        long past = isKnown ? handled.past() : ofGroup;
        long recorded = isKnown ? Math.max(next, past) : 0;
        long end = highWatermark(inbox);
        if (recorded > end) {
            throw new StartRefused(inbox + " ends at " + end + ", but its history says that messages up to "
                    + (recorded - 1)
                    + " were handled: the inbox lost messages. Restore them from a mirror or a backup");
        }
        if (ofGroup > end) {
            throw new StartRefused(inbox + " ends at " + end + ", but the group '" + group + "' has the offset "
                    + ofGroup + ": the inbox lost messages. Restore them from a mirror or a backup. If the topic was "
                    + "created again and nothing of it was handled yet, " + setOffset(group, inbox, "0"));
        }
        if (isKnown && ofGroup > next) {
            throw new StartRefused("The group '" + group + "' has the offset " + ofGroup + " in " + inbox
                    + ", but its history says that messages up to " + handled.offset()
                    + " were handled: the history lost records, or the offset was set forward. Restore the history from a "
                    + "mirror or a backup. If it lost nothing, or cannot be restored, "
                    + setOffset(group, inbox, Long.toString(next)) + ": messages from there on are handled again, "
                    + "and their commands sent again");
        }
        if (committed == null && !isKnown && end > 0) {
            throw new StartRefused(inbox + " has messages, and neither its history nor the offset of the group '"
                    + group + "' says which of them were handled: the offset expired or was deleted. Find the first "
                    + "message that was not, and " + setOffset(group, inbox, "OFFSET"));
        }
        return new RestoredPartition.Resume(next, epoch, past, committed != null);
    }

    private static String setOffset(String group, TopicPartition inbox, String offset) {
        return "set the offset with kafka-consumer-groups.sh --group " + group + " --reset-offsets --topic "
                + inbox.topic() + ":" + inbox.partition() + " --to-offset " + offset
                + " --execute, while no saga-manager is running";
    }

    /** Gives a damaged generation up for the next one, which is built from the log. */
    public String replace(Slot slot, String fingerprint, String generation, SnapshotCodec.Unreadable damage) {
        LOG.warn("The cache of {} is damaged; rebuilding it from the log: {}", slot, damage.getMessage());
        if (damage.id() != null) {
            replay.suspect(slot, damage.id());
        }
        return cache.wantNext(slot.aggregate(), fingerprint, generation);
    }

    /**
     * Whether a slot's log has committed records between two offsets, other than markers.
     *
     * @param to the offset at which to stop; a record that is in the log
     * @throws IllegalStateException if a transaction that began before that offset remains open
     */
    public boolean hasRecords(Folded<?, ?> served, Slot slot, long from, long to) {
        long deadline = System.nanoTime() + OPEN.toNanos();
        boolean[] found = {false};
        replay.read(new TopicPartition(served.log(), slot.partition()), from, to, records -> {
            found[0] = !records.isEmpty();
            if (!found[0] && System.nanoTime() > deadline) {
                throw new IllegalStateException("The log between " + from + " and " + to
                        + " cannot be checked: a transaction of another producer is open there");
            }
            return !found[0];
        });
        return found[0];
    }

    private long highWatermark(TopicPartition partition) {
        return Topics.get(admin.listOffsets(Map.of(partition, OffsetSpec.latest()),
                new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED)).partitionResult(partition)).offset();
    }

    private @Nullable OffsetAndMetadata awaitStable(TopicPartition input, String group, BooleanSupplier stop) {
        long deadline = System.nanoTime() + PENDING.toNanos();
        try {
            StableOffsets found = StableOffsets.of(admin, group, List.of(input));
            while (!found.pending().isEmpty()) {
                if (stop.getAsBoolean()) {
                    throw new CancellationException("The partition " + input + " was given up");
                }
                if (System.nanoTime() > deadline) {
                    throw new UnstableOffsetCommitException(
                            "The offset that the group '" + group + "' has in " + input
                                    + " is not known: a transaction of an earlier owner is still open");
                }
                TimeUnit.MILLISECONDS.sleep(PENDING_LOOK_MILLIS);
                found = StableOffsets.of(admin, group, List.of(input));
            }
            return found.committed().get(input);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptException(e);
        }
    }

    private <S, E> Checkpoint readTo(long end, Folded<S, E> served, Slot slot, String generation,
            BooleanSupplier stop) {
        SlotFold<S, E> fold = replay.slot(served, slot, generation, memory, new Findings(slot), false);
        long began = System.nanoTime();
        long[] folded = {0};
        replay.run(Map.of(fold, end), new Replay.Watch() {
            @Override
            public boolean stop() {
                return stop.getAsBoolean();
            }

            @Override
            public void folded(Slot which, int events, long next) {
                folded[0] += events;
                meters.counter("hive.catchup.events", "aggregate", which.aggregate()).increment(events);
            }
        });
        if (folded[0] > 0) {
            LOG.info("Restored {} to {}: {} events in {} ms into {}", slot, fold.next(), folded[0],
                    Duration.ofNanos(System.nanoTime() - began).toMillis(), generation);
        }
        return Objects.requireNonNull(fold.checkpoint());
    }
}
