package dev.hivestream.sagamanager;

import dev.hivestream.runtime.Destinations;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.OwnerConfiguration;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.letter.LetterConfiguration;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.RecordBatches;
import dev.hivestream.runtime.owner.Attempt;
import dev.hivestream.runtime.owner.Ownership;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import dev.hivestream.runtime.trace.Traces;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.cloud.stream.config.BindingServiceProperties;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.messaging.Message;

/** The functions {@code react} and, for each saga, {@code route-<saga>}, and what they work with. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(SagaProperties.class)
@Import({OwnerConfiguration.class, LetterConfiguration.class, Routers.class})
class SagaManagerConfiguration {

    @Bean
    CommittedInboxes committedInboxes(Admin admin, BindingServiceProperties bindings, HiveProperties properties) {
        return new CommittedInboxes(admin, bindings.getGroup("inbox"), properties.partitions());
    }

    @Bean
    Function<Message<List<byte[]>>, List<Message<byte[]>>> react(ServedSagas sagas, Attempt.Parts attempt,
            HiveProperties properties, SagaProperties ofSagas, Clock clock, SagaMeters meters, Traces traces) {
        InboxPart.Rules rules = new InboxPart.Rules(properties, ofSagas.earlyMessages().keep(), clock, meters, traces);
        return new ReactToEvents(attempt, owned -> {
            String saga = owned.slot().aggregate();
            return new InboxPart<>(Objects.requireNonNull(sagas.byName().get(saga), saga), owned, rules);
        });
    }

    @Bean
    ServedSagas servedSagas(HiveProperties properties, SagaProperties ofSagas) {
        SagaProperties.EarlyMessages early = ofSagas.earlyMessages();
        return ServedSagas.of(ServedSagas.choose(properties.sagas()), properties.partitions(), new Reactor.Limits(
                properties.maxMessage().toBytes(), early.limit(), early.bytes().toBytes(), early.keep(),
                ofSagas.heldMessages().limit(), ofSagas.heldMessages().bytes().toBytes()));
    }

    @Bean
    FoldedLogs foldedLogs(ServedSagas sagas) {
        return new FoldedLogs(Map.copyOf(sagas.byName()));
    }

    @Bean
    SagaMeters sagaMeters(MeterRegistry meters) {
        return new SagaMeters(meters);
    }

    /** Also a health indicator: a router that waits takes readiness down. */
    @Bean
    RouterStart routersHealthIndicator(ServedSagas sagas, HiveProperties properties, Admin admin,
            Environment environment) {
        String bindings = RouterBindings.BINDINGS;
        RouterOffsets offsets = new RouterOffsets(admin, environment.getRequiredProperty(bindings + "router.group"),
                properties.partitions());
        return new RouterStart(offsets, sagas.byName().values().stream()
                .filter(saga -> environment.getProperty(
                        bindings + Destinations.router(saga.name()) + ".consumer.auto-startup", Boolean.class, true))
                .map(saga -> start(saga, environment)).toList());
    }

    private static RouterOffsets.Start start(ServedSaga<?, ?, ?> saga, Environment environment) {
        String binding = Destinations.router(saga.name());
        return new RouterOffsets.Start(saga.name(), Destinations.routerTopics(saga.type()),
                environment.getRequiredProperty(RouterBindings.BINDINGS + binding + ".group"),
                "latest".equalsIgnoreCase(environment
                        .getProperty(RouterBindings.KAFKA_BINDINGS + binding + ".consumer.start-offset")));
    }

    @Bean
    RecordBatches hiveMergedBatches() {
        return RecordBatches.mergedByTimestamp();
    }

    @Bean
    Inbox sagaInbox(ProducerFactory<?, ?> producers, HiveProperties properties, Clock clock) {
        Map<String, Object> settings = new HashMap<>(producers.getConfigurationProperties());
        settings.putAll(Map.of(ProducerConfig.ACKS_CONFIG, "all", ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true,
                ProducerConfig.LINGER_MS_CONFIG, 5, ProducerConfig.MAX_BLOCK_MS_CONFIG, 2_000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 10_000, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000));
        return new Inbox(new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer()),
                properties.partitions(), clock);
    }

    @Bean
    HeldMessages heldMessages(Inbox inbox, Replay replay) {
        return new HeldMessages(inbox, replay);
    }

    @Bean
    Deadlines deadlines(ServedSagas sagas, Ownership ownership, Cache cache, Inbox inbox, HeldMessages held,
            Clock clock, SagaMeters meters, SagaProperties properties) {
        return new Deadlines(sagas, ownership, cache, inbox, held, clock, meters, properties);
    }

    @Bean
    Instances instances(ServedSagas sagas, Topics topics, Cache cache, Replay replay, HiveProperties properties) {
        return new Instances(sagas, topics, cache, replay, properties);
    }

    @Bean
    SagasEndpoint sagasEndpoint(ServedSagas sagas, Instances instances, Inbox inbox) {
        return new SagasEndpoint(sagas, instances, inbox);
    }

    @Bean
    SagaDiagramsEndpoint sagaDiagramsEndpoint(ServedSagas sagas) {
        return new SagaDiagramsEndpoint(sagas);
    }

    @Bean
    SagaGauges sagaGauges(ServedSagas sagas, Ownership ownership, Cache cache) {
        return new SagaGauges(sagas, ownership, cache);
    }
}
