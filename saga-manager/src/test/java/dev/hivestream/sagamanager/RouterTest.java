package dev.hivestream.sagamanager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.model.Effect;
import dev.hivestream.model.EventType;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.RawHeaders;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.ServedSaga;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.Message;

class RouterTest {

    private static final int PARTITIONS = 8;
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    /** An order was placed. */
    public record Placed(String customer) {}

    /** Nothing to remember. */
    public record Nothing() {}

    private static final class ByCustomer implements Saga<Placed, Nothing, Object> {
        @Override
        public String correlate(Signal.Happened<Placed> event) {
            return switch (event.event().customer()) {
                case "nobody" -> null;
                case "bug" -> throw new IllegalStateException("a bug");
                case "hostile" -> throw new IllegalStateException() {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public String toString() {
                        throw new AssertionError("no text");
                    }
                };
                case "long" -> "x".repeat(500);
                default -> event.event().customer();
            };
        }

        @Override
        public Nothing initialState() {
            return new Nothing();
        }

        @Override
        public Nothing evolve(Nothing state, Signal<Placed> signal) {
            return state;
        }

        @Override
        public List<Effect<Object>> react(Nothing state, Signal<Placed> signal) {
            return List.of();
        }
    }

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Router router = new Router(ServedSaga.of(SagaType
            .named("by-customer", new ByCustomer(), Nothing.class)
            .reactsTo("order", true, new EventType<>("placed", Placed.class, 1, List.of())).build(), PARTITIONS,
            Reactor.Limits.of(1_000)),
            PARTITIONS, _ -> 100_000, Clock.fixed(NOW, ZoneOffset.UTC), new SagaMeters(registry));

    @Test
    void an_event_goes_into_the_inbox_of_the_instance_that_it_correlates_to() {
        Message<byte[]> routed = only(event("ada", Map.of()));
        assertThat(topic(routed)).isEqualTo("by-customer.inbox");
        assertThat(routed.getHeaders().get(KafkaHeaders.KEY, byte[].class)).isEqualTo("ada".getBytes(UTF_8));
        assertThat(routed.getHeaders()).containsEntry(KafkaHeaders.PARTITION,
                Slot.partitionOf("ada".getBytes(UTF_8), PARTITIONS));
        assertThat(header(routed, Header.TIME)).isEqualTo(NOW.toString());
        assertThat(header(routed, Header.ID)).isEqualTo("o-1:1");
        assertThat(header(routed, Header.COMMAND_POSITION)).as("is of another log").isNull();
        assertThat(new String(routed.getPayload(), UTF_8)).isEqualTo("{\"customer\":\"ada\"}");
        assertThat(registry.counter("hive.saga.routed", "saga", "by-customer").count()).isEqualTo(1);
    }

    @Test
    void one_that_follows_from_an_instances_command_goes_to_that_instance_if_it_correlates_to_none() {
        assertThat(route(event("nobody", Map.of()))).isEmpty();
        Message<byte[]> routed = only(event("nobody", Map.of(Header.SAGA, "by-customer:c:7")));
        assertThat(routed.getHeaders().get(KafkaHeaders.KEY, byte[].class)).isEqualTo("c:7".getBytes(UTF_8));
        assertThat(route(event("nobody", Map.of(Header.SAGA, "another:c-7")))).isEmpty();
    }

    @Test
    void a_result_goes_to_the_instance_that_sent_the_command() {
        Message<byte[]> routed = only(record("bank.results", "hive.result", "{}",
                Map.of(Header.SAGA, "by-customer:ada", Header.SAGA_STEP, "charge")));
        assertThat(routed.getHeaders().get(KafkaHeaders.KEY, byte[].class)).isEqualTo("ada".getBytes(UTF_8));
        assertThat(header(routed, Header.SAGA_STEP)).isEqualTo("charge");
        assertThat(route(record("bank.results", "hive.result", "{}", Map.of()))).isEmpty();
        assertThat(route(record("bank.results", "hive.result", "{}", Map.of(Header.SAGA, "another:ada")))).isEmpty();
        assertThat(route(record("bank.results", "hive.result", "{}", Map.of(Header.SAGA, "nonsense")))).isEmpty();
    }

    @Test
    void what_is_not_declared_is_passed_over() {
        assertThat(route(record("order.events", "order.shipped", "{}", Map.of()))).isEmpty();
        assertThat(route(new Incoming(new TopicPartition("order.events", 0), 3, null, Map.of(), null))).isEmpty();
    }

