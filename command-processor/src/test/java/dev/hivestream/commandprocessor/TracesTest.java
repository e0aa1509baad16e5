package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** One trace, from the request to the event. */
class TracesTest {

    private static final InMemorySpanExporter SPANS = InMemorySpanExporter.create();
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final Random RANDOM = new Random(SEED);

    @AutoClose
    private static Processor processor;
    @AutoClose
    private static Wire wire;

    @Configuration(proxyBeanMethods = false)
    static class Exporting {
        @Bean
        InMemorySpanExporter exporter() {
            return SPANS;
        }
    }

    @BeforeAll
    static void start() {
        System.out.println("TracesTest: -Dseed=" + SEED);
        processor = Processor.startWith(List.of(Exporting.class), LocalStack.shared(),
                "--management.opentelemetry.tracing.export.schedule-delay=50ms",
                "--management.tracing.sampling.probability=0");
        wire = new Wire(LocalStack.shared());
    }

    @Test
    void a_request_and_its_decision_are_in_the_trace_of_the_client_and_the_event_goes_on_with_it() throws Exception {
        String trace = hex(16);
        String client = hex(8);
        String id = Wire.id();
        assertThat(processor.post("/v1/content/" + id + "/create", "{\"text\":\"hello\"}", "traceparent",
                "00-" + trace + "-" + client + "-01").statusCode()).isEqualTo(200);
        await().atMost(Duration.ofSeconds(20)).until(() -> of(trace).size() >= 2);
        assertThat(of(trace)).extracting(SpanData::getName)
                .containsExactlyInAnyOrder("http post /v1/{aggregate}/{id}/{command}", "process content.commands");
        SpanData request = named(trace, "http post");
        SpanData decision = named(trace, "process");
        assertThat(request.getParentSpanId()).isEqualTo(client);
        assertThat(decision.getParentSpanId()).isEqualTo(request.getSpanId());
        assertThat(decision.getAttributes().get(AttributeKey.stringKey("hive.type"))).isEqualTo("content.create");
        assertThat(decision.getAttributes().get(AttributeKey.stringKey("hive.outcome"))).isEqualTo("accepted");
        assertThat(decision.getEndEpochNanos()).isGreaterThan(decision.getStartEpochNanos());
        assertThat(wire.events("content", id)).singleElement()
                .satisfies(event -> assertThat(Wire.header(event, "traceparent"))
                        .isEqualTo("00-" + trace + "-" + decision.getSpanId() + "-01"));
    }

    @Test
    void a_trace_that_is_not_sampled_is_passed_on_as_it_is() throws Exception {
        String trace = "00-" + hex(16) + "-" + hex(8) + "-00";
        String id = Wire.id();
        processor.post("/v1/content/" + id + "/create", "{\"text\":\"hello\"}", "traceparent", trace);
        assertThat(Wire.header(wire.events("content", id).getFirst(), "traceparent")).isEqualTo(trace);
        assertThat(of(trace.substring(3, 35))).isEmpty();
    }

    private static List<SpanData> of(String trace) {
        return SPANS.getFinishedSpanItems().stream().filter(span -> span.getTraceId().equals(trace)).toList();
    }

    private static SpanData named(String trace, String name) {
        return of(trace).stream().filter(span -> span.getName().startsWith(name)).findFirst().orElseThrow();
    }

    private static String hex(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }
}
