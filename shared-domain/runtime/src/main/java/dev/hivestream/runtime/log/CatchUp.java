package dev.hivestream.runtime.log;

import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.Watermark;
import dev.hivestream.runtime.message.Fingerprint;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a slot's cache reflect its log to the end. Reads committed events from the watermark on, folds them, and writes
 * snapshots and watermark in bounded steps, each on condition that the watermark is still the one before: two that catch
 * up the same slot waste work and do no harm. Thread-safe.
 */
public final class CatchUp {

    private static final Logger LOG = LoggerFactory.getLogger(CatchUp.class);

    /** Longer than a transaction that was left open can live, and than the broker takes to notice. */
    private static final Duration PENDING = Duration.ofSeconds(25);
    private static final long PENDING_LOOK_MILLIS = 50;
    private static final int REPLACED_AT_ONCE = 3;

    private final Cache cache;
    private final Topics topics;
    private final Admin admin;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final HiveProperties properties;
    private final MeterRegistry meters;
    /** Aggregates whose snapshot was unreadable once: what is written of them is read back, for the domain may be the cause. */
    private final Set<String> suspects = ConcurrentHashMap.newKeySet();

    /** @param consumers give a new consumer: read_committed, no group, auto.offset.reset=none */
    public CatchUp(Cache cache, Topics topics, Admin admin, Supplier<Consumer<byte[], byte[]>> consumers,
            HiveProperties properties, MeterRegistry meters) {
        this.cache = cache;
        this.topics = topics;
        this.admin = admin;
        this.consumers = consumers;
        this.properties = properties;
        this.meters = meters;
    }

    /**
     * A slot whose cache reflects the log.
     *
     * @param commandsTopicId Kafka's id of the commands topic
     * @param fingerprint of its snapshots
     * @param generation that is caught up and active
     * @param watermark that is stored
     */
    public record Reflected(String commandsTopicId, String fingerprint, String generation, Watermark watermark) {}

