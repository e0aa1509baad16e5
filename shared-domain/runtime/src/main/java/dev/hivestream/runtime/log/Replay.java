package dev.hivestream.runtime.log;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the log of some slots with one consumer and folds it up to an end: what catch-up and rebuild share. Thread-safe;
 * each run has a consumer of its own.
 */
public final class Replay {

    private static final Logger LOG = LoggerFactory.getLogger(Replay.class);
    private static final Duration POLL = Duration.ofMillis(200);

    private final Cache cache;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final HiveProperties properties;
    private final Admin admin;
    /** Aggregates whose snapshot was unreadable once: what is written of them is read back, for the domain may be the cause. */
    private final Set<String> suspects = ConcurrentHashMap.newKeySet();

    /** @param consumers give a new consumer: read_committed, no group, auto.offset.reset=none */
    public Replay(Cache cache, Supplier<Consumer<byte[], byte[]>> consumers, HiveProperties properties, Admin admin) {
        this.cache = cache;
        this.consumers = consumers;
        this.properties = properties;
        this.admin = admin;
    }

    /** What is done with an event that cannot be folded. */
    @FunctionalInterface
    public interface Poisoned {

        /** Its aggregate is kept out, and the log says so. */
        Poisoned KEEP_OUT = (event, id, reason, fault) -> LOG.error("'{}' is kept out. {}", id, reason, fault);

        /**
         * Told before the aggregate is kept out; what it throws ends the run instead.
         *
         * @param event that cannot be folded
         * @param reason with its place in the log
         */
        void found(ConsumerRecord<byte[], byte[]> event, String id, String reason, Throwable fault);

        /** Called with a version violation before the event is folded. Does nothing by default. */
        default void outOfOrder(VersionViolation violation) {}
    }

    /**
     * A slot of a generation, to be folded by {@link #run}.
     *
     * @param memory that its snapshots may take before they are written and let go, in bytes, roughly
     * @param anew whether a slot in which something cannot be read is begun anew, instead of {@code Unreadable} being thrown
     */
    public <S, E> SlotFold<S, E> slot(Folded<S, E> served, Slot slot, String generation, long memory,
            Poisoned poisoned, boolean anew) {
        return new SlotFold<>(served, slot, generation, cache,
                served.fold(properties.decide().remembered(), poisoned), poisoned, suspects, memory, anew);
    }

    /** A snapshot of this aggregate could not be read. */
    void suspect(Slot slot, String id) {
        suspects.add(slot + ":" + id);
    }

    /** Sees a run from within. Called on the thread of the run. */
    public interface Watch {

        /** Asked between steps. */
        boolean stop();

        /** A slot was folded so many events further, up to {@code next}. */
        void folded(Slot slot, int events, long next);
    }

    /**
     * Folds each slot up to its end and writes it.
     *
     * @param ends the position at which to stop, by slot: it is not folded itself
     * @throws CancellationException if told to stop; what was folded since the last write is folded again next time
     * @throws StartRefused if the log is not complete
     * @throws dev.hivestream.runtime.cache.SnapshotCodec.Unreadable if a cache reflects events that the log has lost, and is
     *     not to be begun anew
     */
    public void run(Map<? extends SlotFold<?, ?>, Long> ends, Watch watch) {
        Map<TopicPartition, SlotFold<?, ?>> open = new HashMap<>();
        Map<TopicPartition, Long> until = new HashMap<>();
        ends.forEach((slot, end) -> {
            slot.take();
            if (slot.next() < end) {
                open.put(slot.events(), slot);
                until.put(slot.events(), end);
            }
        });
        Map<TopicPartition, SlotFold<?, ?>> unproven = unproven(ends);
        if (open.isEmpty() && unproven.isEmpty()) {
            return;
        }
        try (Consumer<byte[], byte[]> log = consumers.get()) {
            unproven.putAll(open);
            log.assign(unproven.keySet());
            if (unproven.size() > open.size()) {
                // the client asks for a proof of a position only once it knows the leader's epoch
                var _ = log.endOffsets(unproven.keySet());
            }
            unproven.values().forEach(slot -> seek(log, slot));
            unproven.keySet().removeAll(open.keySet());
            for (TopicPartition events : unproven.keySet()) {
                long _ = proven(unproven, () -> log.position(events));
                log.pause(List.of(events));
            }
            while (!open.isEmpty()) {
                ConsumerRecords<byte[], byte[]> read = proven(open, () -> log.poll(POLL));
                for (TopicPartition events : List.copyOf(open.keySet())) {
                    if (watch.stop()) {
                        throw new CancellationException("The slot " + Objects.requireNonNull(open.get(events)).slot()
                                + " was given up while it was caught up");
                    }
                    SlotFold<?, ?> slot = Objects.requireNonNull(open.get(events));
                    long end = Objects.requireNonNull(until.get(events));
                    long position = proven(open, () -> log.position(events));
                    if (!step(slot, read, Math.min(position, end), end, watch)) {
                        slot.retake(watch::stop);
                        seek(log, slot);
                    }
                    if (slot.next() >= end) {
                        open.remove(events);
                        log.pause(List.of(events));
                    }
                }
            }
        }
    }

    /** With the epoch of what was read last, by which the client notices that the log was truncated. */
    private static void seek(Consumer<?, ?> log, SlotFold<?, ?> slot) {
        int epoch = slot.epoch();
        log.seek(slot.events(), new OffsetAndMetadata(slot.next(),
                epoch < 0 ? Optional.empty() : Optional.of(epoch), ""));
    }

