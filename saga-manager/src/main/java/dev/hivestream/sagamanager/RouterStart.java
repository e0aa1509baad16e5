package dev.hivestream.sagamanager;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.cloud.stream.binder.kafka.config.ClientFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.kafka.core.ConsumerFactory;

/**
 * Keeps the consumer of a router out of its group until {@link RouterOffsets} has prepared the group. A consumer joins its
 * group when it polls; until then a poll returns nothing. So the binding starts and stops as any other does. Readiness is
 * down until all routers have started.
 */
final class RouterStart implements ClientFactoryCustomizer, HealthIndicator, Ordered {

    private static final Logger LOG = LoggerFactory.getLogger(RouterStart.class);
    private static final Duration RETRY_DELAY = Duration.ofMillis(500);

    private final RouterOffsets offsets;
    private final List<RouterOffsets.Start> routers;
    /** What routers wait for, by saga. */
    private final Map<String, String> waiting = new ConcurrentHashMap<>();

    RouterStart(RouterOffsets offsets, List<RouterOffsets.Start> routers) {
        this.offsets = offsets;
        this.routers = List.copyOf(routers);
        routers.forEach(router -> waiting.put(router.saga(), "The consumer has not started"));
    }

    /** The other customizers see the consumer as it is when it has started. */
    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    @SuppressWarnings("unchecked")
    public void configure(ConsumerFactory<?, ?> factory) {
        Object group = factory.getConfigurationProperties().get(ConsumerConfig.GROUP_ID_CONFIG);
        List<RouterOffsets.Start> members = routers.stream().filter(router -> router.group().equals(group)).toList();
        if (!members.isEmpty()) {
            ((ConsumerFactory<byte[], byte[]>) factory)
                    .addPostProcessor(consumer -> (Consumer<byte[], byte[]>) Proxy.newProxyInstance(
                            Consumer.class.getClassLoader(), new Class<?>[]{Consumer.class},
                            new Gate(consumer, members)));
        }
    }

    @Override
    public Health health() {
        return (waiting.isEmpty() ? Health.up() : Health.down()).withDetail("waiting", Map.copyOf(waiting)).build();
    }

    private synchronized boolean prepare(RouterOffsets.Start router) {
        String reason;
        try {
            reason = offsets.prepare(router);
        } catch (InterruptException e) {
            throw e;
        } catch (KafkaException e) {
            reason = "The router of the saga '" + router.saga() + "' waits for the offsets of its consumer group: " + e;
        }
        if (reason == null) {
            waiting.remove(router.saga());
        } else if (!reason.equals(waiting.put(router.saga(), reason))) {
            LOG.warn("{}", reason);
        }
        return reason == null;
    }

    /** One consumer's; used by its poll thread only, as the consumer is. */
    private final class Gate implements InvocationHandler {
        private final Consumer<byte[], byte[]> consumer;
        private final List<RouterOffsets.Start> members;
        private boolean open;

        private Gate(Consumer<byte[], byte[]> consumer, List<RouterOffsets.Start> members) {
            this.consumer = consumer;
            this.members = members;
        }

        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
            if (!open && method.getName().equals("poll") && arguments != null) {
                open = members.stream().allMatch(RouterStart.this::prepare);
                if (!open) {
                    return nothing((Duration) arguments[0]);
                }
            }
            try {
                return method.invoke(consumer, arguments);
            } catch (InvocationTargetException e) {
                throw e.getTargetException();
            }
        }

        private static ConsumerRecords<byte[], byte[]> nothing(Duration timeout) {
            try {
                Thread.sleep(timeout.compareTo(RETRY_DELAY) < 0 ? timeout : RETRY_DELAY);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptException(e);
            }
            return ConsumerRecords.empty();
        }
    }
}
