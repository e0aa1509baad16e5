package dev.hivestream.runtime;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.saga.ServedSagas;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;

/**
 * The topics that the app consumes follow from the aggregates or the sagas that it runs, and from {@code hive.consumes}
 * ({@code commands}, {@code events} or {@code sagas}): they are the bindings' destinations. Who sets a destination, as
 * Spring Cloud Data Flow does, has to set the same; anything else ends the start, for such a topic has none of what the
 * app is for.
 */
public final class Destinations implements EnvironmentPostProcessor {

    private static final String BINDINGS = "spring.cloud.stream.bindings.";
    private static final String DESTINATION = ".destination";

    /** The binding with which the router of a saga consumes. */
    public static String router(String saga) {
        return "router-" + saga;
    }

    /** The binding with which the router of a saga produces. */
    public static String routed(String saga) {
        return "routed-" + saga;
    }

    /**
     * The sagas that the app runs.
     *
     * @throws StartRefused if there is no domain, or no saga of a configured name
     */
    public static Collection<SagaType<?, ?, ?>> sagas(Environment environment) {
        return ServedSagas.choose(names(environment, "hive.sagas"));
    }

    /** The topics that the router of a saga consumes. */
    public static List<String> routerTopics(SagaType<?, ?, ?> saga) {
        return saga.aggregates().stream().sorted()
                .flatMap(aggregate -> Stream.of(Topics.events(aggregate), Topics.results(aggregate))).toList();
    }