    /**
     * The slots whose position the broker has to confirm, since their partition has had another leader since. One whose
     * leader is still the same cannot have been truncated.
     */
    private Map<TopicPartition, SlotFold<?, ?>> unproven(Map<? extends SlotFold<?, ?>, Long> ends) {
        Map<TopicPartition, SlotFold<?, ?>> unproven = new HashMap<>();
        ends.forEach((slot, end) -> {
            if (slot.next() > 0 && slot.epoch() >= 0 || slot.next() > end) {
                unproven.put(slot.events(), slot);
            }
        });
        if (unproven.isEmpty()) {
            return unproven;
        }
        ends(unproven.keySet()).forEach((events, now) -> {
            SlotFold<?, ?> slot = Objects.requireNonNull(unproven.get(events));
            int leaders = now.leaderEpoch().orElse(Position.UNKNOWN_EPOCH);
            if (slot.next() > now.offset()) {
                throw slot.leadsLog("the log ends at " + now.offset(), null);
            }
            if (slot.epoch() > leaders && leaders >= 0) {
                throw slot.leadsLog("the leader of the partition is in epoch " + leaders, null);
            }
            if (slot.epoch() < 0 || slot.epoch() == leaders) {
                unproven.remove(events);
            }
        });
        return unproven;
    }

    /** Asks the broker for something, which it refuses if the log does not have what the slots reflect. */
    private <T> T proven(Map<TopicPartition, SlotFold<?, ?>> slots, Supplier<T> question) {
        try {
            return question.get();
        } catch (LogTruncationException e) {
            for (TopicPartition events : e.offsetOutOfRangePartitions().keySet()) {
                SlotFold<?, ?> slot = slots.get(events);
                if (slot != null) {
                    OffsetAndMetadata divergent = e.divergentOffsets().get(events);
                    throw slot.leadsLog(divergent == null
                            ? "the log no longer has that leader epoch"
                            : "the log continues from " + divergent.offset() + " in another leader epoch", e);
                }
            }
            throw e;
        } catch (OffsetOutOfRangeException e) {
            Map<TopicPartition, Long> missing = e.offsetOutOfRangePartitions();
            ends(missing.keySet()).forEach((events, now) -> {
                SlotFold<?, ?> slot = slots.get(events);
                if (slot != null && missing.getOrDefault(events, 0L) > now.offset()) {
                    throw slot.leadsLog("the log ends at " + now.offset(), e);
                }
            });
            throw incomplete(missing);
        }
    }

    private Map<TopicPartition, ListOffsetsResultInfo> ends(Set<TopicPartition> partitions) {
        return Topics.offsets(admin, partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED,
                Topics.PATIENCE);
    }

    /** As {@link #read(TopicPartition, long, long, Predicate)}, from the beginning to where the partition ends now. */
    public void readAll(TopicPartition events, Predicate<List<ConsumerRecord<byte[], byte[]>>> each) {
        readFrom(events, 0, each);
    }

    /** As {@link #read(TopicPartition, long, long, Predicate)}, to where the partition ends now. */
    public void readFrom(TopicPartition events, long from, Predicate<List<ConsumerRecord<byte[], byte[]>>> each) {
        read(events, from, Objects.requireNonNull(ends(Set.of(events)).get(events)).offset(), each);
    }

    /**
     * Reads one partition without folding it into a cache.
     *
     * @param each is given the committed records from {@code from} on, in order, some at a time; gives whether to go on
     * @param end the position at which to stop; read until it is reached
     */
    public void read(TopicPartition events, long from, long end,
            Predicate<List<ConsumerRecord<byte[], byte[]>>> each) {
        if (from >= end) {
            return;
        }
        try (Consumer<byte[], byte[]> log = consumers.get()) {
            log.assign(List.of(events));
            log.seek(events, from);
            boolean more = true;
            while (more && log.position(events) < end) {
                more = each.test(within(poll(log).records(events), end));
            }
        }
    }

    /** False if another one wrote the slot, so that it has to be taken up anew. */
    private boolean step(SlotFold<?, ?> slot, ConsumerRecords<byte[], byte[]> read, long position, long end,
            Watch watch) {
        if (position > slot.next()) {
            List<ConsumerRecord<byte[], byte[]>> within = within(read.records(slot.events()), end);
            // that of the position: behind the last record there may be markers of a later epoch
            OffsetAndMetadata reached = read.nextOffsets().get(slot.events());
            int epoch = reached == null
                    ? Position.UNKNOWN_EPOCH
                    : reached.leaderEpoch().orElse(Position.UNKNOWN_EPOCH);
            if (!slot.fold(within, position, epoch)) {
                return false;
            }
            watch.folded(slot.slot(), within.size(), position);
        }
        boolean due = slot.next() >= end || slot.isFull()
                || slot.nanosSinceWrite() > properties.catchUp().checkpoint().toNanos();
        return !due || slot.write();
    }

    private static List<ConsumerRecord<byte[], byte[]>> within(List<ConsumerRecord<byte[], byte[]>> records, long end) {
        if (records.isEmpty() || records.getLast().offset() < end) {
            return records;
        }
        return records.stream().filter(record -> record.offset() < end).toList();
    }

    private static ConsumerRecords<byte[], byte[]> poll(Consumer<byte[], byte[]> log) {
        try {
            return log.poll(POLL);
        } catch (OffsetOutOfRangeException e) {
            throw incomplete(e.offsetOutOfRangePartitions());
        }
    }

    /** The log's beginning is gone. */
    static StartRefused incomplete(Map<TopicPartition, Long> missing) {
        List<String> which = new ArrayList<>();
        missing.forEach((partition, offset) -> which
                .add("the topic '" + partition.topic() + "' no longer has offset " + offset + " of partition "
                        + partition.partition()));
        String first = String.join(", ", which);
        return new StartRefused(Character.toUpperCase(first.charAt(0)) + first.substring(1)
                + ": events have expired or were deleted. Restore them from a backup of the topic; the cache cannot be rebuilt without them");
    }
}
