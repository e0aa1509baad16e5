package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

/** With the domains of the samples. */
class DestinationsTest {

    private static final String INPUT = "spring.cloud.stream.bindings.input.destination";
    private static final String OUTPUT = "spring.cloud.stream.bindings.output.destination";

    @Test
    void they_follow_from_what_runs() {
        assertThat(destination(INPUT, Map.of("hive.aggregates", "account,transfer")))
                .isEqualTo("account.commands,transfer.commands");
        assertThat(destination(OUTPUT, Map.of("hive.aggregates", "account,transfer"))).isEqualTo("account.events");
        assertThat(destination(INPUT, Map.of("hive.aggregates", "content", "hive.consumes", "events")))
                .isEqualTo("content.events");
        assertThat(destination(INPUT, Map.of("hive.sagas", "money-transfer", "hive.consumes", "events")))
                .isEqualTo("money-transfer.history");
        assertThat(destination(INPUT,
                Map.of("hive.aggregates", "account", "hive.sagas", "money-transfer", "hive.consumes", "events")))
                .isEqualTo("account.events,money-transfer.history");
        Map<String, String> sagas = Map.of("hive.sagas", "money-transfer", "hive.consumes", "sagas");
        assertThat(destination("spring.cloud.stream.bindings.router.destination", sagas))
                .isEqualTo("account.events,account.results,transfer.events,transfer.results");
        assertThat(destination("spring.cloud.stream.bindings.inbox.destination", sagas))
                .isEqualTo("money-transfer.inbox");
    }

    @Test
    void a_list_may_be_written_as_one() {
        assertThat(destination(INPUT, Map.of("hive.aggregates[0]", "account", "hive.aggregates[1]", "transfer")))
                .isEqualTo("account.commands,transfer.commands");
        assertThat(destination("spring.cloud.stream.bindings.inbox.destination",
                Map.of("hive.sagas[0]", "publication", "hive.consumes", "sagas"))).isEqualTo("publication.inbox");
    }

    @Test
    void the_router_of_a_saga_reads_the_topics_of_its_aggregates_only() {
        Map<String, String> all = Map.of("hive.consumes", "sagas");
        assertThat(destination("spring.cloud.stream.bindings.router-money-transfer.destination", all))
                .isEqualTo("account.events,account.results,transfer.events,transfer.results");
        assertThat(destination("spring.cloud.stream.bindings.router-publication.destination", all))
                .isEqualTo("content.events,content.results,review.events,review.results");
        assertThat(destination("spring.cloud.stream.bindings.routed-publication.destination", all))
                .isEqualTo("publication.inbox");
    }

    @Test
    void the_named_destinations_of_a_data_flow_pipeline_are_taken() {
        assertThat(destination(INPUT, stream("content", INPUT, "content.commands", OUTPUT, "content.events")))
                .isEqualTo("content.commands");
        assertThat(destination(OUTPUT, stream("account,transfer", OUTPUT, "transfer.events")))
                .isEqualTo("transfer.events");
    }

    static Stream<Arguments> others() {
        return Stream.of(arguments(stream("content", INPUT, "pipe.source"),
                INPUT + " is 'pipe.source', and topics are named after what runs: here content.commands. Leave it out; "
                        + "the definition of the stream is ':content.commands > processor --hive.aggregates=content > :content.events' then"),
                arguments(stream("content", INPUT, "content.commands", OUTPUT, "pipe.processor"),
                        OUTPUT + " is 'pipe.processor', and topics are named after what runs: here content.events"),
                arguments(stream("account,transfer", INPUT, "account.commands"),
                        "'processor --hive.aggregates=account,transfer', without pipes and with the app registered as type app, then"),
                arguments(stream("content", INPUT, "pipe.processor", "hive.consumes", "events"),
                        "':content.events > processor --hive.aggregates=content --hive.rebuild.follow=true' then"),
                arguments(
                        stream("", INPUT, "pipe.processor", "hive.sagas", "money-transfer", "hive.consumes", "events"),
                        "':money-transfer.history > processor --hive.sagas=money-transfer --hive.rebuild.follow=true' then"),
                arguments(stream("", INPUT, "account.events", "hive.sagas", "money-transfer", "hive.consumes", "sagas"),
                        "has no such binding. Leave it out; the definition of the stream is 'processor --hive.sagas=money-transfer', without pipes"),
                arguments(stream("", OUTPUT, "account.commands", "hive.sagas", "money-transfer", "hive.consumes",
                        "sagas"),
                        OUTPUT + " is 'account.commands', and topics are named after what runs: here "
                                + "money-transfer.inbox"),
                arguments(Map.of("hive.aggregates", "content", INPUT, "elsewhere"),
                        "here content.commands. Leave it out"));
    }

    @ParameterizedTest
    @MethodSource("others")
    void another_is_refused_in_one_line_that_says_what_to_write_instead(Map<String, String> properties, String line) {
        assertThatThrownBy(() -> destination(INPUT, properties)).isInstanceOf(StartRefused.class)
                .hasMessageContaining(line).message().doesNotContain("\n");
    }

    private static Map<String, String> stream(String aggregates, String... properties) {
        Map<String, String> all = new HashMap<>(Map.of("spring.cloud.dataflow.stream.name", "pipe",
                "spring.cloud.dataflow.stream.app.label", "processor", "hive.aggregates", aggregates));
        for (int i = 0; i < properties.length; i += 2) {
            all.put(properties[i], properties[i + 1]);
        }
        return all;
    }

    private static String destination(String property, Map<String, String> properties) {
        StandardEnvironment environment = new StandardEnvironment();
        environment.getPropertySources().addFirst(new MapPropertySource("set", Map.copyOf(properties)));
        new Destinations().postProcessEnvironment(environment, new SpringApplication());
        return environment.getProperty(property);
    }
}
