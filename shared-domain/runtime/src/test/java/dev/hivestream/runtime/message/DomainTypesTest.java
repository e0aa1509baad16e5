package dev.hivestream.runtime.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.time.ZoneId;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/** Every type that a record may hold is read back as the value that was written, wherever it stands. */
class DomainTypesTest {

    record One<T>(T value) {}

    record Maybe<T>(Optional<T> value) {}

    record Parts<T>(List<T> list, Set<T> set, Map<String, T> map) {}

    record Keys<T>(Map<T, Integer> keys) {}

    @Test
    void each_type_has_examples() {
        assertThat(TypeExamples.BY_TYPE.keySet())
                .containsExactlyInAnyOrderElementsOf(DomainTypes.VALUES.stream().map(DomainTypes.Value::type).toList());
    }

    @TestFactory
    Stream<DynamicTest> what_is_written_is_read_back() {
        return DomainTypes.VALUES.stream().map(type -> DynamicTest.dynamicTest(type.type().getSimpleName(), () -> {
            List<String> lost = new ArrayList<>();
            for (Object value : TypeExamples.BY_TYPE.getOrDefault(type.type(), List.of())) {
                kept(lost, new One<>(value), One.class, type.type());
                kept(lost, new Parts<>(List.of(value, value), Set.of(value), Map.of("k", value)), Parts.class,
                        type.type());
                if (!type.type().getSimpleName().startsWith("Optional")) {
                    kept(lost, new Maybe<>(Optional.of(value)), Maybe.class, type.type());
                    kept(lost, new Maybe<>(Optional.empty()), Maybe.class, type.type());
                }
                if (type.isKey()) {
                    kept(lost, new Keys<>(Map.of(value, 1)), Keys.class, type.type());
                }
            }
            assertThat(lost).isEmpty();
        }));
    }

    private static void kept(List<String> lost, Object value, Class<?> holder, Class<?> type) {
        for (JsonMapper mapper : List.of(Json.STRICT, Json.TOLERANT, Json.UNIQUE_NAMES)) {
            JavaType java = mapper.getTypeFactory().constructParametricType(holder, type);
            String json = "";
            try {
                json = Json.TOLERANT.writerFor(java).writeValueAsString(value);
                Object read = mapper.readerFor(java).readValue(json);
                if (!read.equals(value)) {
                    lost.add(value + " is written " + json + " and read as " + read);
                }
            } catch (RuntimeException e) {
                lost.add(value + " is written " + json + " and cannot be read: " + e.getMessage());
            }
        }
    }

    record Plain(String name, List<Map<String, Set<Shape>>> shapes, One<One<Integer>> nested, Color color,
            Map<Color, Long> byColor, Plain again) {}

    sealed interface Shape permits Circle, Rest {}

    sealed interface Rest extends Shape permits Square {}

    record Circle(double radius) implements Shape {}

    record Square(Optional<Shape> inside) implements Rest {}

    enum Color {
        RED {
        }
    }

    @Test
    void what_is_in_the_set_is_taken() {
        DomainTypes.require("The state", Plain.class);
        DomainTypes.require("The state", Shape.class);
        DomainTypes.require("The state", Integer.class);
    }

    enum Op {
        PLUS {
            @Override
            public String toString() {
                return "+";
            }
        },
        MINUS {
            @Override
            public String toString() {
                return "-";
            }
        },
        SAME, EQUAL {
            @Override
            public String toString() {
                return "=";
            }
        },
        ALIKE {
            @Override
            public String toString() {
                return "=";
            }
        }
    }

    record Ops(Op op, List<Op> ops, Map<Op, Integer> byOp) {}

    @Test
    void enums_go_by_the_names_of_their_constants() {
        Ops ops = new Ops(Op.PLUS, List.of(Op.MINUS, Op.SAME, Op.EQUAL), Map.of(Op.ALIKE, 1));
        String json = Json.TOLERANT.writeValueAsString(ops);
        assertThat(json).isEqualTo("{\"op\":\"PLUS\",\"ops\":[\"MINUS\",\"SAME\",\"EQUAL\"],\"byOp\":{\"ALIKE\":1}}");
        for (JsonMapper mapper : List.of(Json.STRICT, Json.TOLERANT, Json.UNIQUE_NAMES)) {
            assertThat(mapper.readValue(json, Ops.class)).isEqualTo(ops);
        }
    }

    record Methods(String name, boolean isOpen, boolean open) {

        public String getName() {
            return "get";
        }

        public String getMore() {
            return "more";
        }

        public boolean isEmpty() {
            return true;
        }
    }

    @Test
    void a_record_is_its_components_whatever_methods_it_has() {
        Methods record = new Methods("n", true, false);
        String json = Json.TOLERANT.writeValueAsString(record);
        assertThat(json).isEqualTo("{\"name\":\"n\",\"isOpen\":true,\"open\":false}");
        assertThat(Json.STRICT.readValue(json, Methods.class)).isEqualTo(record);
    }

    record Zoned(ZoneId zone) {}

