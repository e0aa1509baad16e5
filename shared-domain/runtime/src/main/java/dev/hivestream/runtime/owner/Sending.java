package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.message.Outgoing;
import java.util.List;
import java.util.function.ToIntFunction;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.kafka.core.KafkaResourceHolder;
import org.springframework.messaging.Message;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Sends what a batch puts out. In a transaction of the Kafka binder it goes straight to the producer of that transaction:
 * through the output's channel each record would take longer than its decision. Otherwise the binding sends it.
 */
public final class Sending {

    private static final Logger LOG = LoggerFactory.getLogger(Sending.class);

    private Sending() {}

    /**
     * Sends records, in order; gives back those that the binding has to send.
     *
     * @param limits how many bytes a topic takes in one record; dead letters are cut to that
     */
    public static List<Message<byte[]>> send(List<Outgoing> records, ToIntFunction<String> limits) {
        Producer<byte[], byte[]> producer = producer();
        if (producer == null) {
            return records.stream().map(record -> record.fit(limits).message()).toList();
        }
        for (Outgoing record : records) {
            record.sent(producer.send(record.fit(limits).record()));
        }
        return List.of();
    }

    /**
     * Lets what was sent go to the broker now, and does not wait for it: nothing more comes in this transaction, and the
     * offsets can be committed meanwhile.
     */
    static void flush() {
        Producer<byte[], byte[]> producer = producer();
        if (producer != null) {
            Thread.ofVirtual().name("flush").start(() -> {
                try {
                    producer.flush();
                } catch (RuntimeException e) {
                    LOG.debug("The commit fails too, and tells", e);
                }
            });
        }
    }

    /** That of the listener's transaction. */
    @SuppressWarnings("unchecked")
    private static @Nullable Producer<byte[], byte[]> producer() {
        for (Object resource : TransactionSynchronizationManager.getResourceMap().values()) {
            if (resource instanceof KafkaResourceHolder<?, ?> holder) {
                return (Producer<byte[], byte[]>) holder.getProducer();
            }
        }
        return null;
    }
}
