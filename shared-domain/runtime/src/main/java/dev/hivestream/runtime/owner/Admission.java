package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.cache.Guard;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.stream.binder.kafka.config.ClientFactoryCustomizer;
import org.springframework.kafka.core.ConsumerFactory;

/**
 * Stands before the binder's consumers and lets through only what may be decided: partitions that are closed are paused,
 * and records of one that was closed, or taken, during the poll go back. After a batch outlived its locks it also cuts
 * batches short, to half each time, and doubles them again when they succeed.
 *
 * <p>It works on the consumer, on the poll thread, and not through the listener container's own pausing, which takes
 * effect only after the next poll and waits for the container's lifecycle lock.
 */
public final class Admission implements ClientFactoryCustomizer {

    /** How soon an opened partition is noticed by a poll that has nothing else to return. */
    private static final Duration GLANCE = Duration.ofMillis(50);

    private final Ownership ownership;

    public Admission(Ownership ownership) {
        this.ownership = ownership;
    }

    @Override
    @SuppressWarnings("unchecked")
    public void configure(ConsumerFactory<?, ?> factory) {
        ((ConsumerFactory<byte[], byte[]>) factory).addPostProcessor(consumer -> (Consumer<byte[], byte[]>) Proxy
                .newProxyInstance(Consumer.class.getClassLoader(), new Class<?>[]{Consumer.class}, new Gate(consumer)));
    }

    /** Told after a batch was rolled back. */
    static void rolledBack(Consumer<?, ?> consumer, Throwable why, int size) {
        if (Proxy.isProxyClass(consumer.getClass())
                && Proxy.getInvocationHandler(consumer) instanceof Gate gate) {
            gate.rolledBack = true;
            for (Throwable cause = why; cause != null; cause = cause.getCause()) {
                if (cause instanceof Guard.Expired) {
                    gate.limit = Math.max(1, size / 2);
                }
            }
        }
    }

    /** One consumer's; used by its poll thread only, as the consumer is. */
    private final class Gate implements InvocationHandler {
        private final Consumer<byte[], byte[]> consumer;
        private int limit = Integer.MAX_VALUE;
        private boolean rolledBack;

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

        private ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            if (!rolledBack && limit < Integer.MAX_VALUE / 2) {
                limit *= 2;
            }
            rolledBack = false;
            boolean waiting = pauseClosed();
            ConsumerRecords<byte[], byte[]> polled = consumer
                    .poll(waiting && timeout.compareTo(GLANCE) > 0 ? GLANCE : timeout);
            return polled.isEmpty() ? polled : admit(polled);
        }

        private boolean pauseClosed() {
            Set<TopicPartition> paused = consumer.paused();
            List<TopicPartition> toPause = new ArrayList<>();
            List<TopicPartition> toResume = new ArrayList<>();
            boolean waiting = false;
            for (TopicPartition partition : consumer.assignment()) {
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
