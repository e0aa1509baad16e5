package dev.hivestream.runtime.property;

import static dev.hivestream.local.check.Made.cases;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.CommandType;
import dev.hivestream.model.EventType;
import dev.hivestream.model.Upcaster;
import dev.hivestream.runtime.message.Codec;
import dev.hivestream.runtime.message.EventCodec;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.samples.SampleDomain;
import dev.hivestream.samples.content.ContentEvent.ContentCreated;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ObjectNode;

class CodecPropertiesTest {

    private static final int CASES = 400;

    static List<Aggregate<?, ?, ?>> aggregates() {
        return new SampleDomain().aggregates();
    }

    @ParameterizedTest
    @MethodSource("aggregates")
    <C, S, E> void an_event_is_read_as_it_was_written_also_with_what_a_newer_writer_added(
            Aggregate<C, S, E> aggregate) {
        Codec<C, E> codec = new Codec<>(aggregate);
        List<EventType<E>> types = List.copyOf(aggregate.events().values());
        cases(CASES, made -> {
            E event = made.record(made.oneOf(types).type());
            Codec.Encoded written = codec.writeEvent(event);
            assertThat(read(codec, written, written.payload())).isEqualTo(event);
            ObjectNode more = (ObjectNode) Json.TOLERANT.readTree(written.payload());
            more.put("added-" + made.text(), made.text());
            more.putObject("added").put("later", made.number());
            assertThat(read(codec, written, Json.TOLERANT.writeValueAsBytes(more))).isEqualTo(event);
        });
    }

    private static <C, E> E read(Codec<C, E> codec, Codec.Encoded written, byte[] payload) {
        try {
            return codec.readEvent(written.type(), written.version(), payload);
        } catch (Malformed e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @MethodSource("aggregates")
    <C, S, E> void a_command_is_read_as_it_was_written_and_with_a_field_more_or_less_it_is_malformed(
            Aggregate<C, S, E> aggregate) {
        Codec<C, E> codec = new Codec<>(aggregate);
        List<CommandType<C>> types = List.copyOf(aggregate.commands().values());
        cases(CASES, made -> {
            CommandType<C> type = made.oneOf(types);
            String wireName = aggregate.name() + "." + type.name();
            C command = made.record(type.type());
            byte[] json = Json.TOLERANT.writeValueAsBytes(command);
            try {
                assertThat(codec.readCommand(wireName, json)).isEqualTo(command);
            } catch (Malformed e) {
                throw new AssertionError(e);
            }
            ObjectNode other = (ObjectNode) Json.TOLERANT.readTree(json);
            List<String> names = new ArrayList<>();
            for (RecordComponent component : type.type().getRecordComponents()) {
                if (!component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                    names.add(component.getName());
                }
            }
            if (names.isEmpty() || made.oneIn(2)) {
                other.put("more", made.text());
            } else {
                other.remove(made.oneOf(names));
            }
            assertThatThrownBy(() -> codec.readCommand(wireName, Json.TOLERANT.writeValueAsBytes(other)))
                    .isInstanceOf(Malformed.class).hasMessageNotContainingAny("Exception", "dev.hivestream", "tools.");
        });
    }

    @ParameterizedTest
    @MethodSource("aggregates")
    <C, S, E> void bytes_that_were_changed_are_malformed_or_a_message_and_nothing_else_is_thrown(
            Aggregate<C, S, E> aggregate) {
        Codec<C, E> codec = new Codec<>(aggregate);
        List<CommandType<C>> commands = List.copyOf(aggregate.commands().values());
        List<EventType<E>> events = List.copyOf(aggregate.events().values());
        cases(4 * CASES, made -> {
            CommandType<C> command = made.oneOf(commands);
            EventType<E> event = made.oneOf(events);
            try {
                assertThat(codec.readCommand(aggregate.name() + "." + command.name(),
                        made.changed(Json.TOLERANT.writeValueAsBytes(made.record(command.type()))))).isNotNull();
            } catch (Malformed e) {
                assertThat(e.getMessage()).isNotBlank().doesNotContain("Exception", "dev.hivestream", "tools.");
            }
            try {
                assertThat(codec.readEvent(aggregate.name() + "." + event.name(), 1 + made.below(3),
                        made.changed(Json.TOLERANT.writeValueAsBytes(made.record(event.type()))))).isNotNull();
            } catch (Malformed e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        });
    }

    @Test
    void an_old_event_is_read_as_the_newest_is() {
        Codec<?, ?> codec = new Codec<>(SampleDomain.CONTENT);
        cases(CASES, made -> {
            String text = made.text();
            try {
                assertThat(codec.readEvent("content.created", 1,
                        Json.TOLERANT.writeValueAsBytes(Map.of("body", text, "unknown", made.number()))))
                        .isEqualTo(new ContentCreated(text, false));
            } catch (Malformed e) {
                throw new AssertionError(e);
            }
        });
    }

    /** How often it was upcast, and whence. */
    record Grown(long value, long steps, long from) {}

    @Test
    void each_version_is_upcast_by_each_later_step_once_and_in_order() {
        cases(CASES, made -> {
            int newest = 1 + made.below(6);
            List<Upcaster> steps = new ArrayList<>();
            for (int i = 1; i < newest; i++) {
                int from = i;
                steps.add(payload -> {
                    Map<String, Object> next = new LinkedHashMap<>(payload);
                    assertThat(((Number) next.get("at")).intValue()).isEqualTo(from);
                    next.put("at", from + 1);
                    next.put("steps", ((Number) next.get("steps")).longValue() + 1);
                    return next;
                });
            }
            EventCodec<Grown> codec = new EventCodec<>("a test",
                    Map.of("grown", new EventType<>("grown", Grown.class, newest, steps)));
            int version = 1 + made.below(newest);
            long value = made.number();
            try {
                Grown grown = codec.read("grown", version, Json.TOLERANT
                        .writeValueAsBytes(Map.of("value", value, "steps", 0, "from", version, "at", version)));
                assertThat(grown).isEqualTo(new Grown(value, newest - version, version));
            } catch (Malformed e) {
                throw new AssertionError(e);
            }
            for (int other : new int[]{0, -1, newest + 1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                assertThatThrownBy(() -> codec.read("grown", other, new byte[0])).isInstanceOf(Malformed.class);
            }
        });
    }
}
