package dev.hivestream.runtime.letter;

import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.message.Outgoing;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.ProducerFactory;

/** For an app through which people get at dead letters. Such an app imports it. */
@Configuration(proxyBeanMethods = false)
public class LetterConfiguration {

    @Bean
    @ConditionalOnMissingBean
    DeadLetters deadLetters(FoldedLogs logs, Admin admin, ConsumerFactory<?, ?> consumers,
            ProducerFactory<?, ?> producers, HiveProperties properties, Clock clock) {
        return of(logs, admin, consumers.getConfigurationProperties(), producers.getConfigurationProperties(),
                properties, clock);
    }

    @Bean
    DeadLettersEndpoint deadLettersEndpoint(DeadLetters letters) {
        return new DeadLettersEndpoint(letters);
    }

    static DeadLetters of(FoldedLogs logs, Admin admin, Map<String, Object> consumers, Map<String, Object> producers,
            HiveProperties properties, Clock clock) {
        Map<String, Object> reading = new HashMap<>(consumers);
        reading.remove(ConsumerConfig.GROUP_ID_CONFIG);
        reading.putAll(Map.of(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none", ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
                // closing waits for the fetch that waits at the end
                ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20));
        Map<String, Object> writing = new HashMap<>(producers);
        writing.putAll(Map.of(ProducerConfig.ACKS_CONFIG, "all", ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true,
                ProducerConfig.LINGER_MS_CONFIG, 5, ProducerConfig.MAX_BLOCK_MS_CONFIG, 15_000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 10_000, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000,
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 10_000, ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                Outgoing.DEAD_LETTER_BYTES));
        return new DeadLetters(logs, admin,
                () -> new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer()), id -> {
                    Map<String, Object> own = new HashMap<>(writing);
                    own.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
                    return new KafkaProducer<>(own, new ByteArraySerializer(), new ByteArraySerializer());
                }, properties, clock);
    }
}
