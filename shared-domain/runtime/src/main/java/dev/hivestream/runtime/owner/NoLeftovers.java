package dev.hivestream.runtime.owner;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.errors.ApiException;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.ProducerPostProcessor;

/**
 * Keeps a producer that failed to commit offsets in a transaction from being used again. Kafka's client (4.2) keeps the
 * offsets of a commit that it gave up because the transaction had failed already, and adds them to those of the next
 * transaction: records of the aborted batch, of whatever consumer, would count as consumed and be lost. A producer that is
 * begun with after that throws, upon which its factory puts another in its place.
 */
final class NoLeftovers implements ProducerPostProcessor<Object, Object> {

    /** The transaction cannot be begun with this producer; the next one has another. Has no stack trace. */
    static final class Spoiled extends ApiException {
        private static final long serialVersionUID = 1L;

        Spoiled(Throwable cause) {
            super("A transaction of this producer failed while offsets were committed (" + cause
                    + "); another producer takes its place");
        }
    }

    @Override
    @SuppressWarnings("unchecked")
    public Producer<Object, Object> apply(Producer<Object, Object> producer) {
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        return (Producer<Object, Object>) Proxy.newProxyInstance(Producer.class.getClassLoader(),
                new Class<?>[]{Producer.class}, (_, method, arguments) -> {
                    Throwable before = failure.get();
                    if (before != null && method.getName().equals("beginTransaction")) {
                        throw new Spoiled(before);
                    }
                    try {
                        return method.invoke(producer, arguments);
                    } catch (InvocationTargetException e) {
                        if (method.getName().equals("sendOffsetsToTransaction")) {
                            failure.set(e.getCause());
                        }
                        throw e.getCause();
                    }
                });
    }
}
