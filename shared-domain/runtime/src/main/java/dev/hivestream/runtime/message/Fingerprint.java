package dev.hivestream.runtime.message;

import dev.hivestream.model.Aggregate;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a snapshot's meaning depends on, in 12 hexadecimal digits: the {@link StoredFormat}, the shape of the state type (names and types of record
 * components, permitted subtypes, enum constants, as far down as they are records, sealed types or enums), the
 * aggregate's evolve version, and the id of the events topic whose offsets the checkpoint counts. Snapshots of another
 * fingerprint are not read.
 */
public final class Fingerprint {

    private Fingerprint() {}

    /** The fingerprint of an aggregate's snapshots of one events topic. */
    public static String of(Aggregate<?, ?, ?> aggregate, String eventsTopicId) {
        return of(aggregate.evolveVersion() + "/" + eventsTopicId, aggregate.stateType());
    }

    /**
     * The fingerprint of a state's shape.
     *
     * @param circumstances what else its meaning depends on
     */
    public static String of(String circumstances, Class<?> state) {
        StringBuilder shape = new StringBuilder().append(StoredFormat.NUMBER).append('/').append(circumstances);
        describe(state, shape, new LinkedHashSet<>());
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(shape.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    private static void describe(Type type, StringBuilder shape, Set<Class<?>> seen) {
        switch (type) {
            case Class<?> c -> describeClass(c, shape, seen);
            case ParameterizedType p -> {
                describe(p.getRawType(), shape, seen);
                shape.append('<');
                for (Type argument : p.getActualTypeArguments()) {
                    describe(argument, shape, seen);
                }
                shape.append('>');
            }
            case GenericArrayType a -> {
                describe(a.getGenericComponentType(), shape, seen);
                shape.append("[]");
            }
            case WildcardType w -> Arrays.stream(w.getUpperBounds()).forEach(bound -> describe(bound, shape, seen));
            default -> shape.append(type.getTypeName());
        }
    }

    private static void describeClass(Class<?> c, StringBuilder shape, Set<Class<?>> seen) {
        shape.append(';').append(c.getName());
        if (!seen.add(c)) {
            return;
        }
        if (c.isArray()) {
            describe(c.getComponentType(), shape, seen);
        } else if (c.isEnum()) {
            String labels = Arrays.toString(c.getEnumConstants());
            String names = Arrays.stream(c.getEnumConstants()).map(constant -> ((Enum<?>) constant).name()).toList()
                    .toString();
            // before, constants were written as their labels
            shape.append(labels).append(names.equals(labels) ? "" : names);
        } else if (c == OffsetDateTime.class || c == ZonedDateTime.class || c == ZoneId.class) {
            // before, they lost their offset, and their zone
            shape.append("+zone");
        } else if (c.isRecord()) {
            shape.append('(');
            for (RecordComponent component : c.getRecordComponents()) {
                shape.append(',').append(component.getName());
                describe(component.getGenericType(), shape, seen);
            }
            shape.append(')');
        } else if (c.isSealed()) {
            Arrays.stream(c.getPermittedSubclasses()).sorted(Comparator.comparing(Class::getName))
                    .forEach(permitted -> describe(permitted, shape, seen));
        }
    }
}
