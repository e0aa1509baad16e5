package dev.hivestream.runtime.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.hivestream.model.Aggregate;
import dev.hivestream.model.EventType;
import dev.hivestream.runtime.api.JsonSchemas.Use;
import dev.hivestream.runtime.message.Codec;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.samples.SampleDomain;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A schema takes what is read, and refuses what is refused. */
class JsonSchemasTest {

    enum Colour {
        RED, GREEN
    }

    enum Spoken {
        LOUD;

        @Override
        public String toString() {
            return "loud";
        }
    }

    sealed interface Shape permits Round, Square {}

    sealed interface Round extends Shape permits Circle, Oval {}

    record Circle(long radius) implements Round {}

    record Oval(long width, @Nullable Long height) implements Round {}

    record Square(long side) implements Shape {}

    record Inner(long depth, @Nullable Inner next) {}

    record Box<T>(T value) {}

    record Ask(String text, long number, Long boxed, int small, short shorter, double real, boolean flag, char sign,
            Colour colour, Spoken spoken, @Nullable Colour perhaps, @Nullable String note, Optional<String> label,
            Optional<Shape> shapely, List<String> tags, int[] numbers, Set<Colour> colours, Map<String, Long> counts,
            Map<Colour, Inner> byColour, Shape shape, Round round, Circle circle, Inner inner, @Nullable Inner other,
            Box<String> box, Box<Long> crate, BigInteger big, BigDecimal exact, UUID id, Instant at, LocalDate day,
            Duration within, OptionalInt maybe, Object anything) {}

    private static final String GOOD = """
            {"text":"t","number":5,"boxed":6,"small":6,"shorter":7,"real":1.5,"flag":true,"sign":"x","colour":"RED",
             "spoken":"LOUD","perhaps":"GREEN","note":"n","label":"l","shapely":{"type":"Square","side":1},
             "tags":["a","b"],"numbers":[1,2],"colours":["RED"],"counts":{"a":1},"byColour":{"RED":{"depth":1}},
             "shape":{"type":"Circle","radius":3},"round":{"type":"Oval","width":3},"circle":{"radius":1},
             "inner":{"depth":1,"next":{"depth":2,"next":null}},"other":null,"box":{"value":"a"},"crate":{"value":1},
             "big":99999999999999999999,"exact":1.25,"id":"0d9f4a52-5b5e-4c0e-9d0a-6c3c1f2b7a11",
             "at":"2026-01-31T12:00:00Z","day":"2026-01-31","within":"PT1H","maybe":5,"anything":[1,{}]}""";

    private static final JsonMapper EXACT = Json.TOLERANT.rebuild()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

    static List<String> fields() {
        return List.copyOf(Json.TOLERANT.readTree(GOOD).propertyNames());
    }

