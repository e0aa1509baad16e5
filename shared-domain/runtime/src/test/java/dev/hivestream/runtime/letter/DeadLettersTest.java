package dev.hivestream.runtime.letter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeadLettersTest {

    private final Stand stand = Stand.unmade();
    private final String name = stand.served.name();
    private final DeadLetters letters = letters();

    @BeforeEach
    void make() {
        stand.ids();
    }

    @Test
    void letters_are_listed_and_shown_until_something_is_done_about_them() {
        letter("a", "c1", Map.of());
        letter("b", "c2", Map.of(Header.DEAD_TRACE, "at somewhere"));

        assertThat(letters.open()).containsExactly(Map.entry(name, 2L));
        assertThat(letters.list(name, null, 10)).extracting(letter -> letter.get("commandId")).containsExactly("c1",
                "c2");
        assertThat(letters.list(name, null, 1)).hasSize(1);
        assertThat(letters.list(name, "b", 10)).singleElement().satisfies(letter -> assertThat(letter)
                .containsEntry("letter", "0/1").containsEntry("reason", "broken").doesNotContainKey("trace"));
        letters.discard(name, order("0/1", "mistyped"));

        assertThat(letters.open()).containsExactly(Map.entry(name, 1L));
        assertThat(letters.list(name, "b", 10)).isEmpty();
        Map<String, Object> shown = letters.show(name, new Place(0, 1));
        assertThat(shown).containsEntry("open", false).containsEntry("trace", "at somewhere");
        assertThat(shown.get("value")).hasToString("{\"amount\":1}");
        assertThat(shown.get("done")).asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST).singleElement()
                .satisfies(done -> assertThat(done.toString()).contains("discarded", "ada", "mistyped"));
        assertThat(copies()).isEmpty();
    }

    @Test
    void they_are_sent_again_in_their_order_as_they_were_and_once() {
        letter("a", "c1", Map.of(Header.DEAD_TRACE, "at somewhere", Header.FORWARDED_FROM, "3", "own", "1"));
        letter("b", "c2", Map.of());
        letter("a", "c3", Map.of());

        assertThat(letters.resend(name, all())).containsEntry("count", 3);
        assertThat(copies()).extracting(copy -> header(copy, Header.ID)).containsExactly("c1", "c2", "c3");
        ConsumerRecord<byte[], byte[]> first = copies().getFirst();
        assertThat(first.key()).isEqualTo(Stand.utf8("a"));
        assertThat(first.value()).isEqualTo(Stand.utf8("{\"amount\":1}"));
        Map<String, String> headers = new HashMap<>();
        first.headers()
                .forEach(header -> headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
        assertThat(headers).containsOnly(Map.entry(Header.ID, "c1"), Map.entry(Header.TYPE, name + ".add"),
                Map.entry("own", "1"), Map.entry(Header.LETTER, Topics.deadLetters(name) + "/0/0"));

        assertThat(letters.resend(name, all())).containsEntry("count", 0);
        assertThat(letters.resend(name, order("0/0", null))).containsEntry("count", 0)
                .extractingByKey("held").asString().contains("before");
        assertThat(copies()).hasSize(3);
        assertThat(letters.open()).containsExactly(Map.entry(name, 0L));
    }

    @Test
    void of_one_aggregate_they_are_sent_alone_and_no_more_than_asked_for() {
        for (int i = 0; i < 6; i++) {
            letter(i % 2 == 0 ? "a" : "b", "c" + i, Map.of());
        }
        assertThat(letters.resend(name, new Order(null, "b", false, 2, false, "ada", null))).containsEntry("count", 2)
                .containsEntry("more", true);
        assertThat(copies()).extracting(copy -> header(copy, Header.ID)).containsExactly("c1", "c3");
        assertThat(letters.resend(name, new Order(null, "b", false, 2, false, "ada", null))).containsEntry("count", 1)
                .containsEntry("more", false);
    }

    @Test
    void a_letter_waits_for_the_older_ones_of_its_aggregate() {
        letter("a", "c1", Map.of());
        letter("b", "c2", Map.of());
        letter("a", "c3", Map.of());

        refused(Refused.Why.CONFLICT, "0/0", () -> letters.resend(name, order("0/2", null)));
        assertThat(letters.resend(name, order("0/1", null))).containsEntry("count", 1);
        letters.discard(name, order("0/0", "too late"));
        assertThat(letters.resend(name, order("0/2", null))).containsEntry("count", 1);

        letter("a", "c4", Map.of());
        letter("a", "c5", Map.of());
        long last = letters.list(name, null, 10).stream().map(letter -> Place.parse(letter.get("letter").toString()))
                .mapToLong(Place::offset).max().orElseThrow();
        Order forced = new Order(new Place(0, last), null, false, 1, true, "ada", null);
        assertThat(letters.resend(name, forced)).containsEntry("count", 1);
        assertThat(copies()).extracting(copy -> header(copy, Header.ID)).containsExactly("c2", "c3", "c5");
    }

    @Test
    void what_cannot_be_sent_holds_what_stands_behind_it_and_an_answered_saga_s_command_nothing() {
        letter("a", "c1", Map.of(Header.DEAD_OMITTED, "3000000"));
        letter("a", "c2", Map.of());
        letter("b", "c3", Map.of(Header.SAGA, "transfer:t-1"));
        letter("b", "c4", Map.of());

        Map<String, Object> outcome = letters.resend(name, all());

        assertThat(outcome).containsEntry("count", 1).containsEntry("letters", List.of("0/3"));
        assertThat(outcome.get("held").toString()).contains("too large", "an older one of 'a'", "a saga was told");
        assertThat(letters.open()).containsExactly(Map.entry(name, 3L));
    }

    @Test
    void what_a_sender_writes_into_the_headers_of_a_command_settles_no_letter() {
        letter("a", "c1", Map.of());
        letter("a", "c2", Map.of(Header.TYPE, Letter.DISCARDED, Header.LETTER, Topics.deadLetters(name) + "/0/0"));
        letter("a", "c3", Map.of(Header.LETTER, "nonsense"));

        assertThat(letters.open()).containsExactly(Map.entry(name, 3L));
    }

    @Test
    void several_people_at_once_send_each_letter_once() {
        IntStream.range(0, 20).forEach(i -> letter("a" + i % 3, "c" + i, Map.of()));

        List<CompletableFuture<Object>> all = IntStream.range(0, 6)
                .mapToObj(i -> CompletableFuture.<Object>supplyAsync(() -> {
                    try {
                        return letters.resend(name, all()).get("count");
                    } catch (Refused e) {
                        return e.why();
                    }
                })).toList();
        List<Object> outcomes = all.stream().map(CompletableFuture::join).toList();
        System.out.println("six at once: " + outcomes);
        letters.resend(name, all());

        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).isIn(0, 20, Refused.Why.CONFLICT));
        assertThat(copies()).extracting(copy -> header(copy, Header.ID)).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void a_wrong_order_is_told_what_is_wrong() {
        letter("a", "c1", Map.of());
        refused(Refused.Why.UNKNOWN, name, () -> letters.list("other", null, 1));
        refused(Refused.Why.UNKNOWN, "0/7", () -> letters.show(name, new Place(0, 7)));
        refused(Refused.Why.UNKNOWN, "9/0", () -> letters.resend(name, order("9/0", null)));
        refused(Refused.Why.WRONG, "why", () -> letters.discard(name, all()));
        refused(Refused.Why.WRONG, "partition/offset", () -> Place.parse("3-4"));
        refused(Refused.Why.WRONG, "one of", () -> new Order(null, null, false, 1, false, "ada", null));
        refused(Refused.Why.WRONG, "one of", () -> new Order(null, "a", true, 1, false, "ada", null));
        for (int limit : List.of(0, -1, 10_001)) {
            String told = "The limit is " + limit + "; it must be 1 to 10000";
            refused(Refused.Why.WRONG, told, () -> new Order(null, "a", false, limit, false, "ada", null));
            refused(Refused.Why.WRONG, told, () -> letters.list(name, null, limit));
        }
    }

    private static void refused(Refused.Why why, String told, ThrowingCallable work) {
        assertThatThrownBy(work).isInstanceOfSatisfying(Refused.class, e -> assertThat(e.why()).isEqualTo(why))
                .hasMessageContaining(told);
    }

    private static Order all() {
        return new Order(null, null, true, Order.LIMIT, false, "ada", null);
    }

    private static Order order(String place, String why) {
        return new Order(Place.parse(place), null, false, Order.LIMIT, false, "ada", why);
    }

    private void letter(String id, String commandId, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(Map.of(Header.ID, commandId, Header.TYPE, name + ".add",
                Header.DEAD_REASON, "broken", Header.DEAD_ORIGIN, Topics.commands(name) + "/0/7"));
        headers.putAll(more);
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(Topics.deadLetters(name), 0, Stand.utf8(id),
                Stand.utf8("{\"amount\":1}"));
        headers.forEach((header, value) -> letter.headers().add(header, Stand.utf8(value)));
        stand.append(letter);
    }

    private DeadLetters letters() {
        Map<String, Object> broker = Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers());
        return LetterConfiguration.of(new FoldedLogs(Map.of(name, stand.served)), Stand.ADMIN, broker, broker,
                stand.properties(), Clock.systemUTC());
    }

    private List<ConsumerRecord<byte[], byte[]>> copies() {
        return Stand.read(new TopicPartition(Topics.commands(name), 0));
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return Header.text(record.headers(), name);
    }
}
