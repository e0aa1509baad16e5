package dev.hivestream.runtime.message;

import java.math.BigDecimal;
import java.math.BigInteger;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.BeanProperty;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.deser.jdk.NumberDeserializers;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.jdk.NumberSerializer;

/**
 * Bounds numbers: {@code 1e30000000} is short as JSON, but adding 1 to it keeps a CPU busy. The exponent of a number in a command
 * is at most {@value #SCALE}, and a number that is written has no more digits than can be read back. Numbers in stored events
 * and states are read with any exponent: a product of two numbers of commands may exceed the bound.
 */
final class BoundedNumbers {

    /** The scale of a decimal that is read, either way. JSON with more digits is refused by the parser. */
    static final int SCALE = 1_000;
    /** Some 980 digits; the parser takes 1,000 characters. */
    private static final int BITS = 3_250;

    private BoundedNumbers() {}

    /** @param fromOutside whether the input comes from a client */
    static JacksonModule module(boolean fromOutside) {
        SimpleModule module = new SimpleModule("hive-numbers");
        if (fromOutside) {
            module.addDeserializer(BigDecimal.class, new ReadDecimal());
        }
        module.addSerializer(BigDecimal.class, new Written<>(BigDecimal.class));
        module.addSerializer(BigInteger.class, new Written<>(BigInteger.class));
        return module;
    }

    /** A number whose exponent is out of bounds. */
    static final class OutOfBounds extends MismatchedInputException {

        private static final long serialVersionUID = 1L;

        private OutOfBounds(JsonParser json) {
            super(json, "The exponent exceeds " + SCALE, BigDecimal.class);
        }
    }

    private static final class ReadDecimal extends ValueDeserializer<BigDecimal> {

        @Override
        public BigDecimal deserialize(JsonParser json, DeserializationContext context) {
            BigDecimal number = NumberDeserializers.BigDecimalDeserializer.instance.deserialize(json, context);
            if (number != null && Math.abs((long) number.scale()) > SCALE) {
                throw new OutOfBounds(json);
            }
            return number;
        }
    }

    private static final class Written<T extends Number> extends ValueSerializer<T> {

        private final Class<T> type;

        private Written(Class<T> type) {
            this.type = type;
        }

        /** As text, where an annotation asks for that. */
        @Override
        public ValueSerializer<?> createContextual(SerializationContext context, BeanProperty property) {
            ValueSerializer<?> other = new NumberSerializer(type).createContextual(context, property);
            return other instanceof NumberSerializer ? this : other;
        }

        @Override
        public void serialize(T number, JsonGenerator json, SerializationContext context) {
            BigInteger digits = number instanceof BigDecimal decimal ? decimal.unscaledValue() : (BigInteger) number;
            if (digits.bitLength() > BITS) {
                context.reportMappingProblem(
                        "A number of about %s digits is too long to be read back; at most 1000 characters are allowed",
                        (long) (digits.bitLength() * 0.30103));
            }
            if (number instanceof BigDecimal decimal) {
                json.writeNumber(decimal);
            } else {
                json.writeNumber(digits);
            }
        }
    }
}
