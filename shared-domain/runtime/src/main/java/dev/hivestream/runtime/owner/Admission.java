package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.cache.Guard;
import dev.hivestream.runtime.domain.BatchTooLarge;
import dev.hivestream.runtime.log.RestoredPartition;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.stream.binder.kafka.config.ClientFactoryCustomizer;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.kafka.core.ConsumerFactory;

/**
 * Stands before the binder's consumers and lets through only what may be decided: partitions that are closed are paused,
 * and records of one that was closed, or taken, during the poll go back. Of few records that lay fetched it makes one batch
 * with what has come since. After a batch outlived its locks it also cuts batches short, to half each time, or to one
 * record after domain code timed out more than once, and doubles them again when they succeed.
 *
 * <p>It works on the consumer, on the poll thread, and not through the listener container's own pausing, which takes
 * effect only after the next poll and waits for the container's lifecycle lock.
 */
public final class Admission implements ClientFactoryCustomizer {

    private static final Logger LOG = LoggerFactory.getLogger(Admission.class);
    /** How soon an opened partition is noticed by a poll that has nothing else to return. */
    private static final Duration GLANCE = Duration.ofMillis(50);
    /** Records that a poll returns sooner lay there already: fetching them takes longer. */
    private static final Duration FETCHING = Duration.ofNanos(500_000);
    /** How long what has come since is waited for. */
    private static final Duration GATHERING = Duration.ofMillis(1);
    /** So many are worth a transaction. */
    private static final int ENOUGH = 500;

    private final Ownership ownership;
    private final LongSupplier nanoTime;

    public Admission(Ownership ownership) {
        this(ownership, System::nanoTime);
    }

    /** @param nanoTime of a clock, as {@link System#nanoTime()} */
    Admission(Ownership ownership, LongSupplier nanoTime) {
        this.ownership = ownership;
        this.nanoTime = nanoTime;
    }

    @Override
    @SuppressWarnings("unchecked")
    public void configure(ConsumerFactory<?, ?> factory) {
        ((ConsumerFactory<byte[], byte[]>) factory).addPostProcessor(consumer -> (Consumer<byte[], byte[]>) Proxy
                .newProxyInstance(Consumer.class.getClassLoader(), new Class<?>[]{Consumer.class}, new Gate(consumer)));
    }

    /** Called after a batch was rolled back. */
    static void rolledBack(Consumer<?, ?> consumer, Throwable why, ConsumerRecords<?, ?> batch) {
        Gate gate = gate(consumer);
        if (gate != null) {
            gate.rolledBack(why, batch);
        }
    }

    /** Called when a batch turns out to be committed that was taken for rolled back. */
    static void committed(Consumer<?, ?> consumer, Set<TopicPartition> partitions) {
        Gate gate = gate(consumer);
        if (gate != null) {
            gate.committed(partitions);
        }
    }

    private static @Nullable Gate gate(Consumer<?, ?> consumer) {
        return Proxy.isProxyClass(consumer.getClass())
                && Proxy.getInvocationHandler(consumer) instanceof Gate gate ? gate : null;
    }

    /** One consumer's; used by its poll thread only, as the consumer is. */
    private final class Gate implements InvocationHandler {
        private final Consumer<byte[], byte[]> consumer;
        private int limit = Integer.MAX_VALUE;
        private boolean rolledBack;
        /** Of the batch that the last poll returned: the next poll comes when it was committed or rolled back. */
        private Set<TopicPartition> inProgress = Set.of();

        private Gate(Consumer<byte[], byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
            try {
                return method.getName().equals("poll") && arguments != null
                        ? poll((Duration) arguments[0])
                        : method.invoke(consumer, arguments);
            } catch (InvocationTargetException e) {
                throw e.getTargetException();
            }
        }

        private void rolledBack(Throwable why, ConsumerRecords<?, ?> batch) {
            rolledBack = true;
            ownership.progress().rolledBack(batch.partitions(), batch.count(),
                    NestedExceptionUtils.getMostSpecificCause(why), nanoTime.getAsLong());
            for (Throwable cause = why; cause != null; cause = cause.getCause()) {
                if (cause instanceof Guard.Expired) {
                    limit = Math.max(1, batch.count() / 2);
                } else if (cause instanceof BatchTooLarge) {
                    limit = 1;
                }
            }
        }

        private void committed(Set<TopicPartition> partitions) {
            ownership.progress().progressed(partitions, nanoTime.getAsLong());
        }

        private ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            if (!rolledBack) {
                committed(inProgress);
            }
            inProgress = Set.of();
            ConsumerRecords<byte[], byte[]> batch = next(timeout);
            inProgress = batch.partitions();
            return batch;
        }