    /** A list may be written as one, or as text with commas. */
    private static List<String> names(Environment environment, String property) {
        return Binder.get(environment).bind(property, Bindable.listOf(String.class)).orElse(List.of()).stream()
                .map(String::strip).filter(name -> !name.isEmpty()).toList();
    }

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        if (environment.containsProperty("spring.kafka.ssl.bundle")) {
            throw new StartRefused("spring.kafka.ssl.bundle is set, and the Kafka binder does not take it. Set "
                    + "spring.kafka.ssl.trust-store-location and the other spring.kafka.ssl.* (docs/security.md)");
        }
        Map<String, Object> destinations = new Bound(environment).destinations();
        environment.getPropertySources().addLast(new MapPropertySource("hiveDestinations", destinations));
    }

    /** One environment's. */
    private record Bound(ConfigurableEnvironment environment) {

        private Map<String, Object> destinations() {
            return switch (environment.getProperty("hive.consumes", "commands")) {
                case "sagas" -> ofSagas(sagas(environment));
                case "events" -> ofLogs();
                default -> ofCommands(aggregates());
            };
        }

        private Map<String, Object> ofCommands(List<String> aggregates) {
            String instead = aggregates.size() == 1
                    ? "':%s > %s --hive.aggregates=%s > :%s'".formatted(Topics.commands(aggregates.getFirst()), label(),
                            aggregates.getFirst(), Topics.events(aggregates.getFirst()))
                    : registered("--hive.aggregates=" + String.join(",", aggregates));
            List<String> events = topics(aggregates, Topics::events);
            return Map.of(property("input"), all("input", topics(aggregates, Topics::commands), instead),
                    property("output"), one("output", events, instead));
        }

        /** Sagas if they are named; then without the aggregates, unless some are named, too. */
        private Map<String, Object> ofLogs() {
            List<String> sagas = names(environment, "hive.sagas");
            List<String> aggregates = sagas.isEmpty() || !names(environment, "hive.aggregates").isEmpty()
                    ? aggregates()
                    : List.of();
            List<String> logs = new ArrayList<>(topics(aggregates, Topics::events));
            logs.addAll(topics(sagas, Topics::history));
            String options = (aggregates.isEmpty() ? "" : " --hive.aggregates=" + String.join(",", aggregates))
                    + (sagas.isEmpty() ? "" : " --hive.sagas=" + String.join(",", sagas));
            String instead = logs.size() == 1
                    ? "':%s > %s%s --hive.rebuild.follow=true'".formatted(logs.getFirst(), label(), options)
                    : registered("--hive.rebuild.follow=true" + options);
            return Map.of(property("input"), all("input", logs, instead));
        }

        private Map<String, Object> ofSagas(Collection<SagaType<?, ?, ?>> sagas) {
            if (sagas.isEmpty()) {
                throw new StartRefused("No saga is on the class path: a domain declares its sagas in Domain.sagas()");
            }
            List<String> names = sagas.stream().map(SagaType::name).toList();
            String instead = registered("--hive.sagas=" + String.join(",", names));
            String piped = environment.getProperty(property("input"));
            if (piped != null) {
                throw new StartRefused(property("input") + " is '" + piped
                        + "': a saga-manager reads the events and results of several aggregates, and has no such binding"
                        + ". Leave it out" + inDataFlow(instead));
            }
            List<String> routed = sagas.stream().map(Destinations::routerTopics).flatMap(List::stream).distinct()
                    .sorted()
                    .toList();
            List<String> inboxes = topics(names, Topics::inbox);
            Map<String, Object> destinations = new HashMap<>();
            // no binding: what is set for it is set for the bindings of all routers
            destinations.put(property("router"), all("router", routed, instead));
            destinations.put(property("routed"), one("routed", inboxes, instead));
            for (SagaType<?, ?, ?> saga : sagas) {
                String router = router(saga.name());
                String output = routed(saga.name());
                destinations.put(property(router), all(router, routerTopics(saga), instead));
                destinations.put(property(output), one(output, List.of(Topics.inbox(saga.name())), instead));
            }
            destinations.put(property("inbox"), all("inbox", inboxes, instead));
            destinations.put(property("output"), one("output", inboxes, instead));
            return destinations;
        }

        /** What a binding consumes: all of the topics. */
        private String all(String binding, List<String> topics, String instead) {
            List<String> set = set(binding);
            if (set != null && !Set.copyOf(set).equals(Set.copyOf(topics))) {
                throw refuse(binding, set, topics, instead);
            }
            return String.join(",", topics);
        }

        /** Where an output begins; each message names its own topic. */
        private String one(String binding, List<String> topics, String instead) {
            List<String> set = set(binding);
            if (set != null && !(set.size() == 1 && topics.contains(set.getFirst()))) {
                throw refuse(binding, set, topics, instead);
            }
            return topics.getFirst();
        }

        private StartRefused refuse(String binding, List<String> set, List<String> topics, String instead) {
            return new StartRefused(property(binding) + " is '" + String.join(",", set)
                    + "', and topics are named after what runs: here " + String.join(",", topics) + ". Leave it out"
                    + inDataFlow(instead));
        }

        private String inDataFlow(String instead) {
            return environment.getProperty("spring.cloud.dataflow.stream.name") == null
                    ? ""
                    : "; the definition of the stream is " + instead + " then";
        }

        private String registered(String options) {
            return "'" + label() + " " + options + "', without pipes and with the app registered as type app,";
        }

        private String label() {
            return Objects.requireNonNullElse(environment.getProperty("spring.cloud.dataflow.stream.app.label"),
                    "hive-app");
        }

        private List<String> aggregates() {
            return ServedAggregates.choose(names(environment, "hive.aggregates")).stream().map(Aggregate::name)
                    .toList();
        }

        private @Nullable List<String> set(String binding) {
            String[] set = environment.getProperty(property(binding), String[].class);
            return set == null ? null : list(set);
        }

        private static List<String> list(String[] values) {
            return Arrays.stream(values).map(String::strip).filter(value -> !value.isEmpty()).toList();
        }

        private static List<String> topics(Collection<String> names, Function<String, String> topic) {
            List<String> topics = new ArrayList<>();
            names.forEach(name -> topics.add(topic.apply(name)));
            return topics;
        }

        private static String property(String binding) {
            return BINDINGS + binding + DESTINATION;
        }
    }
}
