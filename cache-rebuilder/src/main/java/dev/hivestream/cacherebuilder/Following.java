package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.SlotFold;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.stream.binder.kafka.KafkaBindingRebalanceListener;
import org.springframework.cloud.stream.binding.BindingsLifecycleController;
import org.springframework.cloud.stream.binding.BindingsLifecycleController.State;

/**
 * Keeps a generation in step with the log. The binding brings the events; where they are to be taken up, and whether one
 * is missing, the stored checkpoint says, not the group's offsets. Partitions are shared among instances by the consumer
 * group.
 */
class Following implements KafkaBindingRebalanceListener {

    private static final Logger LOG = LoggerFactory.getLogger(Following.class);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int MARKERS = 100;

    private final BindingsLifecycleController bindings;
    private final Cache cache;
    private final Replay replay;
    private final Log log;
    private final Progress progress;
    private final Stopping stopping;
    private final Rate rate;
    private final Map<TopicPartition, SlotFold<?, ?>> folds = new ConcurrentHashMap<>();
    /** Partitions whose next event may lie before the next one that the binding brings. */
    private final Set<TopicPartition> unsure = ConcurrentHashMap.newKeySet();
    /** The partitions that the group has given to this instance. */
    private final Set<TopicPartition> assigned = ConcurrentHashMap.newKeySet();
    /** From where to where nothing was found. Of the thread that looks. */
    private final Map<TopicPartition, Map.Entry<Long, Long>> nothing = new HashMap<>();

    Following(BindingsLifecycleController bindings, Cache cache, Replay replay, Log log, Progress progress,
            Stopping stopping,
            RebuilderProperties properties) {
        this.bindings = bindings;
        this.cache = cache;
        this.replay = replay;
        this.log = log;
        this.progress = progress;
        this.stopping = stopping;
        this.rate = new Rate(properties.rate());
    }

    /**
     * Follows until the app is told to stop.
     *
     * @param inStep told once a second the slots of which nothing is left to fold
     */
    void follow(Collection<SlotFold<?, ?>> built, java.util.function.Consumer<Set<Slot>> inStep) {
        progress.begin("follow");
        built.forEach(fold -> {
            folds.put(fold.events(), fold);
            unsure.add(fold.events());
            progress.reach(fold.slot(), fold.next(), fold.next());
        });
        bindings.changeState("input", State.STARTED);
        LOG.info("Following {} partitions", folds.size());
        Map<Slot, Long> complete = new HashMap<>();
        do {
            try {
                stopping.patiently(() -> {
                    look(complete);
                    inStep.accept(complete.keySet());
                });
            } catch (CancellationException e) {
                LOG.debug("Stopped", e);
            }
        } while (stopping.pause(LOOK));
        bindings.changeState("input", State.STOPPED);
    }

    /** @param complete the slots of which nothing was left at the last look, with the end that the log had */
    private void look(Map<Slot, Long> complete) {
        List<Slot> slots = folds.values().stream().map(SlotFold::slot).toList();
        Map<Slot, Long> ends = log.ends(slots);
        complete.keySet().removeIf(slot -> !assigned.contains(log.events(slot)));
        for (SlotFold<?, ?> fold : folds.values()) {
            if (!assigned.contains(fold.events())) {
                // another instance's
                continue;
            }
            Slot slot = fold.slot();
            long end = ends.getOrDefault(slot, 0L);
            if (isLost(fold)) {
                LOG.warn("The cache of {} was lost or changed; it is built from the log", slot);
                complete.remove(slot);
                synchronized (fold) {
                    fold.take();
                    replay.run(Map.of(fold, end), watch());
                    unsure.add(fold.events());
                }
            }
            long next = fold.next();
            progress.end(slot, end);
            if (next >= end || end - next <= MARKERS && isNothing(fold, next, end)) {
                if (!Objects.equals(complete.put(slot, end), end)) {
                    progress.advanced(slot, 0, end);
                }
            } else {
                complete.remove(slot);
            }
        }
    }

    /** Whether something else than this instance's checkpoint is stored. */
    private boolean isLost(SlotFold<?, ?> fold) {
        synchronized (fold) {
            try {
                return !Objects.equals(cache.checkpoint(fold.slot(), fold.generation()), fold.checkpoint());
            } catch (SnapshotCodec.Unreadable e) {
                return true;
            }
        }
    }

    /** Behind the last event are the markers of transactions, which no consumer is given. */
    private boolean isNothing(SlotFold<?, ?> fold, long next, long end) {
        if (Objects.equals(nothing.get(fold.events()), Map.entry(next, end))) {
            return true;
        }
        boolean[] found = {false};
        replay.read(fold.events(), next, end, records -> {
            found[0] = !records.isEmpty();
            return !found[0] && !stopping.isTold();
        });
        if (!found[0]) {
            nothing.put(fold.events(), Map.entry(next, end));
        }
        return !found[0];
    }

    @Override
    public void onPartitionsAssigned(String bindingName, Consumer<?, ?> consumer, Collection<TopicPartition> partitions,
            boolean initial) {
        for (TopicPartition partition : partitions) {
            SlotFold<?, ?> fold = folds.get(partition);
            if (fold != null) {
                unsure.add(partition);
                consumer.seek(partition, fold.next());
                assigned.add(partition);
            }
        }
    }

    @Override
    public void onPartitionsRevokedAfterCommit(String bindingName, Consumer<?, ?> consumer,
            Collection<TopicPartition> partitions) {
        assigned.removeAll(partitions);
    }

    /** Folds a batch and writes it. An outage is waited for. */
    void fold(List<ConsumerRecord<byte[], byte[]>> batch) {
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> byPartition = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : batch) {
            byPartition.computeIfAbsent(new TopicPartition(record.topic(), record.partition()),
                    none -> new java.util.ArrayList<>()).add(record);
        }
        byPartition.forEach((partition, records) -> {
            SlotFold<?, ?> fold = Objects.requireNonNull(folds.get(partition),
                    "The events of " + partition + " belong to no aggregate that is followed here");
            boolean[] again = {false};
            stopping.patiently(() -> {
                synchronized (fold) {
                    if (again[0]) {
                        fold.take();
                        unsure.add(partition);
                    }
                    again[0] = true;
                    while (!step(fold, records)) {
                        fold.retake(stopping::isTold);
                        unsure.add(partition);
                    }
                }
            });
            rate.spend(records.size());
        });
    }

    private Replay.Watch watch() {
        return new Replay.Watch() {
            @Override
            public boolean stop() {
                return stopping.isTold();
            }

            @Override
            public void folded(Slot slot, int events, long next) {
                progress.advanced(slot, events, next);
            }
        };
    }

    /** False if another one wrote the slot. */
    private boolean step(SlotFold<?, ?> fold, List<ConsumerRecord<byte[], byte[]>> records) {
        long first = records.getFirst().offset();
        if (unsure.contains(fold.events()) && fold.next() < first) {
            replay.run(Map.of(fold, first), watch());
        }
        unsure.remove(fold.events());
        long from = fold.next();
        List<ConsumerRecord<byte[], byte[]>> rest = records.stream().filter(record -> record.offset() >= from).toList();
        if (!rest.isEmpty()) {
            long next = rest.getLast().offset() + 1;
            if (!fold.fold(rest, next)) {
                return false;
            }
            progress.advanced(fold.slot(), rest.size(), next);
        }
        return fold.write();
    }
}
