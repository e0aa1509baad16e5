package dev.hivestream.runtime;

import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Generations;
import dev.hivestream.runtime.cache.Guard;
import dev.hivestream.runtime.cache.Keys;
import dev.hivestream.runtime.cache.LocksTogether;
import dev.hivestream.runtime.log.CatchUp;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.RawHeaders;
import dev.hivestream.runtime.message.RecordBatches;
import dev.hivestream.runtime.trace.Traces;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.resource.Delay;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.integration.redis.util.RedisLockRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.KafkaAdmin;

/** What all apps share, each part replaceable by a bean of the same type. */
@AutoConfiguration(afterName = {"org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration",
        "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration"})
@EnableConfigurationProperties(HiveProperties.class)
public class HiveAutoConfiguration {

    /** A step of the log is some megabytes. */
    private static final int FETCHED_AT_ONCE = 4 * 1024 * 1024;

    @Bean
    @ConditionalOnMissingBean
    Clock clock() {
        return Clock.systemUTC();
    }

    @Bean
    @ConditionalOnMissingBean
    ServedAggregates servedAggregates(HiveProperties properties) {
        Map<String, Served<?, ?, ?>> served = new LinkedHashMap<>();
        ServedAggregates.choose(properties.aggregates())
                .forEach(aggregate -> served.put(aggregate.name(), Served.of(aggregate)));
        return new ServedAggregates(served);
    }

    @Bean
    @ConditionalOnMissingBean
    FoldedLogs foldedLogs(ServedAggregates served) {
        return new FoldedLogs(Map.copyOf(served.byName()));
    }

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    Admin hiveAdmin(KafkaAdmin admin) {
        return Admin.create(admin.getConfigurationProperties());
    }

    @Bean
    @ConditionalOnMissingBean
    Topics topics(HiveProperties properties, Admin admin) {
        return new Topics(properties, admin);
    }

    @Bean
    @ConditionalOnMissingBean
    LettuceClientOptionsBuilderCustomizer failFastWithoutRedis() {
        // a command that waits in a queue for a lost connection is a command that nobody waits for any more
        return options -> options.disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(SocketOptions.builder().connectTimeout(Duration.ofSeconds(1)).build());
    }

    @Bean
    @ConditionalOnMissingBean
    ClientResourcesBuilderCustomizer soonBackWithRedis() {
        // by default the attempts to connect again get rarer, up to 30 s apart
        return resources -> resources.reconnectDelay(Delay.constant(Duration.ofMillis(500)));
    }

    @Bean
    @ConditionalOnMissingBean
    Cache cache(RedisConnectionFactory connections, HiveProperties properties) {
        return new Cache(connections, properties.results());
    }

    @Bean
    @ConditionalOnMissingBean
    Generations generations(RedisConnectionFactory connections) {
        return new Generations(connections);
    }

    @Bean(destroyMethod = "destroy")
    @ConditionalOnMissingBean
    RedisLockRegistry redisLockRegistry(RedisConnectionFactory connections, HiveProperties properties) {
        RedisLockRegistry registry = new RedisLockRegistry(connections, Keys.LOCKS, properties.lock().ttl());
        registry.setRedisLockType(RedisLockRegistry.RedisLockType.SPIN_LOCK);
        registry.setIdleBetweenTries(properties.lock().retryDelay());
        registry.setExecutor(Runnable::run);
        return registry;
    }

    @Bean
    @ConditionalOnMissingBean
    Guard guard(RedisLockRegistry registry, RedisConnectionFactory connections, HiveProperties properties) {
        HiveProperties.Lock lock = properties.lock();
        return new Guard(registry, new LocksTogether(connections, Keys.LOCKS, lock.ttl(), lock.retryDelay()),
                lock.ttl(), lock.driftFactor());
    }

    @Bean
    @ConditionalOnMissingBean
    Replay replay(Cache cache, ConsumerFactory<?, ?> consumers, HiveProperties properties, Admin admin) {
        Map<String, Object> settings = new HashMap<>(consumers.getConfigurationProperties());
        settings.keySet().removeAll(java.util.List.of(ConsumerConfig.GROUP_ID_CONFIG,
                ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG));
        settings.putAll(Map.of(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none", ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG, properties.catchUp().step(),
                ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCHED_AT_ONCE, ConsumerConfig.FETCH_MAX_BYTES_CONFIG,
                2 * FETCHED_AT_ONCE,
                // closing waits for the fetch that waits at the end of the log
                ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20));
        return new Replay(cache,
                () -> new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
                properties, admin);
    }

    @Bean
    @ConditionalOnMissingBean
    CatchUp catchUp(Cache cache, Topics topics, Admin admin, Replay replay, FoldedLogs served,
            HiveProperties properties, MeterRegistry meters) {
        int slots = served.byName().size() * properties.partitions();
        return new CatchUp(cache, topics, admin, replay, properties.catchUp().memory().toBytes() / slots, meters);
    }

    @Bean
    static ConnectionLogFilter connectionLogFilter() {
        return ConnectionLogFilter.install();
    }

    @Bean
    @ConditionalOnMissingBean
    Outages outages(Admin admin, Cache cache) {
        return new Outages(admin, cache);
    }

    @Bean
    @ConditionalOnMissingBean
    Traces traces(ObjectProvider<Tracer> tracer, ObjectProvider<Propagator> propagator) {
        return new Traces(tracer.getIfAvailable(() -> Tracer.NOOP), propagator.getIfAvailable(() -> Propagator.NOOP));
    }

    @Bean
    RawHeaders hiveHeaders() {
        return new RawHeaders();
    }

    @Bean
    RecordBatches hiveBatches() {
        return RecordBatches.asPolled();
    }
}