        private ConsumerRecords<byte[], byte[]> next(Duration timeout) {
            if (!rolledBack && limit < Integer.MAX_VALUE / 2) {
                limit *= 2;
            }
            rolledBack = false;
            boolean waiting = pauseClosed();
            long began = nanoTime.getAsLong();
            ConsumerRecords<byte[], byte[]> polled = consumer
                    .poll(waiting && timeout.compareTo(GLANCE) > 0 ? GLANCE : timeout);
            if (polled.isEmpty()) {
                return polled;
            }
            boolean lay = nanoTime.getAsLong() - began < FETCHING.toNanos();
            return admit(lay && polled.count() < Math.min(ENOUGH, limit) ? gather(polled) : polled);
        }

        /**
         * Takes what has come since these records were fetched: they lay here while the last batch was decided, and the
         * consumer fetches nothing more before they are taken. By themselves they would often be a batch of one or two, whose
         * transaction costs what that of a large one costs. The group may give partitions away and take them meanwhile.
         */
        private ConsumerRecords<byte[], byte[]> gather(ConsumerRecords<byte[], byte[]> first) {
            Map<TopicPartition, OwnedPartition> before = new HashMap<>();
            for (TopicPartition partition : first.partitions()) {
                OwnedPartition owned = ownership.owned(partition);
                if (owned == null) {
                    return first;
                }
                before.put(partition, owned);
            }
            ConsumerRecords<byte[], byte[]> second;
            try {
                second = consumer.poll(GATHERING);
            } catch (RuntimeException e) {
                // they come again
                kept(first, before).forEach((partition, records) -> consumer.seek(partition,
                        records.getFirst().offset()));
                throw e;
            }
            Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> all = kept(first, before);
            for (TopicPartition partition : second.partitions()) {
                all.merge(partition, second.records(partition),
                        (earlier, later) -> Stream.concat(earlier.stream(), later.stream()).toList());
            }
            return new ConsumerRecords<>(all, Map.of());
        }

        /** Those of partitions that were not given away meanwhile: whoever takes such a one gets its records from the log. */
        private Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> kept(ConsumerRecords<byte[], byte[]> first,
                Map<TopicPartition, OwnedPartition> before) {
            Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> kept = new LinkedHashMap<>();
            for (TopicPartition partition : first.partitions()) {
                if (ownership.owned(partition) == before.get(partition)) {
                    kept.put(partition, first.records(partition));
                }
            }
            return kept;
        }

        private boolean pauseClosed() {
            Set<TopicPartition> paused = consumer.paused();
            List<TopicPartition> toPause = new ArrayList<>();
            List<TopicPartition> toResume = new ArrayList<>();
            boolean waiting = false;
            for (TopicPartition partition : consumer.assignment()) {
                resume(partition);
                boolean open = ownership.isOpen(partition);
                waiting |= !open;
                if (open == paused.contains(partition)) {
                    (open ? toResume : toPause).add(partition);
                }
            }
            consumer.pause(toPause);
            consumer.resume(toResume);
            return waiting;
        }

        /** Goes where the log says that the input goes on. What fails is tried again before the next poll. */
        private void resume(TopicPartition partition) {
            OwnedPartition owned = ownership.owned(partition);
            RestoredPartition.Resume from = owned == null ? null : owned.resume();
            if (owned == null || from == null) {
                return;
            }
            try {
                // where the inbox was truncated, it goes back to where the messages of a later epoch begin
                consumer.seek(partition, new OffsetAndMetadata(from.next(),
                        from.epoch() < 0 ? Optional.empty() : Optional.of(from.epoch()), ""));
                if (!from.isCommitted()) {
                    // whoever puts messages in waits for it: from then on a group without an offset is one that lost it
                    consumer.commitSync(Map.of(partition, new OffsetAndMetadata(from.next())));
                }
                owned.resumed(from);
            } catch (WakeupException | InterruptException e) {
                throw e;
            } catch (KafkaException e) {
                String reason = "The consumer cannot go to the offset " + from.next() + ", which is retried: " + e;
                if (owned.delayed(reason)) {
                    LOG.warn("{} is not processing messages: {}", owned.slot(), reason);
                }
                LOG.debug("{} could not be resumed at {}", partition, from, e);
            }
        }

        private ConsumerRecords<byte[], byte[]> admit(ConsumerRecords<byte[], byte[]> polled) {
            if (polled.count() <= limit && polled.partitions().stream().allMatch(ownership::isOpen)) {
                return polled;
            }
            Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> admitted = new LinkedHashMap<>();
            int room = limit;
            for (TopicPartition partition : polled.partitions()) {
                List<ConsumerRecord<byte[], byte[]>> records = polled.records(partition);
                int taken = ownership.isOpen(partition) ? Math.min(room, records.size()) : 0;
                if (taken > 0) {
                    admitted.put(partition, records.subList(0, taken));
                    room -= taken;
                }
                if (taken < records.size()) {
                    consumer.seek(partition, records.get(taken).offset());
                }
            }
            return new ConsumerRecords<>(admitted, Map.of());
        }
    }
}
