package dev.hivestream.runtime.owner;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.stream.binder.kafka.config.ClientFactoryCustomizer;
import org.springframework.kafka.core.ProducerFactory;

/**
 * Where the binder's producers appended last in each partition. Their callbacks have run when a commit returns, so after
 * a commit the position behind its events is known here. Thread-safe.
 */
public final class Appended implements ClientFactoryCustomizer {

    private static final String SELF = "hive.appended";

    private final Map<TopicPartition, Long> last = new ConcurrentHashMap<>();

    /** The position behind the last record appended, or -1 if there was none. */
    public long next(TopicPartition partition) {
        return last.getOrDefault(partition, -2L) + 1;
    }

    @Override
    public void configure(ProducerFactory<?, ?> factory) {
        factory.updateConfigs(
                Map.of(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, List.of(Watch.class.getName()), SELF, this));
    }

    /** Made by each producer; tells its {@link Appended}. */
    public static final class Watch implements ProducerInterceptor<byte[], byte[]> {

        private @Nullable Appended appended;

        @Override
        public void configure(Map<String, ?> configs) {
            appended = (Appended) configs.get(SELF);
        }

        @Override
        public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> message) {
            return message;
        }

        @Override
        public void onAcknowledgement(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
            if (exception == null && metadata != null && metadata.hasOffset() && appended != null) {
                appended.last.put(new TopicPartition(metadata.topic(), metadata.partition()), metadata.offset());
            }
        }

        @Override
        public void close() {
            // holds nothing
        }
    }
}
