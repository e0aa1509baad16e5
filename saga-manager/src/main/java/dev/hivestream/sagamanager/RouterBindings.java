package dev.hivestream.sagamanager;

import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.Destinations;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Each saga has a router of its own: a function {@code route-<saga>} with the bindings {@code router-<saga>} and
 * {@code routed-<saga>}. What is set for the bindings {@code router} and {@code routed} applies to those of all sagas, and what
 * is set for the binding of one saga takes precedence. The consumer group of a router is that of {@code router}, a hyphen, and the
 * name of its saga.
 */
public final class RouterBindings implements EnvironmentPostProcessor {

    static final String BINDINGS = "spring.cloud.stream.bindings.";
    static final String KAFKA_BINDINGS = "spring.cloud.stream.kafka.bindings.";
    private static final String NAMES = "spring.cloud.stream.function.bindings.";
    private static final String ROUTER = "router";
    private static final String ROUTED = "routed";
    /** These differ between the routers. */
    private static final List<String> NOT_SHARED = List.of("destination", "group");

    /** The name of the function that routes to a saga. */
    static String function(String saga) {
        return "route-" + saga;
    }

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        List<String> sagas = Destinations.sagas(environment).stream().map(SagaType::name).toList();
        Map<String, Object> own = new LinkedHashMap<>();
        List<String> functions = new ArrayList<>();
        for (String saga : sagas) {
            functions.add(function(saga));
            own.put(NAMES + function(saga) + "-in-0", Destinations.router(saga));
            own.put(NAMES + function(saga) + "-out-0", Destinations.routed(saga));
            own.put(BINDINGS + Destinations.router(saga) + ".group", "${" + BINDINGS + ROUTER + ".group}-" + saga);
        }
        functions.add("react");
        own.put("spring.cloud.function.definition", String.join(";", functions));
        List<PropertySource<?>> before = environment.getPropertySources().stream().toList();
        environment.getPropertySources().addLast(new MapPropertySource("hiveRouters", own));
        // behind all others, and in their order
        for (PropertySource<?> source : before) {
            if (source instanceof EnumerablePropertySource<?> properties) {
                PropertySource<?> shared = shared(properties, sagas);
                if (shared != null) {
                    environment.getPropertySources().addLast(shared);
                }
            }
        }
    }

    /** What a source sets for all routers, as settings of each of them; null if it sets nothing. */
    private static @Nullable PropertySource<?> shared(EnumerablePropertySource<?> source, List<String> sagas) {
        Map<String, Object> shared = new LinkedHashMap<>();
        for (String property : source.getPropertyNames()) {
            for (String bindings : List.of(BINDINGS, KAFKA_BINDINGS)) {
                for (String saga : sagas) {
                    copy(source, property, bindings + ROUTER, bindings + Destinations.router(saga), shared);
                    copy(source, property, bindings + ROUTED, bindings + Destinations.routed(saga), shared);
                }
            }
        }
        if (shared.isEmpty()) {
            return null;
        }
        String name = "hiveRouters-" + source.getName();
        // Spring Boot takes variables only from a source of this type with such a name
        return source instanceof SystemEnvironmentPropertySource
                ? new SystemEnvironmentPropertySource(name + "-systemEnvironment", shared)
                : new MapPropertySource(name, shared);
    }

    private static void copy(EnumerablePropertySource<?> source, String property, String from, String to,
            Map<String, Object> shared) {
        String rest = rest(property, from + ".");
        String name = to + "." + rest;
        if (rest == null && source instanceof SystemEnvironmentPropertySource) {
            rest = rest(property, variable(from) + "_");
            name = variable(to) + "_" + rest;
        }
        Object value = source.getProperty(property);
        if (rest != null && value != null && !NOT_SHARED.contains(rest.toLowerCase(Locale.ROOT))) {
            shared.put(name, value);
        }
    }

    private static @Nullable String rest(String property, String prefix) {
        return property.regionMatches(true, 0, prefix, 0, prefix.length())
                ? property.substring(prefix.length())
                : null;
    }

    /** A property as an environment variable. */
    private static String variable(String property) {
        return property.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
    }
}