    @ParameterizedTest
    @EnumSource(names = {"COMMAND", "EVENT"})
    void what_is_complete_is_taken(Use use) {
        assertThat(both(use, Ask.class, GOOD)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("fields")
    void what_may_be_missing_or_null_may_be_so_for_the_schema_too(String field) {
        for (Use use : List.of(Use.COMMAND, Use.EVENT)) {
            ObjectNode tree = (ObjectNode) Json.TOLERANT.readTree(GOOD);
            both(use, Ask.class, tree.putNull(field).toString());
            tree.remove(field);
            both(use, Ask.class, tree.toString());
        }
    }

    @Test
    void most_of_it_must_be_there() {
        ObjectNode tree = (ObjectNode) Json.TOLERANT.readTree(GOOD);
        List<String> notNeeded = fields().stream()
                .filter(field -> both(Use.COMMAND, Ask.class, tree.deepCopy().without(List.of(field)).toString()))
                .toList();
        assertThat(notNeeded).containsExactly("perhaps", "note", "label", "shapely", "other", "maybe");
    }

    @Test
    void an_unknown_field_is_refused_in_a_command_and_taken_in_an_event() {
        String surplus = GOOD.replaceFirst("\\{", "{\"surplus\":1,");
        String inside = GOOD.replace("{\"type\":\"Circle\",", "{\"type\":\"Circle\",\"surplus\":1,");
        for (String json : List.of(surplus, inside)) {
            assertThat(both(Use.COMMAND, Ask.class, json)).isFalse();
            assertThat(both(Use.EVENT, Ask.class, json)).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("fields")
    void nothing_is_converted(String field) {
        List<String> values = new ArrayList<>(List.of("5", "-5", "1.5", "\"5\"", "\"\"", "\"a\"", "true", "\"true\"",
                "[]", "[1]", "[\"a\"]", "{}", "{\"a\":1}", "{\"value\":1}", "{\"type\":\"Circle\"}",
                "{\"type\":\"Circle\",\"radius\":1}", "{\"type\":\"Round\"}", "{\"radius\":1}", "\"RED\"", "\"NaN\"",
                "[null]", "[\"RED\"]", "{\"a\":null}", "{\"RED\":{\"depth\":1}}", "{\"RED\":null}"));
        if (List.of("at", "within", "day").contains(field)) {
            // a time may come as a number, and a text that is none is refused for its format
            values.removeAll(List.of("5", "-5", "1.5", "\"5\"", "\"\"", "\"a\"", "\"true\"", "\"RED\"", "\"NaN\"",
                    "[]", "[1]", "[\"a\"]", "[null]", "[\"RED\"]"));
        }
        if (List.of("id").contains(field)) {
            values.removeAll(List.of("\"5\"", "\"\"", "\"a\"", "\"true\"", "\"RED\"", "\"NaN\""));
        }
        for (String value : values) {
            for (Use use : List.of(Use.COMMAND, Use.EVENT)) {
                both(use, Ask.class, with(field, value));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            number  | 9223372036854775807       | true
            number  | 9223372036854775808       | false
            number  | -9223372036854775809      | false
            small   | 2147483648                | false
            shorter | 32768                     | false
            numbers | [2147483648]              | false
            numbers | [null]                    | false
            tags    | ["a",null]                | true
            counts  | {"a":"1"}                 | false
            colours | ["BLUE"]                  | false
            byColour| {"BLUE":{"depth":1}}      | false
            spoken  | "LOUD"                    | true
            spoken  | "loud"                    | false
            real    | "Infinity"                | true
            real    | "infinity"                | false
            shape   | {"type":"Oval","width":1} | true
            shape   | {"type":"Oval","width":1,"height":null} | true
            shape   | {"side":1,"type":"Square"}| true
            round   | {"type":"Square","side":1}| false
            shape   | {"type":"Round"}          | false
            shape   | {"type":"Square","side":1,"radius":3} | false
            circle  | {"type":"Circle","radius":1} | false
            inner   | {"depth":1,"next":{"depth":"2"}} | false
            box     | {"value":5}               | false
            crate   | {"value":"a"}             | false
            sign    | "ab"                      | false
            """)
    void the_bounds_are_the_same(String field, String value, boolean taken) {
        assertThat(both(Use.COMMAND, Ask.class, with(field, value))).isEqualTo(taken);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]", "5", "\"t\"", "true", "{}"})
    void what_is_no_object_is_refused(String json) {
        assertThat(both(Use.COMMAND, Ask.class, json)).isFalse();
        assertThat(both(Use.EVENT, Ask.class, json)).isFalse();
    }

    record Written(Optional<String> label, @Nullable String note, OptionalInt maybe, double real, Shape shape,
            List<Shape> shapes) {}

    @Test
    void what_is_written_has_every_field_and_a_schema_that_takes_it() {
        for (Written state : List.of(
                new Written(Optional.empty(), null, OptionalInt.empty(), Double.NaN, new Circle(1), List.of()),
                new Written(Optional.of("l"), "n", OptionalInt.of(1), 1.5, new Oval(1, null),
                        List.of(new Square(1), new Circle(2))))) {
            ObjectNode json = (ObjectNode) Json.TOLERANT.readTree(Json.TOLERANT.writeValueAsBytes(state));
            assertThat(valid(Use.STATE, Written.class, json)).as(json.toString()).isTrue();
            for (String field : json.propertyNames()) {
                assertThat(valid(Use.STATE, Written.class, json.deepCopy().without(List.of(field)))).isFalse();
            }
        }
    }

    @Test
    void an_example_is_read() {
        ObjectNode definitions = Json.TOLERANT.createObjectNode();
        JsonNode schema = new JsonSchemas(definitions).define("ask", Ask.class, Use.COMMAND);
        JsonNode example = Examples.of(schema, definitions);
        assertThat(both(Use.COMMAND, Ask.class, String.valueOf(example))).as(String.valueOf(example)).isTrue();
    }

    static Stream<Aggregate<?, ?, ?>> samples() {
        return new SampleDomain().aggregates().stream();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void the_schemas_of_the_samples_take_and_refuse_what_their_codec_does(Aggregate<?, ?, ?> aggregate)
            throws IOException {
        Codec<?, ?> codec = new Codec<>(aggregate);
        for (var command : aggregate.commands().values()) {
            String name = aggregate.name() + "." + command.name();
            for (String json : variants("commands/" + name, command.type())) {
                assertThat(valid(Use.COMMAND, command.type(), EXACT.readTree(json))).as(name + " " + json)
                        .isEqualTo(reads(() -> codec.readCommand(name, json.getBytes(UTF_8))));
            }
        }
        for (EventType<?> event : aggregate.events().values()) {
            String name = aggregate.name() + "." + event.name();
            for (String json : variants("events/" + name + "." + event.version(), event.type())) {
                assertThat(valid(Use.EVENT, event.type(), EXACT.readTree(json))).as(name + " " + json)
                        .isEqualTo(reads(() -> codec.readEvent(name, event.version(), json.getBytes(UTF_8))));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void the_schema_of_a_state_takes_what_is_written_and_no_less(Aggregate<?, ?, ?> aggregate) {
        ObjectNode state = Json.TOLERANT.valueToTree(aggregate.decider().initialState());
        assertThat(valid(Use.STATE, aggregate.stateType(), state)).isTrue();
        for (String field : state.propertyNames()) {
            assertThat(valid(Use.STATE, aggregate.stateType(), state.deepCopy().without(List.of(field)))).isFalse();
        }
    }

    /** The pinned JSON; and with a field missing, null, of another type; and with a surplus one. */
    private static List<String> variants(String file, Class<?> type) throws IOException {
        ObjectNode good;
        try (InputStream pinned = JsonSchemasTest.class.getResourceAsStream("/json/" + file + ".json")) {
            good = (ObjectNode) Json.TOLERANT.readTree(pinned);
        }
        List<String> variants = new ArrayList<>(List.of(good.toString(), "null", "[]", "5", "\"a\"", "true"));
        variants.add(good.deepCopy().put("surplus", 1).toString());
        variants.add(good.deepCopy().put("type", type.getSimpleName()).toString());
        for (String field : good.propertyNames()) {
            variants.add(good.deepCopy().without(List.of(field)).toString());
            for (JsonNode value : Json.TOLERANT.readTree("[null,5,1.5,\"5\",\"\",true,[],{}]")) {
                ObjectNode other = good.deepCopy();
                other.set(field, value);
                variants.add(other.toString());
            }
        }
        return variants;
    }

    private interface Reading {
        Object read() throws Malformed;
    }

    private static boolean reads(Reading reading) {
        try {
            reading.read();
            return true;
        } catch (Malformed e) {
            return false;
        }
    }

    /** Whether it is read; the schema must say the same. */
    private static boolean both(Use use, Class<?> type, String json) {
        boolean read;
        try {
            read = (use == Use.COMMAND ? Json.STRICT : Json.TOLERANT).readValue(json, type) != null;
        } catch (JacksonException e) {
            read = false;
        }
        assertThat(valid(use, type, EXACT.readTree(json))).as(use + " " + json).isEqualTo(read);
        return read;
    }

    private static final Map<String, Schema> SCHEMAS = new LinkedHashMap<>();

    private static boolean valid(Use use, Class<?> type, JsonNode json) {
        return SCHEMAS.computeIfAbsent(use + type.getName(), key -> {
            ObjectNode document = Json.TOLERANT.createObjectNode();
            ObjectNode schema = new JsonSchemas(document.withObject("/components/schemas")).define("it", type, use);
            document.setAll(schema);
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(document);
        }).validate(json).isEmpty();
    }

    private static String with(String field, String value) {
        ObjectNode tree = (ObjectNode) Json.TOLERANT.readTree(GOOD);
        tree.put(field, "@@");
        return tree.toString().replace("\"@@\"", value);
    }
}
