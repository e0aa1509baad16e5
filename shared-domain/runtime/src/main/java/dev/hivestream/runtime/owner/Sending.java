package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.message.Outgoing;
import java.util.List;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.KafkaResourceHolder;
import org.springframework.messaging.Message;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Sends what a batch puts out. In a transaction of the Kafka binder it goes straight to the producer of that transaction:
 * through the output's channel each record would take longer than its decision. Otherwise the binding sends it.
 */
public final class Sending {

    private Sending() {}

    /** Sends records, in order; gives back those that the binding has to send. */
    public static List<Message<byte[]>> send(List<Outgoing> records) {
        Producer<byte[], byte[]> producer = producer();
        if (producer == null) {
            return records.stream().map(Outgoing::message).toList();
        }
        for (Outgoing record : records) {
            record.sent(producer.send(record.record()));
        }
        return List.of();
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
