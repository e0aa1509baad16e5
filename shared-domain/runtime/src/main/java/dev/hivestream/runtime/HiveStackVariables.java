package dev.hivestream.runtime;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * The environment variables of the Hive Stack's stream processor, under their old names: each sets the property that means
 * the same here, unless that is set otherwise. One that cannot be honoured ends the start, for who sets it counts on it.
 * The table is in the README.
 */
public final class HiveStackVariables implements EnvironmentPostProcessor {

    private static final Map<String, String> APPS = Map.of("producer", "command-processor", "consumer",
            "cache-rebuilder", "stream_processor", "saga-manager");
    private static final Map<String, String> ASSIGNORS = Map.of("roundrobin",
            "org.apache.kafka.clients.consumer.RoundRobinAssignor", "range",
            "org.apache.kafka.clients.consumer.RangeAssignor");
    private static final Pattern BROKERS = Pattern.compile("[^\\s,:/]+:\\d{1,5}(,[^\\s,:/]+:\\d{1,5})*");
    private static final Pattern REDIS = Pattern.compile("rediss?://\\S+");
    /** The bindings that the apps consume with. */
    private static final List<String> BINDINGS = List.of("input", "inbox", "router");

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        PropertySource<?> variables = environment.getPropertySources()
                .get(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
        if (variables == null) {
            return;
        }
        Map<String, Object> mapped = new Mapping(variables, environment).properties();
        if (!mapped.isEmpty()) {
            environment.getPropertySources().addAfter(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                    new MapPropertySource("hiveStackVariables", mapped));
        }
    }

    /** One environment's. */
    private static final class Mapping {

        private final PropertySource<?> variables;
        private final ConfigurableEnvironment environment;
        private final Map<String, Object> properties = new LinkedHashMap<>();

        private Mapping(PropertySource<?> variables, ConfigurableEnvironment environment) {
            this.variables = variables;
            this.environment = environment;
        }

        private Map<String, Object> properties() {
            on("PORT", (name, value) -> properties.put("server.port", number(name, value, 0, 65_535)));
            on("PROCESSOR_TYPE", this::requireApp);
            on("AGGREGATE_LIB", this::requireLoaderPath);
            on("EVENT_STORE_ID", (_, value) -> properties.put("hive.instance", value));
            on("EVENT_STORE_URL", this::brokers);
            on("EVENT_STORE_BROKERS", this::brokers);
            on("EVENT_STORE_TIMEOUT", this::session);
            on("EVENT_STORE_PROTOCOL", (name, value) -> consumers("partition.assignment.strategy",
                    one(name, value, ASSIGNORS)));
            on("EVENT_STORE_OFFSET", (name, value) -> startOffset(one(name, value,
                    Map.of("earliest", "earliest", "latest", "latest"))));
            on("EVENT_STORE_FROM_START", (name, value) -> startOffset(one(name, value,
                    Map.of("true", "earliest", "false", "latest"))));
            on("EVENT_STORE_TYPE", this::requireKeyed);
            on("EVENT_STORE_GROUP_ID", (_, value) -> group(value));
            on("EVENT_STORE_BUFFER", (name, value) -> consumers("max.poll.records",
                    Integer.toString(number(name, value, 1, 1_000_000))));
            on("EVENT_STORE_CONSUMER_TOPIC", (name, value) -> requireTopic(name, value, ".commands"));
            on("EVENT_STORE_PRODUCER_TOPIC", (name, value) -> requireTopic(name, value, ".events"));
            on("CACHE_URL", this::redis);
            on("LOCK_TTL", (name, value) -> properties.put("hive.lock.ttl",
                    number(name, value, 100, Integer.MAX_VALUE) + "ms"));
            on("LOCK_DRIFT_FACTOR", (name, value) -> properties.put("hive.lock.drift-factor", factor(name, value)));
            on("LOCK_RETRY_DELAY", (name, value) -> properties.put("hive.lock.retry-delay",
                    number(name, value, 1, 60_000) + "ms"));
            on("LOCK_RETRY_COUNT", (name, value) -> requireZero(name, value,
                    "a lock is waited for as long as it can live, since its partition has one owner"));
            on("LOCK_RETRY_JITTER", (name, value) -> requireZero(name, value,
                    "no two owners ask for the same lock for long, so there is nothing to spread"));
            return properties;
        }

        private void on(String name, BiConsumer<String, String> meaning) {
            Object value = variables.getProperty(name);
            if (value != null && !value.toString().isBlank()) {
                meaning.accept(name, value.toString().strip());
            }
        }

        private void requireApp(String name, String value) {
            String wanted = one(name, value, APPS);
            String is = environment.getProperty("spring.application.name");
            if (!wanted.equals(is)) {
                throw refuse(name, value,
                        "that is the " + wanted + ", and this is the " + is + ". Start the other jar, "
                                + "or leave the variable out");
            }
        }

