package dev.hivestream.runtime.message;

import java.io.Serial;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.DeserializationConfig;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.ValueDeserializerModifier;
import tools.jackson.databind.deser.std.DelegatingDeserializer;
import tools.jackson.databind.module.SimpleModule;

/**
 * Reads what earlier versions wrote to topics, and nobody writes any more: an enum by its {@code toString()}, and a value of a
 * class that is sealed, but no interface, as an array of its class and itself.
 */
final class EarlierForms {

    private EarlierForms() {}

    static JacksonModule module() {
        return new SimpleModule("hive-earlier-forms").setDeserializerModifier(new ValueDeserializerModifier() {
            @Serial
            private static final long serialVersionUID = 1L;

            @Override
            public ValueDeserializer<?> modifyEnumDeserializer(DeserializationConfig config, JavaType type,
                    BeanDescription.Supplier description, ValueDeserializer<?> given) {
                return new Reader(given, labels(type.getRawClass()));
            }

            @Override
            public ValueDeserializer<?> modifyDeserializer(DeserializationConfig config,
                    BeanDescription.Supplier description, ValueDeserializer<?> given) {
                Class<?> type = description.getType().getRawClass();
                return type.isSealed() && !type.isInterface() ? new Reader(given, Map.of()) : given;
            }
        });
    }

    /** The constants that are found by what they were called, if that is no name and no other's. */
    private static Map<String, Object> labels(Class<?> type) {
        Map<String, Object> labels = new HashMap<>();
        Object[] constants = type.getEnumConstants();
        if (constants == null) {
            return labels;
        }
        for (Object constant : constants) {
            String label = String.valueOf(constant);
            long same = Arrays.stream(constants).filter(other -> String.valueOf(other).equals(label)).count();
            if (same == 1 && !label.equals(((Enum<?>) constant).name())) {
                labels.put(label, constant);
            }
        }
        return labels;
    }

    private static final class Reader extends DelegatingDeserializer {

        @Serial
        private static final long serialVersionUID = 1L;

        private final transient Map<String, Object> labels;

        private Reader(ValueDeserializer<?> given, Map<String, Object> labels) {
            super(given);
            this.labels = labels;
        }

        @Override
        protected ValueDeserializer<?> newDelegatingInstance(ValueDeserializer<?> other) {
            return new Reader(other, labels);
        }

        @Override
        public @Nullable Object deserialize(JsonParser json, DeserializationContext context) {
            if (!json.isExpectedStartArrayToken()) {
                Object labelled = json.hasToken(JsonToken.VALUE_STRING) ? labels.get(json.getString()) : null;
                return labelled == null ? super.deserialize(json, context) : labelled;
            }
            JsonToken name = json.nextToken();
            if (name != JsonToken.VALUE_STRING || json.nextToken() != name) {
                return context.handleUnexpectedToken(handledType(), json);
            }
            Object value = deserialize(json, context);
            if (json.nextToken() != JsonToken.END_ARRAY) {
                return context.handleUnexpectedToken(handledType(), json);
            }
            return value;
        }
    }
}