    @Test
    void what_cannot_be_read_or_correlated_is_dead_lettered_with_the_reason() {
        for (Map.Entry<Incoming, String> bad : Map.of(event("ada", Map.of(Header.DATA_VERSION, "2")),
                "versions 1 to 1 can be read", event("bug", Map.of()), "failed to correlate",
                event("hostile", Map.of()), "failed to correlate", event("long", Map.of()),
                "has 500 characters", record("order.events", "order.placed", "no JSON", Map.of()), "cannot be read")
                .entrySet()) {
            Message<byte[]> dead = only(bad.getKey());
            assertThat(topic(dead)).isEqualTo("by-customer.inbox.dlq");
            assertThat(dead.getHeaders()).containsEntry(KafkaHeaders.PARTITION, 5);
            assertThat(header(dead, Header.DEAD_REASON)).contains(bad.getValue());
            assertThat(header(dead, Header.DEAD_ORIGIN)).isEqualTo("order.events/5/17");
        }
        assertThat(registry.counter("hive.saga.dead", "saga", "by-customer").count()).isEqualTo(5);
    }

    @Test
    void an_instance_whose_id_is_none_does_not_begin() {
        for (String id : List.of("a/b", "a;b", "a%b", "..", "\\u00a0", "a\\ud800", "a\\nb")) {
            Message<byte[]> dead = only(event(id, Map.of()));
            assertThat(topic(dead)).isEqualTo("by-customer.inbox.dlq");
            assertThat(header(dead, Header.DEAD_REASON)).startsWith("The id of the saga instance ");
        }
        Message<byte[]> dead = only(event("nobody", Map.of(Header.SAGA, "by-customer:a/b")));
        assertThat(topic(dead)).isEqualTo("by-customer.inbox.dlq");
    }

    @Test
    void one_of_format_1_still_gets_its_answers() {
        Message<byte[]> routed = only(record("bank.results", "hive.result", "{}",
                Map.of(Header.SAGA, "by-customer:a/b", Header.SAGA_STEP, "charge")));
        assertThat(topic(routed)).isEqualTo("by-customer.inbox");
        assertThat(routed.getHeaders().get(KafkaHeaders.KEY, byte[].class)).isEqualTo("a/b".getBytes(UTF_8));
    }

    @Test
    void what_the_inbox_does_not_take_is_dead_lettered() {
        Message<byte[]> dead = only(event("x".repeat(80_000), Map.of()));
        assertThat(topic(dead)).isEqualTo("by-customer.inbox.dlq");
        assertThat(header(dead, Header.DEAD_REASON)).contains("exceeds max.message.bytes");
        Message<byte[]> result = only(record("bank.results", "hive.result", "{}",
                Map.of(Header.SAGA, "by-customer:ada", "foreign", "x".repeat(80_000))));
        assertThat(topic(result)).isEqualTo("by-customer.inbox.dlq");
    }

    private List<Message<byte[]>> route(Incoming record) {
        List<Outgoing> routed = new ArrayList<>();
        router.route(record, routed);
        return routed.stream().map(Outgoing::message).toList();
    }

    private Message<byte[]> only(Incoming record) {
        List<Message<byte[]>> routed = route(record);
        assertThat(routed).hasSize(1);
        return routed.getFirst();
    }

    private static Incoming event(String customer, Map<String, String> more) {
        return record("order.events", "order.placed", "{\"customer\":\"" + customer + "\"}", more);
    }

    private static Incoming record(String topic, String type, String json, Map<String, String> more) {
        Map<String, Object> headers = new HashMap<>(Map.of(Header.TYPE, type.getBytes(UTF_8), Header.ID,
                "o-1:1".getBytes(UTF_8), Header.SOURCE, "/hive/order".getBytes(UTF_8), Header.SUBJECT,
                "o-1".getBytes(UTF_8), Header.TIME, "2026-01-01T00:00:00Z".getBytes(UTF_8), Header.COMMAND_POSITION,
                "t:1".getBytes(UTF_8)));
        more.forEach((name, value) -> headers.put(name, value.getBytes(UTF_8)));
        return new Incoming(new TopicPartition(topic, 5), 17, "o-1".getBytes(UTF_8), headers, json.getBytes(UTF_8));
    }

    private static String topic(Message<?> message) {
        return (String) message.getHeaders().get("spring.cloud.stream.sendto.destination");
    }

    /** Headers of the original travel beside the message's own, until they are a record's again. */
    private static String header(Message<?> message, String name) {
        Object own = message.getHeaders().get(name);
        Object header = own == null ? ((Map<?, ?>) message.getHeaders().get(RawHeaders.SENT_ON)).get(name) : own;
        return header == null ? null : new String((byte[]) header, UTF_8);
    }
}