    @Test
    void what_earlier_versions_wrote_is_read_but_in_commands() {
        String ops = "{\"op\":[\"Op\",\"PLUS\"],\"ops\":[\"-\",[\"Op\",\"-\"],\"SAME\"],\"byOp\":{}}";
        assertThat(Json.TOLERANT.readValue(ops, Ops.class))
                .isEqualTo(new Ops(Op.PLUS, List.of(Op.MINUS, Op.MINUS, Op.SAME), Map.of()));
        String zone = "{\"zone\":[\"ZoneRegion\",\"Europe/Paris\"]}";
        assertThat(Json.UNIQUE_NAMES.readValue(zone, Zoned.class)).isEqualTo(new Zoned(ZoneId.of("Europe/Paris")));
        assertThatThrownBy(() -> Json.STRICT.readValue(ops, Ops.class)).isInstanceOf(DatabindException.class);
        assertThatThrownBy(() -> Json.STRICT.readValue(zone, Zoned.class)).isInstanceOf(DatabindException.class);
        assertThatThrownBy(() -> Json.TOLERANT.readValue("\"=\"", Op.class)).as("of two constants")
                .isInstanceOf(DatabindException.class);
        assertThatThrownBy(() -> Json.TOLERANT.readValue("[\"Op\",\"PLUS\",1]", Op.class))
                .isInstanceOf(DatabindException.class);
    }

    enum Swapped {
        ONE {
            @Override
            public String toString() {
                return "TWO";
            }
        },
        TWO
    }

    record Raw(@SuppressWarnings("rawtypes") List list) {}

    record Wild(List<? extends String> list) {}

    record Array(String[] array) {}

    record Bytes(byte[] bytes) {}

    record GenericArray(List<String>[] array) {}

    record Anything(Object value) {}

    record AnyNumber(Number number) {}

    record AnyText(CharSequence text) {}

    record Sorted(SortedSet<String> sorted) {}

    record Hashed(HashMap<String, String> map) {}

    record Some(Collection<String> some) {}

    record Old(Date date) {}

    record Twice(Optional<Optional<String>> value) {}

    record TwiceWhole(Optional<OptionalInt> value) {}

    record ByRecord(Map<Circle, String> map) {}

    record ByDecimal(Map<BigDecimal, String> map) {}

    record Open(Comparable<String> open) {}

    record Bean(Pojo bean) {}

    static class Pojo {
        public String name = "";
    }

    sealed interface Tagged permits Typed {}

    record Typed(String type) implements Tagged {}

    sealed interface Mixed permits Constant {}

    enum Constant implements Mixed {
        ONE
    }

    sealed interface Twins permits Left.Twin, Right.Twin {}

    static final class Left {
        record Twin() implements Twins {}
    }

    static final class Right {
        record Twin() implements Twins {}
    }

    sealed interface Half permits OpenHalf {}

    non-sealed interface OpenHalf extends Half {}

    record Renamed(@JsonProperty("other") String name) {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS)
    record Named(String name) {}

    static Stream<Arguments> refused() {
        return Stream.of(Arguments.of(Raw.class, "Raw.list", "without type arguments; use List"),
                Arguments.of(Wild.class, "Wild.list", "without a wildcard"),
                Arguments.of(Array.class, "Array.array of the type java.lang.String[]", "use List"),
                Arguments.of(Bytes.class, "byte[]", "use String, in Base64"),
                Arguments.of(GenericArray.class, "GenericArray.array", "use a List"),
                Arguments.of(Anything.class, "java.lang.Object", "a sealed interface of records"),
                Arguments.of(AnyNumber.class, "java.lang.Number", "use BigDecimal"),
                Arguments.of(AnyText.class, "java.lang.CharSequence", "use String"),
                Arguments.of(Sorted.class, "java.util.SortedSet", "use Set"),
                Arguments.of(Hashed.class, "java.util.HashMap", "use Map"),
                Arguments.of(Some.class, "java.util.Collection", "use List"),
                Arguments.of(Old.class, "java.util.Date", "java.time.Instant"),
                Arguments.of(Twice.class, "an Optional in an Optional", "one Optional"),
                Arguments.of(TwiceWhole.class, "an Optional in an Optional", "one Optional"),
                Arguments.of(ByRecord.class, "a Map whose keys are", "that may be a key"),
                Arguments.of(ByDecimal.class, "java.math.BigDecimal, which have no text form", "that may be a key"),
                Arguments.of(Open.class, "java.lang.Comparable", "without type parameters"),
                Arguments.of(Bean.class, "Pojo", "a record"), Arguments.of(Tagged.class, "Typed.type", "another name"),
                Arguments.of(Mixed.class, "which permits", "a record in its place"),
                Arguments.of(Twins.class, "the simple name tells", "another name"),
                Arguments.of(Half.class, "OpenHalf", "a record in its place"),
                Arguments.of(Renamed.class, "@JsonProperty", "say what the JSON is"),
                Arguments.of(Named.class, "@JsonTypeInfo", "say what the JSON is"),
                Arguments.of(Swapped.class, "toString() of ONE is the name", "another text"),
                Arguments.of(One.class, "is the generic class", "without type parameters"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void what_is_not_in_the_set_is_refused_with_what_to_use_instead(Class<?> type, String where, String remedy) {
        assertThatThrownBy(() -> DomainTypes.require("The state of the aggregate 'a'", type))
                .isInstanceOf(DomainTypes.Refused.class).hasMessageStartingWith("The state of the aggregate 'a' ")
                .hasMessageContaining(where).hasMessageContaining(remedy)
                .hasMessageEndingWith("(docs/domain-types.md)");
    }
}
