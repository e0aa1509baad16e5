package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class HiveStackVariablesTest {

    private static final String CONSUMER = "spring.cloud.stream.kafka.bindings.input.consumer.";

    static Stream<Arguments> meanings() {
        return Stream.of(arguments("PORT", "3000", "server.port", "3000"),
                arguments("EVENT_STORE_ID", "node-1", "hive.instance", "node-1"),
                arguments("EVENT_STORE_URL", "kafka:9092", "spring.kafka.bootstrap-servers", "kafka:9092"),
                arguments("EVENT_STORE_BROKERS", "a:1,b:2", "spring.kafka.bootstrap-servers", "a:1,b:2"),
                arguments("EVENT_STORE_TIMEOUT", "9000", CONSUMER + "configuration.session.timeout.ms", "9000"),
                arguments("EVENT_STORE_TIMEOUT", "9000",
                        "spring.cloud.stream.kafka.binder.transaction.producer.configuration.transaction.timeout.ms",
                        "6000"),
                arguments("EVENT_STORE_TIMEOUT", "9000", "hive.lock.ttl", "4500ms"),
                arguments("EVENT_STORE_PROTOCOL", "roundrobin",
                        CONSUMER + "configuration.partition.assignment.strategy",
                        "org.apache.kafka.clients.consumer.RoundRobinAssignor"),
                arguments("EVENT_STORE_OFFSET", "latest", CONSUMER + "start-offset", "latest"),
                arguments("EVENT_STORE_FROM_START", "true", CONSUMER + "start-offset", "earliest"),
                arguments("EVENT_STORE_GROUP_ID", "mine", "spring.cloud.stream.bindings.input.group", "mine"),
                arguments("EVENT_STORE_GROUP_ID", "mine", "spring.cloud.stream.bindings.router.group", "mine-router"),
                arguments("EVENT_STORE_BUFFER", "77", CONSUMER + "configuration.max.poll.records", "77"),
                arguments("CACHE_URL", "redis://user:secret@cache:6379", "spring.data.redis.url",
                        "redis://user:secret@cache:6379"),
                arguments("LOCK_TTL", "1000", "hive.lock.ttl", "1000ms"),
                arguments("LOCK_DRIFT_FACTOR", "0.02", "hive.lock.drift-factor", "0.02"),
                arguments("LOCK_RETRY_DELAY", "400", "hive.lock.retry-delay", "400ms"));
    }

    @ParameterizedTest(name = "{0}={1}")
    @MethodSource("meanings")
    void each_sets_its_property_unless_that_is_set_otherwise(String name, String value, String property, String means) {
        assertThat(started(Map.of(name, value)).getProperty(property)).isEqualTo(means);
        assertThat(started(Map.of(name, " " + value + " ")).getProperty(property)).isEqualTo(means);
        assertThat(started(Map.of()).getProperty(property)).isNull();
        StandardEnvironment other = environment(Map.of(name, value));
        other.getPropertySources().addFirst(new MapPropertySource("command line", Map.of(property, "other")));
        new HiveStackVariables().postProcessEnvironment(other, new SpringApplication());
        assertThat(other.getProperty(property)).isEqualTo("other");
    }

    static Stream<Arguments> refused() {
        return Stream.of(arguments("PORT", "http", "a whole number"), arguments("PORT", "70000", "from 0 to 65535"),
                arguments("PROCESSOR_TYPE", "consumer",
                        "that is the cache-rebuilder, and this is the command-processor"),
                arguments("PROCESSOR_TYPE", "worker", "one of [consumer, producer, stream_processor]"),
                arguments("AGGREGATE_LIB", "./content.js", "Set LOADER_PATH"),
                arguments("EVENT_STORE_URL", "zookeeper:2181", "a ZooKeeper"),
                arguments("EVENT_STORE_URL", "kafka", "host:port"),
                arguments("EVENT_STORE_TIMEOUT", "10", "from 1000 to"),
                arguments("EVENT_STORE_PROTOCOL", "sticky", "one of [range, roundrobin]"),
                arguments("EVENT_STORE_OFFSET", "none", "one of [earliest, latest]"),
                arguments("EVENT_STORE_FROM_START", "yes", "one of [false, true]"),
                arguments("EVENT_STORE_TYPE", "2", "only 3, the keyed partitioner"),
                arguments("EVENT_STORE_BUFFER", "0", "from 1 to"),
                arguments("EVENT_STORE_CONSUMER_TOPIC", "todo", "<aggregate>.commands, here content.commands"),
                arguments("EVENT_STORE_PRODUCER_TOPIC", "todo", "<aggregate>.events, here content.events"),
                arguments("CACHE_URL", "cache", "redis://host:6379"), arguments("LOCK_TTL", "5", "from 100 to"),
                arguments("LOCK_DRIFT_FACTOR", "small", "a number is wanted"),
                arguments("LOCK_RETRY_COUNT", "3", "is waited for as long as it can live"),
                arguments("LOCK_RETRY_DELAY", "0", "from 1 to"),
                arguments("LOCK_RETRY_JITTER", "400", "nothing to spread"));
    }

    @ParameterizedTest(name = "{0}={1}")
    @MethodSource("refused")
    void what_cannot_be_honoured_ends_the_start_with_one_line(String name, String value, String why) {
        assertThatThrownBy(() -> started(Map.of(name, value))).isInstanceOf(StartRefused.class)
                .hasMessageStartingWith("The environment variable " + name + " is '").hasMessageContaining(why)
                .message().doesNotContain("\n");
    }

    @Test
    void what_means_the_same_is_taken() {
        Map<String, Object> same = Map.of("PROCESSOR_TYPE", "producer", "EVENT_STORE_TYPE", "3", "LOCK_RETRY_COUNT",
                "0",
                "LOCK_RETRY_JITTER", "0", "EVENT_STORE_CONSUMER_TOPIC", "content.commands",
                "EVENT_STORE_PRODUCER_TOPIC", "content.events", "EVENT_STORE_URL", "a:1", "EVENT_STORE_BROKERS", "a:1",
                "AGGREGATE_LIB", "content.jar", "LOADER_PATH", "content.jar");
        assertThat(started(same).getProperty("spring.kafka.bootstrap-servers")).isEqualTo("a:1");
        assertThatThrownBy(() -> started(Map.of("EVENT_STORE_URL", "a:1", "EVENT_STORE_BROKERS", "b:1")))
                .hasMessageContaining("Set one of the two");
    }

    @Test
    void a_password_is_not_repeated() {
        assertThatThrownBy(() -> started(Map.of("CACHE_URL", "cache:secret@host"))).message().doesNotContain("secret");
    }

    @Test
    void the_readme_has_them_all() throws IOException {
        Set<String> documented = new TreeSet<>();
        for (String line : Files.readAllLines(Path.of("..", "..", "README.md"))) {
            if (line.matches("\\| `[A-Z_]+`.*")) {
                Pattern.compile("`([A-Z_]+)`").matcher(line.split("\\|")[1]).results()
                        .forEach(name -> documented.add(name.group(1)));
            }
        }
        Set<String> known = Stream.concat(meanings(), refused()).map(arguments -> arguments.get()[0].toString())
                .collect(Collectors.toCollection(TreeSet::new));
        known.add("AGGREGATE");
        assertThat(documented).isEqualTo(known);
    }

    private static StandardEnvironment started(Map<String, Object> variables) {
        StandardEnvironment environment = environment(variables);
        new HiveStackVariables().postProcessEnvironment(environment, new SpringApplication());
        return environment;
    }

    private static StandardEnvironment environment(Map<String, Object> variables) {
        StandardEnvironment environment = new StandardEnvironment();
        environment.getPropertySources().replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                new SystemEnvironmentPropertySource(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        new HashMap<>(variables)));
        environment.getPropertySources().addLast(new MapPropertySource("application.yaml",
                Map.of("spring.application.name", "command-processor", "hive.aggregates", "content")));
        return environment;
    }
}
