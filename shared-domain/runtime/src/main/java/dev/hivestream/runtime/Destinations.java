package dev.hivestream.runtime;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.saga.ServedSagas;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * The topics that the app consumes follow from the aggregates or the sagas that it runs, and from {@code hive.consumes}
 * ({@code commands}, {@code events} or {@code sagas}): they are the default of the bindings' destinations. A destination that is configured stays.
 */
public final class Destinations implements EnvironmentPostProcessor {

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        if (environment.containsProperty("spring.kafka.ssl.bundle")) {
            throw new StartRefused("spring.kafka.ssl.bundle is set, and the Kafka binder does not take it. Set "
                    + "spring.kafka.ssl.trust-store-location and the other spring.kafka.ssl.* (docs/security.md)");
        }
        String consumes = environment.getProperty("hive.consumes", "commands");
        Map<String, Object> destinations = consumes.equals("sagas")
                ? ofSagas(names(environment, "hive.sagas"))
                : ofAggregates(names(environment, "hive.aggregates"), consumes.equals("events"));
        environment.getPropertySources().addLast(new MapPropertySource("hiveDestinations", destinations));
    }

    private static List<String> names(ConfigurableEnvironment environment, String property) {
        return Arrays.stream(environment.getProperty(property, String[].class, new String[0])).map(String::strip)
                .filter(name -> !name.isEmpty()).toList();
    }

    private static Map<String, Object> ofAggregates(List<String> names, boolean events) {
        Collection<Aggregate<?, ?, ?>> aggregates = ServedAggregates.choose(names);
        UnaryOperator<String> topic = events ? Topics::events : Topics::commands;
        return Map.of("spring.cloud.stream.bindings.input.destination",
                aggregates.stream().map(aggregate -> topic.apply(aggregate.name())).collect(Collectors.joining(",")),
                "spring.cloud.stream.bindings.output.destination",
                Topics.events(aggregates.iterator().next().name()));
    }

    private static Map<String, Object> ofSagas(List<String> names) {
        Collection<SagaType<?, ?, ?>> sagas = ServedSagas.choose(names);
        if (sagas.isEmpty()) {
            throw new StartRefused("No saga is on the class path: a domain declares its sagas in Domain.sagas()");
        }
        String routed = sagas.stream().flatMap(saga -> saga.aggregates().stream()).distinct().sorted()
                .flatMap(aggregate -> Stream.of(Topics.events(aggregate), Topics.results(aggregate)))
                .collect(Collectors.joining(","));
        String inboxes = sagas.stream().map(saga -> Topics.inbox(saga.name())).collect(Collectors.joining(","));
        String output = Topics.inbox(sagas.iterator().next().name());
        return Map.of("spring.cloud.stream.bindings.router.destination", routed,
                "spring.cloud.stream.bindings.routed.destination", output,
                "spring.cloud.stream.bindings.inbox.destination", inboxes,
                "spring.cloud.stream.bindings.output.destination", output);
    }
}
