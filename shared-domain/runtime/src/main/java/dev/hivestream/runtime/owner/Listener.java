package dev.hivestream.runtime.owner;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.stream.config.ListenerContainerCustomizer;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.event.ConsumerStoppedEvent;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.AfterRollbackProcessor;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ListenerUtils;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.transaction.KafkaTransactionManager;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;

/**
 * Sets the binder's listener containers up so that a batch is decided once: hooks after the commit work, a batch that did
 * not end cleanly goes on from the group's stable committed offset, and a container that was fenced starts again, or whose
 * group does not know its consumers any more while these do not notice.
 */
public final class Listener implements ListenerContainerCustomizer<AbstractMessageListenerContainer<?, ?>> {

    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

    private final Duration shutdown;
    private volatile boolean closing;

    /** @param shutdown how long a stop waits for the batch in hand */
    public Listener(Duration shutdown) {
        this.shutdown = shutdown;
    }

    @Override
    @SuppressWarnings("unchecked")
    public void configure(AbstractMessageListenerContainer<?, ?> container, String destination, String group) {
        ContainerProperties properties = container.getContainerProperties();
        if (properties.getKafkaAwareTransactionManager() instanceof KafkaTransactionManager<?, ?> transactions) {
            transactions.setTransactionSynchronization(
                    AbstractPlatformTransactionManager.SYNCHRONIZATION_ON_ACTUAL_TRANSACTION);
            if (transactions.getProducerFactory() instanceof DefaultKafkaProducerFactory<?, ?> producers) {
                withoutLeftovers((DefaultKafkaProducerFactory<Object, Object>) producers);
            }
        }
        properties.setStopContainerWhenFenced(true);
        properties.setShutdownTimeout(shutdown.toMillis());
        ((AbstractMessageListenerContainer<byte[], byte[]>) container).setAfterRollbackProcessor(new ToStableOffset());
    }

    private static void withoutLeftovers(DefaultKafkaProducerFactory<Object, Object> producers) {
        synchronized (producers) {
            if (producers.getPostProcessors().stream().noneMatch(NoLeftovers.class::isInstance)) {
                producers.addPostProcessor(new NoLeftovers());
                // those that were made before
                producers.reset();
            }
        }
    }

    /** No consumer starts again while the application is being stopped. */
    @EventListener
    public void closing(ContextClosedEvent event) {
        closing = true;
    }

    /** A consumer that ended, and was not told to, starts again: fenced, or killed by an error. */
    @EventListener
    public void stopped(ConsumerStoppedEvent event) {
        if (event.getReason() != ConsumerStoppedEvent.Reason.NORMAL && !closing) {
            MessageListenerContainer container = event.getContainer(MessageListenerContainer.class);
            LOG.warn("The consumer of {} stopped ({}); restarting it", container.getListenerId(),
                    event.getReason());
            restart(container);
        }
    }

    /** Not on the consumer's own thread, which the stop waits for. */
    private void restart(MessageListenerContainer container) {
        if (!closing) {
            Thread.ofVirtual().name("restart").start(() -> {
                container.stop();
                if (!closing) {
                    container.start();
                }
            });
        }
    }

    /**
     * The failures of a consumer that its group does not know. One that was put out hears of it by its next heartbeat and
     * joins again; if its clock was set back it sends none until it is as late again, and would be in its successor's way
     * until then. Belongs to a consumer's thread.
     */
    private static final class Stranger {

        private static final long NOTICED_NANOS = Duration.ofSeconds(10).toNanos();

        private long first;
        private long last;
        private boolean any;

        /** Whether it will not notice by itself. */
        boolean failed() {
            long now = System.nanoTime();
            if (!any || now - last > NOTICED_NANOS) {
                first = now;
            }
            any = true;
            last = now;
            return now - first > NOTICED_NANOS;
        }
    }

    private final class ToStableOffset implements AfterRollbackProcessor<byte[], byte[]> {

        private static final long FIRST_BACK_OFF = 20;
        private static final long LAST_BACK_OFF = 2_000;

        private final ThreadLocal<Long> backOff = ThreadLocal.withInitial(() -> FIRST_BACK_OFF);
        private final ThreadLocal<Stranger> stranger = ThreadLocal.withInitial(Stranger::new);

        @Override
        public void processBatch(ConsumerRecords<byte[], byte[]> records,
                java.util.List<ConsumerRecord<byte[], byte[]>> list, Consumer<byte[], byte[]> consumer,
                MessageListenerContainer container, Exception exception, boolean recoverable,
                ContainerProperties.EOSMode eosMode) {
            Admission.rolledBack(consumer, exception, records);
            if (NestedExceptionUtils.getMostSpecificCause(exception) instanceof CommitFailedException
                    && stranger.get().failed()) {
                stranger.remove();
                LOG.warn(
                        "The consumer of {} was removed from its group without noticing; restarting it",
                        container.getListenerId());
                restart(container);
                // until it has stopped it goes on, and must not go on behind this batch
            }
            boolean found = false;
            while (!found && container.isRunning()) {
                pause(container);
                found = seek(consumer, records);
            }
        }

        @Override
        public void process(java.util.List<ConsumerRecord<byte[], byte[]>> records, Consumer<byte[], byte[]> consumer,
                MessageListenerContainer container, Exception exception, boolean recoverable,
                ContainerProperties.EOSMode eosMode) {
            throw new UnsupportedOperationException("Only batches are consumed");
        }

        @Override
        public void clearThreadState() {
            backOff.remove();
        }

        /** False if the broker does not answer; going on without would skip the batch. */
        private static boolean seek(Consumer<byte[], byte[]> consumer, ConsumerRecords<byte[], byte[]> records) {
            Set<TopicPartition> partitions = records.partitions();
            try {
                Set<TopicPartition> still = new java.util.HashSet<>(partitions);
                still.retainAll(consumer.assignment());
                Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(still);
                for (TopicPartition partition : still) {
                    OffsetAndMetadata offset = committed.get(partition);
                    if (offset == null) {
                        consumer.seekToBeginning(Set.of(partition));
                    } else {
                        consumer.seek(partition, offset);
                        if (offset.offset() > records.records(partition).getFirst().offset()) {
                            Admission.committed(consumer, Set.of(partition));
                        }
                    }
                }
                return true;
            } catch (KafkaException e) {
                LOG.warn("The committed offsets of {} are not known yet: {}", partitions, e.toString());
                return false;
            }
        }

        private void pause(MessageListenerContainer container) {
            long millis = backOff.get();
            backOff.set(Math.min(LAST_BACK_OFF, millis * 2));
            try {
                ListenerUtils.stoppableSleep(container, millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
