package dev.hivestream.runtime;

import dev.hivestream.model.Aggregate;
import dev.hivestream.runtime.log.Topics;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * The topics that the app consumes follow from the aggregates that it runs, and from {@code hive.consumes}
 * ({@code commands} or {@code events}): they are the default of the bindings' destinations. A destination that is configured stays.
 */
public final class Destinations implements EnvironmentPostProcessor {

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        List<String> names = Arrays
                .stream(environment.getProperty("hive.aggregates", String[].class, new String[0]))
                .map(String::strip).filter(name -> !name.isEmpty()).toList();
        Collection<Aggregate<?, ?, ?>> aggregates = ServedAggregates.choose(names);
        UnaryOperator<String> topic = environment.getProperty("hive.consumes", "commands").equals("events")
                ? Topics::events
                : Topics::commands;
        String consumed = aggregates.stream().map(aggregate -> topic.apply(aggregate.name()))
                .collect(Collectors.joining(","));
        environment.getPropertySources().addLast(new MapPropertySource("hiveDestinations",
                Map.of("spring.cloud.stream.bindings.input.destination", consumed,
                        "spring.cloud.stream.bindings.output.destination",
                        Topics.events(aggregates.iterator().next().name()))));
    }
}
