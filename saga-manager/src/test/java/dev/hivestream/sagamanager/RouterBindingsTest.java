package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.cloud.stream.binder.kafka.properties.KafkaBindingProperties;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** With the sagas of the samples. */
class RouterBindingsTest {

    private static final String BINDINGS = "spring.cloud.stream.bindings.";
    private static final String KAFKA = "spring.cloud.stream.kafka.bindings.";

    private final StandardEnvironment environment = new StandardEnvironment();

    @Test
    void each_saga_has_a_function_with_bindings_and_a_group_of_its_own() {
        add("defaults", Map.of(BINDINGS + "router.group", "saga-router", BINDINGS + "router.destination", "all"));
        process();
        assertThat(List.of(property("spring.cloud.function.definition").split(";"))).containsExactlyInAnyOrder(
                "route-money-transfer", "route-publication", "react");
        assertThat(property("spring.cloud.stream.function.bindings.route-publication-in-0"))
                .isEqualTo("router-publication");
        assertThat(property("spring.cloud.stream.function.bindings.route-publication-out-0"))
                .isEqualTo("routed-publication");
        assertThat(property(BINDINGS + "router-publication.group")).isEqualTo("saga-router-publication");
        assertThat(property(BINDINGS + "router-money-transfer.group")).isEqualTo("saga-router-money-transfer");
        assertThat(environment.containsProperty(BINDINGS + "router-publication.destination")).isFalse();
    }

    @Test
    void only_the_sagas_that_are_named_have_one_however_the_list_is_written() {
        add("defaults", Map.of("hive.sagas[0]", "publication", BINDINGS + "router.group", "mine"));
        process();
        assertThat(property("spring.cloud.function.definition")).isEqualTo("route-publication;react");
        assertThat(property(BINDINGS + "router-publication.group")).isEqualTo("mine-publication");
    }

    @Test
    void what_is_set_for_all_routers_applies_to_each_with_the_precedence_that_it_has() {
        add("defaults", Map.of("hive.sagas", "money-transfer", KAFKA + "router.consumer.start-offset", "earliest",
                KAFKA + "router.consumer.configuration.max.poll.records", "5000",
                KAFKA + "router.consumer.configuration.session.timeout.ms", "15000"));
        addFirst("arguments", Map.of(KAFKA + "router.consumer.startOffset", "latest",
                KAFKA + "router.consumer.configuration.max.poll.records", "7"));
        process();
        KafkaBindingProperties router = kafka("router-money-transfer");
        assertThat(router.getConsumer().getStartOffset()).hasToString("latest");
        assertThat(router.getConsumer().getConfiguration()).containsEntry("max.poll.records", "7")
                .containsEntry("session.timeout.ms", "15000");
    }

    @Test
    void environment_variables_apply_to_each_router_too() {
        add("defaults", Map.of("hive.sagas", "money-transfer", BINDINGS + "router.group", "saga-router",
                KAFKA + "router.consumer.start-offset", "earliest", BINDINGS + "router.consumer.concurrency", "1"));
        Map<String, Object> variables = new HashMap<>(
                Map.of("SPRING_CLOUD_STREAM_KAFKA_BINDINGS_ROUTER_CONSUMER_STARTOFFSET", "latest",
                        "SPRING_CLOUD_STREAM_BINDINGS_ROUTER_CONSUMER_CONCURRENCY", "3",
                        "SPRING_CLOUD_STREAM_BINDINGS_ROUTER_GROUP", "mine"));
        environment.getPropertySources().replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                new SystemEnvironmentPropertySource(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        variables));
        process();
        assertThat(kafka("router-money-transfer").getConsumer().getStartOffset()).hasToString("latest");
        assertThat(bound(BINDINGS + "router-money-transfer.consumer.concurrency")).isEqualTo("3");
        assertThat(bound(BINDINGS + "router-money-transfer.group")).isEqualTo("mine-money-transfer");
    }

    @Test
    void what_is_set_for_one_router_takes_precedence() {
        add("defaults", Map.of(BINDINGS + "router.group", "saga-router", BINDINGS + "router-publication.group", "own",
                KAFKA + "router-publication.consumer.start-offset", "latest"));
        addFirst("arguments", Map.of(KAFKA + "router.consumer.start-offset", "earliest"));
        process();
        assertThat(kafka("router-publication").getConsumer().getStartOffset()).hasToString("latest");
        assertThat(property(BINDINGS + "router-publication.group")).isEqualTo("own");
        assertThat(kafka("router-money-transfer").getConsumer().getStartOffset()).hasToString("earliest");
    }

    private void add(String name, Map<String, Object> properties) {
        environment.getPropertySources().addLast(new MapPropertySource(name, properties));
    }

    private void addFirst(String name, Map<String, Object> properties) {
        environment.getPropertySources().addFirst(new MapPropertySource(name, properties));
    }

    private void process() {
        new RouterBindings().postProcessEnvironment(environment, new SpringApplication());
    }

    private String property(String name) {
        return environment.getRequiredProperty(name);
    }

    private String bound(String name) {
        return Binder.get(environment).bind(name, String.class).get();
    }

    private KafkaBindingProperties kafka(String binding) {
        return Binder.get(environment).bind(KAFKA + binding, KafkaBindingProperties.class).get();
    }
}