    /**
     * Catches the wanted generation up and makes it the active one.
     *
     * @param group the consumer group that reads the slot's commands; no member but the caller may own the slot
     * @param stop asked between steps
     * @throws StartRefused if topics or Redis are not as they must be
     * @throws CancellationException if told to stop
     */
    public <S, E> Reflected run(Served<?, S, E> served, Slot slot, String group, BooleanSupplier stop) {
        Topics.Ids ids = topics.require(served.name());
        cache.requireNoEviction();
        String fingerprint = Fingerprint.of(served.aggregate(), ids.events());
        String generation = cache.wanted(served.name(), fingerprint);
        long end = end(slot, group, stop);
        Watermark reached = null;
        for (int replaced = 0; reached == null; replaced++) {
            try {
                Watermark start = cache.watermark(slot, generation);
                if (start != null && start.next() > end) {
                    throw new SnapshotCodec.Unreadable("it reflects the log up to " + start.next()
                            + " and the log ends at " + end + ": the log lost events that had been committed", null);
                }
                reached = readTo(end, served, slot, fingerprint, generation, stop);
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
        return new Reflected(ids.commands(), fingerprint, generation, reached);
    }

    /** Gives a damaged generation up for the next one, which is built from the log. */
    public String replace(Slot slot, String fingerprint, String generation, SnapshotCodec.Unreadable damage) {
        LOG.error("The cache of {} is damaged and is built anew: {}", slot, damage.getMessage());
        if (damage.id() != null) {
            suspects.add(slot + ":" + damage.id());
        }
        return cache.wantNext(slot.aggregate(), fingerprint, generation);
    }

    /**
     * Where the log ends for a new owner. The group's stable offset comes first: it is known only when no transaction of
     * an earlier owner is open that got as far as its offsets, and one that did not is fenced. What such transactions
     * appended lies below the high watermark that is read after it. The last stable offset would not do: it can be below
     * committed events while their markers are being written.
     */
    private long end(Slot slot, String group, BooleanSupplier stop) {
        TopicPartition commands = new TopicPartition(Topics.commands(slot.aggregate()), slot.partition());
        TopicPartition events = new TopicPartition(Topics.events(slot.aggregate()), slot.partition());
        awaitStable(commands, group, stop);
        return Topics.get(admin.listOffsets(Map.of(events, OffsetSpec.latest()),
                new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED)).partitionResult(events)).offset();
    }

    private void awaitStable(TopicPartition commands, String group, BooleanSupplier stop) {
        long deadline = System.nanoTime() + PENDING.toNanos();
        try {
            while (!isStable(commands, group)) {
                if (stop.getAsBoolean()) {
                    throw new CancellationException("The partition " + commands + " was given up");
                }
                if (System.nanoTime() > deadline) {
                    throw new UnstableOffsetCommitException(
                            "The offset that the group '" + group + "' has in " + commands
                                    + " is not known: a transaction of an earlier owner is still open");
                }
                TimeUnit.MILLISECONDS.sleep(PENDING_LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptException(e);
        }
    }

    /** The admin leaves a partition out whose offset is pending: neither an error nor a wait, whatever requireStable says. */
    private boolean isStable(TopicPartition commands, String group) {
        try {
            return Topics.get(admin.listConsumerGroupOffsets(
                    Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(commands))),
                    new ListConsumerGroupOffsetsOptions().requireStable(true)).partitionsToOffsetAndMetadata(group))
                    .containsKey(commands);
        } catch (GroupIdNotFoundException nobodyYet) {
            return true;
        }
    }

    private <S, E> Watermark readTo(long end, Served<?, S, E> served, Slot slot, String fingerprint, String generation,
            BooleanSupplier stop) {
        TopicPartition events = new TopicPartition(Topics.events(slot.aggregate()), slot.partition());
        Watermark at = cache.watermark(slot, generation);
        if (at != null && at.next() >= end) {
            return at;
        }
        Fold<S, E> fold = new Fold<>(served, properties.decide().remembered());
        long folded = 0;
        long began = System.nanoTime();
        try (Consumer<byte[], byte[]> log = consumers.get()) {
            log.assign(List.of(events));
            log.seek(events, at == null ? 0 : at.next());
            while (at == null || at.next() < end) {
                if (stop.getAsBoolean()) {
                    throw new CancellationException("The slot " + slot + " was given up while it was caught up");
                }
                ConsumerRecords<byte[], byte[]> read = log.position(events) < end
                        ? poll(log, events)
                        : ConsumerRecords.empty();
                long next = log.position(events);
                if (at != null && next == at.next()) {
                    continue;
                }
                Watermark reached = step(read.records(events), next, at, fold, served, slot, fingerprint, generation);
                if (reached == null) {
                    at = cache.watermark(slot, generation);
                    log.seek(events, at == null ? 0 : at.next());
                } else {
                    at = reached;
                    folded += read.count();
                    meters.counter("hive.catchup.events", "aggregate", slot.aggregate()).increment(read.count());
                }
            }
        }
        LOG.info("Caught up {} to {}: {} events in {} ms into {}", slot, at.next(), folded,
                Duration.ofNanos(System.nanoTime() - began).toMillis(), generation);
        return at;
    }

    private static ConsumerRecords<byte[], byte[]> poll(Consumer<byte[], byte[]> log, TopicPartition events) {
        try {
            return log.poll(Duration.ofMillis(200));
        } catch (OffsetOutOfRangeException e) {
            throw new StartRefused("The topic '" + events.topic() + "' no longer has offset " + log.position(events)
                    + " of partition " + events.partition()
                    + ": events have expired or were deleted. Restore them from a backup of the topic; the cache cannot be rebuilt without them");
        }
    }

    private <S> byte[] write(Slot slot, SnapshotCodec<S> codec, String id, Snapshot<S> snapshot,
            byte @Nullable [] stored) {
        try {
            byte[] written = codec.write(snapshot);
            if (suspects.contains(slot + ":" + id)) {
                codec.read(id, written);
            }
            return written;
        } catch (Throwable e) {
            LOG.error("The state of '{}' at version {} cannot be written and read back; the aggregate is kept out", id,
                    snapshot.version(), DomainFault.of(e));
            Snapshot<S> last = codec.read(id, stored);
            last.poison("Its state at version " + snapshot.version() + " cannot be written and read back");
            return codec.write(last);
        }
    }

    /** One step; null if the watermark changed meanwhile and nothing was written. */
    private <S, E> @Nullable Watermark step(List<ConsumerRecord<byte[], byte[]>> events, long next,
            @Nullable Watermark at, Fold<S, E> fold, Served<?, S, E> served, Slot slot, String fingerprint,
            String generation) {
        Set<String> ids = new LinkedHashSet<>();
        Position command = at == null ? Position.NONE : at.commandPosition();
        for (ConsumerRecord<byte[], byte[]> event : events) {
            String id = Fold.id(event);
            if (id == null) {
                LOG.error("The record at {}/{}/{} has no key and belongs to no aggregate; it is passed over",
                        event.topic(), event.partition(), event.offset());
            } else {
                ids.add(id);
            }
            command = command.advance(Fold.command(event));
        }
        Cache.Loaded loaded = cache.load(slot, fingerprint, generation, ids);
        if (!loaded.isAt(at)) {
            return null;
        }
        SnapshotCodec<S> codec = served.snapshots();
        Map<String, Snapshot<S>> snapshots = new LinkedHashMap<>();
        List<String> order = new ArrayList<>(ids);
        for (int i = 0; i < order.size(); i++) {
            snapshots.put(order.get(i), codec.read(order.get(i), loaded.snapshots().get(i)));
        }
        Map<String, byte[]> changed = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> event : events) {
            String id = Fold.id(event);
            Snapshot<S> snapshot = id == null ? null : snapshots.get(id);
            if (snapshot != null && fold.apply(snapshot, event)) {
                changed.put(Objects.requireNonNull(id), new byte[0]);
            }
        }
        for (int i = 0; i < order.size(); i++) {
            String id = order.get(i);
            byte[] stored = loaded.snapshots().get(i);
            changed.computeIfPresent(id,
                    (same, nothing) -> write(slot, codec, id, Objects.requireNonNull(snapshots.get(id)), stored));
        }
        Watermark reached = Watermark.at(next, command);
        return cache.write(slot, generation, at, reached, changed, Map.of(), Duration.ZERO) ? reached : null;
    }
}
