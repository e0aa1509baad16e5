package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.SlotFold;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.Collection;
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
 * is missing, the stored watermark says, not the group's offsets. Partitions are shared among instances by the consumer
 * group.
 */
class Following implements KafkaBindingRebalanceListener {

    private static final Logger LOG = LoggerFactory.getLogger(Following.class);
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final BindingsLifecycleController bindings;
    private final Replay replay;
    private final Log log;
    private final Progress progress;
    private final Stopping stopping;
    private final Rate rate;
    private final Map<TopicPartition, SlotFold<?, ?>> folds = new ConcurrentHashMap<>();
    /** Partitions whose next event may lie before the next one that the binding brings. */
    private final Set<TopicPartition> unsure = ConcurrentHashMap.newKeySet();

    Following(BindingsLifecycleController bindings, Replay replay, Log log, Progress progress, Stopping stopping,
            RebuilderProperties properties) {
        this.bindings = bindings;
        this.replay = replay;
        this.log = log;
        this.progress = progress;
        this.stopping = stopping;
        this.rate = new Rate(properties.rate());
    }

    /** Follows until the app is told to stop. */
    void follow(Collection<SlotFold<?, ?>> built) {
        progress.begin("follow");
        built.forEach(fold -> {
            folds.put(fold.events(), fold);
            unsure.add(fold.events());
            progress.reach(fold.slot(), fold.next(), fold.next());
        });
        bindings.changeState("input", State.STARTED);
        LOG.info("Following {} partitions", folds.size());
        List<Slot> slots = folds.values().stream().map(SlotFold::slot).toList();
        do {
            try {
                stopping.patiently(() -> log.ends(slots)).forEach(progress::end);
            } catch (CancellationException e) {
                LOG.debug("Stopped", e);
            }
        } while (stopping.pause(LOOK));
        bindings.changeState("input", State.STOPPED);
    }

    @Override
    public void onPartitionsAssigned(String bindingName, Consumer<?, ?> consumer, Collection<TopicPartition> partitions,
            boolean initial) {
        for (TopicPartition partition : partitions) {
            SlotFold<?, ?> fold = folds.get(partition);
            if (fold != null) {
                unsure.add(partition);
                consumer.seek(partition, fold.next());
            }
        }
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
                if (again[0]) {
                    fold.take();
                    unsure.add(partition);
                }
                again[0] = true;
                while (!step(fold, records)) {
                    fold.take();
                    unsure.add(partition);
                }
            });
            rate.spend(records.size());
        });
    }

    /** False if another one wrote the slot. */
    private boolean step(SlotFold<?, ?> fold, List<ConsumerRecord<byte[], byte[]>> records) {
        long first = records.getFirst().offset();
        if (unsure.contains(fold.events()) && fold.next() < first) {
            replay.run(Map.of(fold, first), new Replay.Watch() {
                @Override
                public boolean stop() {
                    return stopping.isTold();
                }

                @Override
                public void folded(Slot slot, int events, long next) {
                    progress.advanced(slot, events, next);
                }
            });
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
