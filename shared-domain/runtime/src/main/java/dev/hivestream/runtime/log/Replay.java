package dev.hivestream.runtime.log;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
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
    /** Aggregates whose snapshot was unreadable once: what is written of them is read back, for the domain may be the cause. */
    private final Set<String> suspects = ConcurrentHashMap.newKeySet();

    /** @param consumers give a new consumer: read_committed, no group, auto.offset.reset=none */
    public Replay(Cache cache, Supplier<Consumer<byte[], byte[]>> consumers, HiveProperties properties) {
        this.cache = cache;
        this.consumers = consumers;
        this.properties = properties;
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
                served.fold(properties.decide().remembered(), poisoned), suspects, memory, anew);
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
        if (open.isEmpty()) {
            return;
        }
        try (Consumer<byte[], byte[]> log = consumers.get()) {
            log.assign(open.keySet());
            open.forEach((events, slot) -> log.seek(events, slot.next()));
            while (!open.isEmpty()) {
                ConsumerRecords<byte[], byte[]> read = poll(log);
                for (TopicPartition events : List.copyOf(open.keySet())) {
                    if (watch.stop()) {
                        throw new CancellationException("The slot " + Objects.requireNonNull(open.get(events)).slot()
                                + " was given up while it was caught up");
                    }
                    SlotFold<?, ?> slot = Objects.requireNonNull(open.get(events));
                    long end = Objects.requireNonNull(until.get(events));
                    if (!step(slot, read.records(events), Math.min(log.position(events), end), end, watch)) {
                        slot.take();
                        log.seek(events, slot.next());
                    }
                    if (slot.next() >= end) {
                        open.remove(events);
                        log.pause(List.of(events));
                    }
                }
            }
        }
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
    private boolean step(SlotFold<?, ?> slot, List<ConsumerRecord<byte[], byte[]>> records, long position, long end,
            Watch watch) {
        if (position > slot.next()) {
            List<ConsumerRecord<byte[], byte[]>> within = within(records, end);
            if (!slot.fold(within, position)) {
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