        private void requireLoaderPath(String name, String value) {
            if (variables.getProperty("LOADER_PATH") == null && System.getProperty("loader.path") == null) {
                throw refuse(name, value,
                        "a domain has to be known before the JVM looks for classes. Set LOADER_PATH to "
                                + "its jar, as the image does with this variable");
            }
        }

        private void brokers(String name, String value) {
            if (!BROKERS.matcher(value).matches()) {
                throw refuse(name, value, "the brokers are wanted, host:port,host:port");
            }
            if (value.endsWith(":2181")) {
                throw refuse(name, value,
                        "that looks like a ZooKeeper, which Kafka no longer has. Name the brokers, as "
                                + "in kafka:9092");
            }
            Object before = properties.put("spring.kafka.bootstrap-servers", value);
            if (before != null && !before.equals(value)) {
                throw refuse(name, value, "EVENT_STORE_URL says " + before + ". Set one of the two");
            }
        }

        /** What a session must be longer than follows it down. */
        private void session(String name, String value) {
            int millis = number(name, value, 1_000, 1_800_000);
            consumers("session.timeout.ms", Integer.toString(millis));
            consumers("heartbeat.interval.ms", Integer.toString(Math.max(300, Math.min(3_000, millis / 5))));
            properties.put("spring.cloud.stream.kafka.binder.transaction.producer.configuration.transaction.timeout.ms",
                    Integer.toString(Math.min(10_000, millis * 2 / 3)));
            if (variables.getProperty("LOCK_TTL") == null) {
                properties.put("hive.lock.ttl", Math.min(8_000, millis / 2) + "ms");
            }
        }

        private void requireKeyed(String name, String value) {
            if (!value.equals("3")) {
                throw refuse(name, value,
                        "only 3, the keyed partitioner, keeps an aggregate's commands in one partition "
                                + "and in order. Leave it out");
            }
        }

        /** The topics of an aggregate have their names from it. */
        private void requireTopic(String name, String value, String end) {
            List<String> aggregates = List.of(environment.getProperty("hive.aggregates", String[].class,
                    new String[0]));
            List<String> topics = aggregates.stream().map(aggregate -> aggregate + end).toList();
            if (!List.of(value.split(",")).equals(topics)) {
                throw refuse(name, value, "topics are named after aggregates, <aggregate>" + end
                        + (topics.isEmpty() ? "" : ", here " + String.join(",", topics))
                        + ". Leave it out, and set AGGREGATE");
            }
        }

        private void startOffset(String where) {
            BINDINGS.forEach(binding -> properties.put(
                    "spring.cloud.stream.kafka.bindings." + binding + ".consumer.start-offset", where));
        }

        private void group(String group) {
            List.of("input", "inbox").forEach(
                    binding -> properties.put("spring.cloud.stream.bindings." + binding + ".group", group));
            properties.put("spring.cloud.stream.bindings.router.group", group + "-router");
        }

        private void consumers(String key, String value) {
            BINDINGS.forEach(binding -> properties.put(
                    "spring.cloud.stream.kafka.bindings." + binding + ".consumer.configuration." + key, value));
        }

        private void redis(String name, String value) {
            if (!REDIS.matcher(value).matches()) {
                throw refuse(name, "redis:…", "a URL is wanted, redis://host:6379, or rediss:// with TLS");
            }
            properties.put("spring.data.redis.url", value);
        }

        private static String one(String name, String value, Map<String, String> meanings) {
            String meaning = meanings.get(value);
            if (meaning == null) {
                throw refuse(name, value, "one of " + meanings.keySet().stream().sorted().toList() + " is wanted");
            }
            return meaning;
        }

        private static int number(String name, String value, int from, int to) {
            try {
                int number = Integer.parseInt(value);
                if (number >= from && number <= to) {
                    return number;
                }
            } catch (NumberFormatException e) {
                throw refuse(name, value, "a whole number is wanted");
            }
            throw refuse(name, value, "a number from " + from + " to " + to + " is wanted");
        }

        private static String factor(String name, String value) {
            try {
                Double.parseDouble(value);
                return value;
            } catch (NumberFormatException e) {
                throw refuse(name, value, "a number is wanted, as 0.01");
            }
        }

        private static void requireZero(String name, String value, String why) {
            if (number(name, value, 0, Integer.MAX_VALUE) != 0) {
                throw refuse(name, value, why + ". Leave it out");
            }
        }

        private static StartRefused refuse(String name, @Nullable String value, String why) {
            return new StartRefused("The environment variable " + name + " is '" + Objects.toString(value, "") + "': "
                    + why);
        }
    }
}
