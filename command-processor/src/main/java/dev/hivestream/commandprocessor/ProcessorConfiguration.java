package dev.hivestream.commandprocessor;

import dev.hivestream.commandprocessor.http.Gateway;
import dev.hivestream.commandprocessor.http.HttpProperties;
import dev.hivestream.commandprocessor.http.Reflections;
import dev.hivestream.commandprocessor.http.Results;
import dev.hivestream.commandprocessor.http.States;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Outages;
import dev.hivestream.runtime.OwnerConfiguration;
import dev.hivestream.runtime.ServedAggregates;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.letter.LetterConfiguration;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.owner.Attempt;
import dev.hivestream.runtime.owner.Ownership;
import dev.hivestream.runtime.trace.Traces;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.messaging.Message;

/** The function bean, and what it works with. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HttpProperties.class)
@Import({OwnerConfiguration.class, LetterConfiguration.class})
class ProcessorConfiguration {

    @Bean
    Function<Message<List<byte[]>>, List<Message<byte[]>>> process(ServedAggregates served, Attempt.Parts attempt,
            HiveProperties properties, Clock clock, Outcomes outcomes, Traces traces, Gateway gateway) {
        Part.Rules rules = new Part.Rules(properties, clock, outcomes, traces, gateway::answered);
        return new ProcessCommands(attempt, owned -> {
            String aggregate = owned.slot().aggregate();
            return new Part<>(Objects.requireNonNull(served.byName().get(aggregate), aggregate), owned, rules);
        });
    }

    @Bean
    Outcomes outcomes(MeterRegistry meters, Reflections reflections) {
        return new Outcomes(meters, reflections);
    }

    @Bean
    States states(ServedAggregates served, Topics topics, Cache cache, HiveProperties properties,
            Ownership ownership) {
        return new States(served, topics, cache, properties, ownership::damaged);
    }

    @Bean
    Reflections reflections(States states) {
        return new Reflections(states);
    }

    @Bean
    Gateway gateway(ServedAggregates served, HiveProperties properties, HttpProperties http, Outages outages,
            Ownership ownership, Reflections reflections, Clock clock, ProducerFactory<?, ?> producers,
            ConsumerFactory<?, ?> consumers) {
        Map<String, Object> settings = new HashMap<>(producers.getConfigurationProperties());
        settings.putAll(Map.of(ProducerConfig.ACKS_CONFIG, "all", ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true,
                ProducerConfig.LINGER_MS_CONFIG, 0, ProducerConfig.MAX_BLOCK_MS_CONFIG, 2_000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) http.publishTimeout().toMillis(),
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000));
        return new Gateway(served, properties, http, outages, ownership::isOpen, reflections, clock,
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer()),
                resultConsumers(consumers));
    }

    /** Part of readiness: a gateway that cannot take commands is not ready. */
    @Bean
    HealthIndicator gatewayHealthIndicator(Gateway gateway) {
        return () -> {
            String unable = gateway.unable();
            return unable == null ? Health.up().build() : Health.down().withDetail("reason", unable).build();
        };
    }

    @Bean
    Results results(Cache cache, States states, HiveProperties properties, ConsumerFactory<?, ?> consumers) {
        return new Results(cache, states, properties, resultConsumers(consumers));
    }

    private static Supplier<Consumer<byte[], byte[]>> resultConsumers(ConsumerFactory<?, ?> consumers) {
        Map<String, Object> settings = new HashMap<>(consumers.getConfigurationProperties());
        settings.remove(ConsumerConfig.GROUP_ID_CONFIG);
        settings.putAll(Map.of(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest", ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5_000));
        return () -> new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
