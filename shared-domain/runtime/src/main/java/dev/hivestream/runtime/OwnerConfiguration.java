package dev.hivestream.runtime;

import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Guard;
import dev.hivestream.runtime.cache.InstanceClaim;
import dev.hivestream.runtime.domain.DomainThreads;
import dev.hivestream.runtime.domain.Exit;
import dev.hivestream.runtime.log.CatchUp;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.owner.Admission;
import dev.hivestream.runtime.owner.Attempt;
import dev.hivestream.runtime.owner.Listener;
import dev.hivestream.runtime.owner.Ownership;
import dev.hivestream.runtime.owner.RollbackLogFilter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** For an app that owns partitions, which decides on them alone. Such an app imports it. */
@Configuration(proxyBeanMethods = false)
public class OwnerConfiguration {

    private static final String TRANSACTION_TIMEOUT = "spring.cloud.stream.kafka.binder.transaction.producer.configuration.transaction.timeout.ms";

    private static final String MAX_REQUEST = "spring.cloud.stream.kafka.binder.transaction.producer.configuration.max.request.size";

    @Bean
    @ConditionalOnMissingBean
    Ownership ownership(FoldedLogs served, CatchUp catchUp, Cache cache, HiveProperties properties) {
        return new Ownership(served.byName(), catchUp, cache, properties.catchUp().watch(),
                properties.decide().hotBytes());
    }

    @Bean
    HealthIndicator hiveHealthIndicator(Ownership ownership, Outages outages, CatchUp catchUp) {
        return new HiveHealth(ownership, outages, catchUp.violations());
    }

    @Bean
    @ConditionalOnMissingBean
    InstanceClaim instanceClaim(RedisConnectionFactory connections, HiveProperties properties,
            Environment environment) {
        return new InstanceClaim(connections, environment.getRequiredProperty("spring.application.name"),
                properties.instance(), "process " + ProcessHandle.current().pid() + " on " + HostName.current(),
                InstanceClaim.RENEWED_EVERY);
    }

    @Bean
    HealthIndicator instanceHealthIndicator(HiveProperties properties, InstanceClaim claim) {
        return new InstanceHealth(properties, claim);
    }

    /** What the app counts with is a bean of its own. */
    @Bean
    @ConditionalOnMissingBean
    Attempt.Parts attempt(Ownership ownership, Guard guard, Cache cache, HiveProperties properties,
            Attempt.Watcher watcher, Environment environment, DomainThreads threads, Topics topics,
            FoldedLogs logs) {
        int request = environment.getProperty(MAX_REQUEST, Integer.class, 1024 * 1024);
        long message = properties.maxMessage().toBytes();
        long wanted = logs.byName().values().stream().anyMatch(Folded::recordsInput)
                ? Topics.historyBytes(message)
                : message + Outgoing.OVERHEAD_BYTES;
        if (request < wanted) {
            throw new StartRefused("max.request.size of the producer is " + request + " and hive.max-message is "
                    + properties.maxMessage() + "; set " + MAX_REQUEST + " to " + wanted + " or more");
        }
        // what is left of the transaction's time is for the commit
        Duration transaction = Duration.ofMillis(environment.getProperty(TRANSACTION_TIMEOUT, Long.class, 60_000L));
        return new Attempt.Parts(ownership, guard, cache, properties.lock().scope(), watcher,
                transaction.multipliedBy(4).dividedBy(5), threads,
                topic -> Math.min(request, topics.limit(topic)));
    }

    /** What ends the process is a bean of its own. */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    DomainThreads domainThreads(HiveProperties properties, Exit exit) {
        return new DomainThreads(properties.decideTimeout(), exit::end);
    }

    @Bean
    @ConditionalOnMissingBean
    Exit exit() {
        return Exit.OF_THE_PROCESS;
    }

    @Bean
    @ConditionalOnMissingBean
    Admission admission(Ownership ownership) {
        return new Admission(ownership);
    }

    @Bean
    @ConditionalOnMissingBean
    Listener listener(HiveProperties properties) {
        return new Listener(properties.shutdown());
    }

    @Bean
    RollbackLogFilter rollbackLogFilter() {
        return RollbackLogFilter.install();
    }

    @Bean
    MeterBinder stalledPartitions(Ownership ownership) {
        return meters -> Gauge
                .builder("hive.partitions.stalled", ownership, owned -> owned.progress().stalled().size())
                .description("Partitions whose batches are rolled back repeatedly").register(meters);
    }

    @Bean
    Preflight preflight(FoldedLogs served, Topics topics, Cache cache) {
        return new Preflight(served, topics, cache);
    }

    @Bean
    static PatientBindings patientBindings(ObjectProvider<Preflight> preflight) {
        return new PatientBindings(preflight);
    }
}
