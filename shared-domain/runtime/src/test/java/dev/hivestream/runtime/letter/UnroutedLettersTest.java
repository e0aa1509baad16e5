package dev.hivestream.runtime.letter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.model.Effect;
import dev.hivestream.model.EventType;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.ServedSaga;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Events that a saga's router could not put into an inbox. */
@Timeout(60)
class UnroutedLettersTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    /** An order was placed. */
    public record Placed(String customer) {}

    /** Nothing to remember. */
    public record Nothing() {}

    private static final class ByCustomer implements Saga<Placed, Nothing, Object> {
        private boolean mended;

        @Override
        public String correlate(Signal.Happened<Placed> event) {
            String customer = event.event().customer();
            if (!mended) {
                throw new IllegalStateException("a bug");
            }
            return customer.equals("nobody") ? null : customer;
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

    private final Stand stand = Stand.unmade();
    private final String name = "saga-of-" + stand.served.name();
    private final ByCustomer saga = new ByCustomer();
    private final DeadLetters letters = letters();

    @Test
    void they_are_held_until_the_saga_is_mended_and_go_to_their_instance_then() {
        stand.topics.requireSaga(name);
        letter("o-1", "{\"customer\":\"ada\"}", Map.of(Header.COMMAND_POSITION, "topic:7"));
        letter("o-1", "{\"customer\":\"grace\"}", Map.of());
        letter("o-2", "{\"customer\":\"nobody\"}", Map.of());
        letter("o-3", "{\"customer\":\"nobody\"}", Map.of(Header.SAGA, name + ":tony"));
        letter("o-4", "no JSON", Map.of());

        assertThat(letters.resend(name, all())).containsEntry("count", 0).extractingByKey("held").asString()
                .contains("still fails to correlate it: java.lang.IllegalStateException: a bug",
                        "an older one of 'o-1'");
        assertThat(inbox()).isEmpty();

        saga.mended = true;
        Map<String, Object> outcome = letters.resend(name, all());
        assertThat(outcome).containsEntry("count", 4);
        assertThat(outcome.get("held").toString()).contains("still cannot be routed").contains("0/4");

        assertThat(inbox()).extracting(record -> new String(record.key(), StandardCharsets.UTF_8))
                .containsExactly("ada", "grace", "tony");
        Map<String, String> headers = new HashMap<>();
        inbox().getFirst().headers()
                .forEach(header -> headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
        assertThat(headers).containsOnly(Map.entry(Header.ID, "o-1:0"), Map.entry(Header.TYPE, "order.placed"),
                Map.entry(Header.SOURCE, "/hive/order"), Map.entry(Header.SUBJECT, "o-1"),
                Map.entry(Header.DATA_VERSION, "1"),
                Map.entry(Header.TIME, NOW.toString()),
                Map.entry(Header.LETTER, Topics.inboxDeadLetters(name) + "/0/0"));
        assertThat(letters.open()).containsExactly(Map.entry(name, 1L));
        assertThat(letters.resend(name, all())).containsEntry("count", 0);
        assertThat(inbox()).hasSize(3);
    }

    private static Order all() {
        return new Order(null, null, true, Order.LIMIT, false, "ada", null);
    }

    private int sent;

    private void letter(String order, String payload, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(Map.of(Header.ID, order + ":" + sent, Header.TYPE, "order.placed",
                Header.SOURCE, "/hive/order", Header.SUBJECT, order, Header.DATA_VERSION, "1", Header.TIME,
                "2026-02-01T12:00:00Z",
                Header.DEAD_REASON, "broken", Header.DEAD_ORIGIN, "order.events/0/" + sent++));
        headers.putAll(more);
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(Topics.inboxDeadLetters(name), 0,
                Stand.utf8(order), Stand.utf8(payload));
        headers.forEach((header, value) -> letter.headers().add(header, Stand.utf8(value)));
        stand.append(letter);
    }

    private DeadLetters letters() {
        ServedSaga<Placed, Nothing, Object> served = ServedSaga.of(SagaType.named(name, saga, Nothing.class)
                .reactsTo("order", true, new EventType<>("placed", Placed.class, 1, List.of())).build(), 1,
                Reactor.Limits.of(1_000));
        Map<String, Object> broker = Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers());
        return LetterConfiguration.of(new FoldedLogs(Map.of(name, served)), Stand.ADMIN, broker, broker,
                stand.properties(), Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private List<ConsumerRecord<byte[], byte[]>> inbox() {
        return Stand.read(new TopicPartition(Topics.inbox(name), 0));
    }
}
