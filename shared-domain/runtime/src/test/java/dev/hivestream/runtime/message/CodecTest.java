package dev.hivestream.runtime.message;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.samples.SampleDomain;
import dev.hivestream.samples.content.ContentEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class CodecTest {

    enum Colour {
        RED, GREEN
    }

    sealed interface Shape {}

    record Circle(long radius) implements Shape {}

    record Square(long side) implements Shape {}

    record Inner(long depth) {}

    record Ask(String text, long number, int small, double real, boolean flag, Colour colour, @Nullable String note,
            Optional<String> label, List<String> tags, Shape shape, Inner inner) {}

    record Bounded(long percent) {
        Bounded {
            if (percent > 100) {
                throw new IllegalArgumentException("the percentage is above 100");
            }
        }
    }

    record Plain() {}

    record Single(String text) {}

    record Amount(java.math.BigDecimal amount, List<Priced> more) {}

    record Priced(java.math.BigDecimal price) {}

    sealed interface Happened {}

    record Computed(java.math.BigDecimal decimal, java.math.BigInteger integer) implements Happened {}

    record Asked(Shape shape, Optional<String> label, @Nullable String note) implements Happened {}

    record Undeclared() implements Happened {}

    private static final class Silent implements Decider<Record, Shape, Happened> {
        @Override
        public Shape initialState() {
            return new Circle(1);
        }

        @Override
        public Decision<Happened> decide(Record command, Shape state) {
            return Decision.accept();
        }

        @Override
        public Shape evolve(Shape state, Happened event) {
            return state;
        }
    }

    private static final Aggregate<Record, Shape, Happened> PROBE = Aggregate.named("probe", new Silent(), Shape.class)
            .command("ask", Ask.class).command("bound", Bounded.class).command("plain", Plain.class)
            .command("single", Single.class).command("amount", Amount.class).event("computed", Computed.class)
            .event("asked", Asked.class, payload -> Map.of("shape", Map.of("type", "Square", "side", 2)), payload -> {
                if (payload.containsKey("explosive")) {
                    throw new IllegalStateException("boom");
                }
                payload = new java.util.HashMap<>(payload);
                payload.put("label", "third");
                return payload;
            }).build();

    private static final Codec<Record, Happened> CODEC = new Codec<>(PROBE);

    @ParameterizedTest
    @ValueSource(strings = {"1e30000000", "1E-30000000", "1e1001", "-7.5e2000000000"})
    void an_exponent_that_would_keep_a_processor_busy_is_refused(String number) {
        assertThatThrownBy(() -> CODEC.readCommand("probe.amount",
                ("{\"amount\":" + number + ",\"more\":[]}").getBytes(UTF_8))).isInstanceOf(Malformed.class)
                .hasMessage(
                        "the number in the field 'amount' is out of range: its exponent must be between -1000 and 1000");
        assertThatThrownBy(() -> CODEC.readCommand("probe.amount",
                ("{\"amount\":1,\"more\":[{\"price\":" + number + "}]}").getBytes(UTF_8))).isInstanceOf(Malformed.class)
                .hasMessageContaining("out of range").hasMessageContaining("price");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e1000", "1e-1000", "0.1", "12345678901234567890.123", "-3"})
    void other_numbers_are_read_as_they_are(String number) throws Malformed {
        Amount read = (Amount) CODEC.readCommand("probe.amount",
                ("{\"amount\":" + number + ",\"more\":[]}").getBytes(UTF_8));
        assertThat(read.amount()).isEqualTo(new java.math.BigDecimal(number));
    }

    @Test
    void a_number_that_domain_code_made_is_written_as_it_is_or_refused_and_never_expanded() throws Malformed {
        java.math.BigDecimal huge = new java.math.BigDecimal("1E+30000000");
        Computed computed = new Computed(huge, java.math.BigInteger.TWO.pow(3_000));
        Codec.Encoded written = CODEC.writeEvent(computed);
        assertThat(written.payload()).hasSizeLessThan(1_100);
        // two numbers of commands may have a product beyond the bound of commands
        assertThat(CODEC.readEvent(written.type(), written.version(), written.payload())).isEqualTo(computed);
        java.math.BigInteger long_ = java.math.BigInteger.TWO.pow(4_000);
        assertThatThrownBy(() -> CODEC.writeEvent(new Computed(java.math.BigDecimal.ONE, long_)))
                .hasMessageContaining("is too long to be read back");
        assertThatThrownBy(
                () -> CODEC.writeEvent(new Computed(new java.math.BigDecimal(long_, 3), java.math.BigInteger.ONE)))
                .hasMessageContaining("is too long to be read back");
    }

    private static final String GOOD = """
            {"text":"t","number":5,"small":6,"real":1.5,"flag":true,"colour":"RED","note":"n","label":"l",
             "tags":["a","b"],"shape":{"type":"Circle","radius":3},"inner":{"depth":1}}""";

    @Test
    void a_complete_command_is_read() throws Exception {
        assertThat(ask(GOOD)).isEqualTo(new Ask("t", 5, 6, 1.5, true, Colour.RED, "n", Optional.of("l"),
                List.of("a", "b"), new Circle(3), new Inner(1)));
    }

    @Test
    void what_is_nullable_or_optional_may_be_null_or_missing() throws Exception {
        assertThat(List.of(ask(without("note", "label")), ask(with("note", "null", "label", "null"))))
                .allSatisfy(read -> {
                    assertThat(read.note()).isNull();
                    assertThat(read.label()).isEmpty();
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "number", "small", "real", "flag", "colour", "tags", "shape", "inner"})
    void everything_else_must_be_there_and_not_be_null(String field) {
        assertThat(refusal("ask", without(field))).isEqualTo("the field '" + field + "' is missing");
        assertThat(refusal("ask", with(field, "null"))).isEqualTo("the field '" + field + "' must not be null");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            text   | 5
            text   | 1.5
            text   | true
            text   | []
            text   | {}
            note   | 5
            label  | 5
            number | "5"
            number | ""
            number | 5.0
            number | 1e3
            number | true
            number | []
            small  | "6"
            small  | 6.5
            real   | "1.5"
            real   | true
            flag   | "true"
            flag   | 1
            flag   | 0
            flag   | ""
            colour | 0
            colour | "0"
            colour | ""
            colour | "red"
            colour | "BLUE"
            colour | true
            tags   | "a"
            tags   | {}
            inner  | 1
            inner  | ""
            inner  | []
            shape  | "Circle"
            shape  | {}
            shape  | {"radius":3}
            shape  | {"type":"Triangle","radius":3}
            shape  | {"type":"dev.hivestream.runtime.message.CodecTest$Circle","radius":3}
            """)
    void a_value_of_the_wrong_type_is_named_by_its_field(String field, String value) {
        assertThat(refusal("ask", with(field, value)))
                .isEqualTo("the field '" + field + "' has a value of the wrong type");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            inner | {"depth":"1"}                  | the field 'inner.depth' has a value of the wrong type
            inner | {"depth":null}                 | the field 'inner.depth' must not be null
            inner | {}                             | the field 'inner.depth' is missing
            inner | {"depth":1,"more":2}           | unknown field 'inner.more'
            shape | {"type":"Square","side":"x"}   | the field 'shape.side' has a value of the wrong type
            shape | {"type":"Square","side":1,"radius":3}   | unknown field 'shape.radius'
            shape | {"type":"Square"}              | the field 'shape.side' is missing
            tags  | ["a",5]                        | the field 'tags[1]' has a value of the wrong type
            """)
    void what_is_inside_is_named_by_its_path(String field, String value, String message) {
        assertThat(refusal("ask", with(field, value))).isEqualTo(message);
    }

    @Test
    void a_number_that_does_not_fit_is_named() {
        assertThat(refusal("ask", with("number", "9223372036854775808")))
                .startsWith("the number in the field 'number' is out of range");
        assertThat(refusal("ask", with("small", "2147483648")))
                .startsWith("the number in the field 'small' is out of range");
        assertThat(refusal("ask", with("inner", "{\"depth\":-9223372036854775809}")))
                .startsWith("the number in the field 'inner.depth' is out of range");
    }

    @Test
    void what_is_not_a_number_is_the_one_number_that_is_written_as_a_string() throws Exception {
        assertThat(ask(with("real", "\"NaN\"")).real()).isNaN();
    }

    @Test
    void an_unknown_field_is_refused() {
        assertThat(refusal("ask", with("surplus", "1"))).isEqualTo("unknown field 'surplus'");
        assertThat(refusal("plain", "{\"surplus\":1}")).isEqualTo("unknown field 'surplus'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "5", "\"t\"", "\"\"", "true", "[\"t\"]"})
    void what_is_no_object_is_refused(String json) {
        for (String command : List.of("ask", "plain", "single")) {
            assertThat(refusal(command, json)).isEqualTo("not the JSON object that is wanted");
        }
    }

    @Test
    void no_body_and_null_are_refused() {
        assertThat(refusal("plain", ""))
                .isEqualTo("The command has no body; a JSON object is wanted, {} if it has no fields");
        assertThat(refusal("plain", "null")).isEqualTo("The command's body is null; a JSON object is wanted");
        assertThatThrownBy(() -> CODEC.readCommand("probe.plain", null)).isInstanceOf(Malformed.class)
                .hasMessageStartingWith("The command has no body");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"text\":\"t\"", "{\"text\":", "{\"text\":\"t\"}x",
            "{\"text\":\"t\",\"text\":\"u\"}", "{'text':'t'}", "{text:1}",
            "{\"text\":\"t\",}", "{\"number\":NaN}", "{\"number\":01}", "// {}", "{\"text\":\"a\nb\"}"})
    void what_is_no_json_is_refused_with_the_place(String json) {
        assertThat(refusal("single", json)).startsWith("not JSON (UTF-8): ")
                .containsPattern("\\(line \\d+, column \\d+\\)$")
                .doesNotContain("dev.", "Source", "REDACTED");
    }

    @Test
    void what_comes_after_the_object_is_refused() {
        assertThat(refusal("plain", "{}}")).startsWith("not JSON (UTF-8): ");
        assertThat(refusal("plain", "{} {}")).isEqualTo("not the JSON object that is wanted");
        assertThat(refusal("plain", "{}5")).isEqualTo("not the JSON object that is wanted");
    }

    @Test
    void what_is_not_utf_8_is_refused() {
        for (byte[] bytes : List.of("{\"text\":\"grün\"}".getBytes(ISO_8859_1), new byte[]{'{', '"', (byte) 0xC3, '"'},
                new byte[]{(byte) 0xFF})) {
            assertThatThrownBy(() -> CODEC.readCommand("probe.single", bytes)).isInstanceOf(Malformed.class)
                    .hasMessageStartingWith("not JSON (UTF-8): ");
        }
    }

    @Test
    void json_that_is_too_deep_or_too_long_is_refused() {
        assertThat(refusal("single", "[".repeat(5_000))).isNotBlank();
        assertThat(refusal("ask", with("tags", "[".repeat(5_000) + "]".repeat(5_000)))).isNotBlank();
        assertThat(refusal("ask", with("number", "9".repeat(5_000)))).isNotBlank();
    }

    @Test
    void a_rule_in_a_record_is_told() {
        assertThat(refusal("bound", "{\"percent\":101}")).isEqualTo("not valid: the percentage is above 100");
    }

    @Test
    void no_message_names_a_class() {
        for (String json : List.of(with("shape", "{\"type\":\"X\"}"), with("colour", "\"X\""), with("number", "\"x\""),
                with("inner", "[]"), without("text"), "[]", "{\"percent\":101}")) {
            for (String command : List.of("ask", "bound", "plain", "single")) {
                Malformed malformed = catchThrowableOfType(Malformed.class,
                        () -> CODEC.readCommand("probe." + command, json.getBytes(UTF_8)));
                if (malformed != null) {
                    assertThat(malformed).message().doesNotContain("dev.", "java.", "tools.jackson", "`", "$");
                }
            }
        }
    }

    @Test
    void a_type_that_is_no_command_is_told_apart() {
        assertThatThrownBy(() -> CODEC.readCommand("probe.asked", "{}".getBytes(UTF_8)))
                .hasMessage("'probe.asked' is an event; only commands are taken here");
        assertThatThrownBy(() -> CODEC.readCommand("other.ask", "{}".getBytes(UTF_8)))
                .hasMessage("'other.ask' is no command of the aggregate 'probe'");
        assertThat(CODEC.knowsCommand("ask")).isTrue();
        assertThat(CODEC.knowsCommand("probe.ask")).isFalse();
        assertThat(CODEC.knowsCommand("asked")).isFalse();
    }

    @Test
    void an_event_is_written_with_its_wire_name_and_version_and_read_again() throws Exception {
        for (Asked event : List.of(new Asked(new Circle(3), Optional.of("l"), "n"),
                new Asked(new Square(2), Optional.empty(), null))) {
            Codec.Encoded encoded = CODEC.writeEvent(event);
            assertThat(encoded.type()).isEqualTo("probe.asked");
            assertThat(encoded.version()).isEqualTo(3);
            assertThat(CODEC.readEvent(encoded.type(), encoded.version(), encoded.payload())).isEqualTo(event);
        }
        assertThat(new String(CODEC.writeEvent(new Asked(new Circle(3), Optional.empty(), null)).payload(), UTF_8))
                .isEqualTo("{\"shape\":{\"type\":\"Circle\",\"radius\":3},\"label\":null,\"note\":null}");
    }

    @Test
    void an_undeclared_event_cannot_be_written() {
        assertThatThrownBy(() -> CODEC.writeEvent(new Undeclared())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not declared as an event of the aggregate 'probe'");
    }

    @Test
    void an_event_of_an_older_version_passes_all_upcasters_from_its_own_on() throws Exception {
        assertThat(event(1, "{\"whatever\":1}")).isEqualTo(new Asked(new Square(2), Optional.of("third"), null));
        assertThat(event(2, "{\"shape\":{\"type\":\"Circle\",\"radius\":1}}"))
                .isEqualTo(new Asked(new Circle(1), Optional.of("third"), null));
        assertThat(event(3, "{\"shape\":{\"type\":\"Circle\",\"radius\":1}}"))
                .isEqualTo(new Asked(new Circle(1), Optional.empty(), null));
    }

    @Test
    void an_event_with_a_field_that_a_newer_writer_added_is_read() throws Exception {
        assertThat(event(3, "{\"shape\":{\"type\":\"Circle\",\"radius\":1,\"new\":2},\"added\":[1]}"))
                .isEqualTo(new Asked(new Circle(1), Optional.empty(), null));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            probe.asked  | 4  | {}                   | 'probe.asked' is of payload version 4; versions 1 to 3 can be read
            probe.asked  | 0  | {}                   | 'probe.asked' is of payload version 0; versions 1 to 3 can be read
            probe.ask    | 1  | {}                   | 'probe.ask' is no event of the aggregate 'probe'
            probe.gone   | 1  | {}                   | 'probe.gone' is no event of the aggregate 'probe'
            probe.asked  | 3  | {}                   | The payload of 'probe.asked' cannot be read: the field 'shape' is missing
            probe.asked  | 3  | null                 | The payload of 'probe.asked' is null
            probe.asked  | 2  | {"explosive":1}      | The payload of 'asked' cannot be upcast from version 2: java.lang.IllegalStateException: boom
            """)
    void an_event_that_cannot_be_read_says_why(String type, int version, String json, String message) {
        assertThatThrownBy(() -> CODEC.readEvent(type, version, json.getBytes(UTF_8))).isInstanceOf(Malformed.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "5", "{"})
    void an_old_event_whose_payload_is_no_object_is_malformed(String json) {
        assertThatThrownBy(() -> event(1, json)).isInstanceOf(Malformed.class);
        assertThatThrownBy(() -> event(2, json)).isInstanceOf(Malformed.class);
        assertThatThrownBy(() -> event(3, json)).isInstanceOf(Malformed.class);
    }

    @Test
    void text_of_any_script_survives() throws Exception {
        String text = "grün – 漢字 – 🐝 – \u0000 – \"\\/";
        Codec<?, ContentEvent> content = new Codec<>(SampleDomain.CONTENT);
        Codec.Encoded encoded = content.writeEvent(new ContentEvent.ContentEdited(text));
        assertThat(content.readEvent(encoded.type(), encoded.version(), encoded.payload()))
                .isEqualTo(new ContentEvent.ContentEdited(text));
    }

    @Test
    void half_a_surrogate_pair_survives_as_an_escape() throws Exception {
        Codec<?, ContentEvent> content = new Codec<>(SampleDomain.CONTENT);
        for (String text : List.of("\ud83d", "\ud83d ", "\udc1d", "a\ud83da")) {
            Codec.Encoded encoded = content.writeEvent(new ContentEvent.ContentEdited(text));
            assertThat(content.readEvent(encoded.type(), encoded.version(), encoded.payload()))
                    .as(new String(encoded.payload(), UTF_8))
                    .isEqualTo(new ContentEvent.ContentEdited(text));
        }
    }

    private static Happened event(int version, String json) throws Malformed {
        return CODEC.readEvent("probe.asked", version, json.getBytes(UTF_8));
    }

    private static Ask ask(String json) throws Malformed {
        return (Ask) CODEC.readCommand("probe.ask", json.getBytes(UTF_8));
    }

    private static String refusal(String command, String json) {
        Malformed malformed = catchThrowableOfType(Malformed.class,
                () -> CODEC.readCommand("probe." + command, json.getBytes(UTF_8)));
        assertThat(malformed).as(json).isNotNull();
        return malformed.getMessage();
    }

    private static String without(String... fields) {
        ObjectNode tree = (ObjectNode) Json.TOLERANT.readTree(GOOD);
        tree.remove(List.of(fields));
        return tree.toString();
    }

    /** With fields of these values; as text, for what is no JSON stays what it is. */
    private static String with(String... changes) {
        String json = GOOD;
        for (int i = 0; i < changes.length; i += 2) {
            ObjectNode tree = (ObjectNode) Json.TOLERANT.readTree(json);
            tree.put(changes[i], "@@");
            json = tree.toString().replace("\"@@\"", changes[i + 1]);
        }
        return json;
    }
}
