package dev.hivestream.runtime.message;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.SagaType;
import java.lang.annotation.Annotation;
import java.lang.invoke.MethodType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Collection;
import java.util.Currency;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The closed set of types that the commands, events and states of a domain may hold, described in docs/domain-types.md. What is
 * in it is written and read back as the same value; everything else is refused when an app starts.
 *
 * <p>In it are the {@link #VALUES}, enums, records, sealed interfaces of records, and {@code Optional}, {@code List}, {@code Set}
 * and {@code Map} of them. Thread-safe.
 */
public final class DomainTypes {

    /**
     * A type of values without parts.
     *
     * @param type the class; of a primitive type, the box
     * @param isKey whether it may be the key of a map
     */
    public record Value(Class<?> type, boolean isKey) {}

    /** Types of values without parts. */
    public static final List<Value> VALUES = List.of(key(String.class), key(Boolean.class), key(Character.class),
            key(Byte.class), key(Short.class), key(Integer.class), key(Long.class), key(BigInteger.class),
            noKey(BigDecimal.class), noKey(Double.class), noKey(Float.class), key(UUID.class), key(URI.class),
            key(Currency.class), key(Instant.class), key(LocalDate.class), key(LocalTime.class),
            key(LocalDateTime.class), key(OffsetDateTime.class), key(OffsetTime.class), key(ZonedDateTime.class),
            key(ZoneId.class), key(ZoneOffset.class), key(Year.class), noKey(YearMonth.class), key(MonthDay.class),
            key(Duration.class), key(Period.class), noKey(OptionalInt.class), noKey(OptionalLong.class),
            noKey(OptionalDouble.class));

    /** A constructor takes 255 arguments, and making a record needs some of them. */
    private static final int SLOTS = 250;
    private static final Map<Class<?>, Value> BY_CLASS = VALUES.stream()
            .collect(Collectors.toUnmodifiableMap(Value::type, Function.identity()));
    private static final Set<Class<?>> OPTIONAL = Set.of(Optional.class, OptionalInt.class, OptionalLong.class,
            OptionalDouble.class);
    private static final String PAGE = " (docs/domain-types.md)";

    /** A type that is not in the set. */
    public static final class Refused extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        private Refused(String message) {
            super(message);
        }
    }

    private final String what;
    private final Set<Type> known = new HashSet<>();

    private DomainTypes(String what) {
        this.what = what;
    }

    /**
     * Requires that all that an aggregate's commands, events and state hold is in the set.
     *
     * @throws Refused at the first that is not
     */
    public static void require(Aggregate<?, ?, ?> aggregate) {
        String of = "' of the aggregate '" + aggregate.name() + "'";
        aggregate.commands().values()
                .forEach(command -> require("The command '" + command.name() + of, command.type()));
        aggregate.events().values().forEach(event -> require("The event '" + event.name() + of, event.type()));
        require("The state of the aggregate '" + aggregate.name() + "'", aggregate.stateType());
    }

    /** The same of a saga: the events and commands of its aggregates, and its state. */
    public static void require(SagaType<?, ?, ?> saga) {
        String of = " of the saga '" + saga.name() + "'";
        saga.reactions().forEach((name, reaction) -> require("The event '" + name + "'" + of, reaction.event().type()));
        saga.commands().forEach((type, sent) -> require("The command '" + sent.wireName() + "'" + of, type));
        require("The state" + of, saga.stateType());
    }

    /**
     * Requires that all that a class holds is in the set.
     *
     * @param what the class is, for the message: {@code The event 'opened' of the aggregate 'account'}
     * @throws Refused if it holds something else; says where, and what to use instead
     */
    public static void require(String what, Class<?> root) {
        DomainTypes types = new DomainTypes(what);
        if (root.getTypeParameters().length > 0) {
            throw types.refused("is the generic class " + root.getName() + ", of which nobody knows what it holds",
                    "a record without type parameters");
        }
        types.check(root, Map.of(), "is");
    }

    private static Value key(Class<?> type) {
        return new Value(type, true);
    }

    private static Value noKey(Class<?> type) {
        return new Value(type, false);
    }

    private static @Nullable Value value(Class<?> type) {
        return BY_CLASS.get(MethodType.methodType(type).wrap().returnType());
    }

    /** Whether a value of this class may be nothing. */
    static boolean isOptional(Class<?> type) {
        return OPTIONAL.contains(type);
    }

    /** Whether its records are told apart by a member {@code type}. Enums with bodies and classes of the JDK are sealed, too. */
    public static boolean isSealedInterface(Class<?> type) {
        return type.isSealed() && type.isInterface();
    }

    private Refused refused(String problem, String remedy) {
        return new Refused(what + " " + problem + "; use " + remedy + PAGE);
    }

    /** @param where what the message says before the type: {@code is}, or the component and {@code of the type} */
    private void check(Type type, Map<TypeVariable<?>, Type> bound, String where) {
        switch (type) {
            case TypeVariable<?> variable -> {
                Type argument = bound.get(variable);
                if (argument == null) {
                    throw refused(where + " the type variable " + variable, "a type that is known");
                }
                check(argument, Map.of(), where);
            }
            case WildcardType wildcard -> throw refused(where + " " + wildcard, "a type without a wildcard");
            case GenericArrayType array -> throw refused(where + " " + array, "a List");
            case ParameterizedType generic -> checkGeneric((Class<?>) generic.getRawType(),
                    Arrays.stream(generic.getActualTypeArguments()).map(argument -> resolved(argument, bound)).toList(),
                    where);
            case Class<?> c when c.getTypeParameters().length > 0 ->
                throw refused(where + " " + c.getName() + " without type arguments", remedy(c, "type arguments"));
            case Class<?> c -> checkClass(c, where);
            default -> throw refused(where + " " + type, "one of those that are documented");
        }
    }

    private static Type resolved(Type type, Map<TypeVariable<?>, Type> bound) {
        return type instanceof TypeVariable<?> variable ? bound.getOrDefault(variable, type) : type;
    }

    private void checkGeneric(Class<?> raw, List<Type> arguments, String where) {
        if (raw == Optional.class || raw == List.class || raw == Set.class) {
            Type inside = arguments.getFirst();
            if (raw == Optional.class && isOptional(inside)) {
                throw refused(where + " an Optional in an Optional, one of which is lost", "one Optional");
            }
            check(inside, Map.of(), where + " a " + raw.getSimpleName() + " of");
        } else if (raw == Map.class) {
            checkKey(arguments.getFirst(), where);
            check(arguments.getLast(), Map.of(), where + " a Map to");
        } else if (raw.isRecord()) {
            checkRecord(raw, arguments);
        } else {
            throw refused(where + " " + raw.getName(), remedy(raw, "a type without type parameters"));
        }
    }

    private static boolean isOptional(Type type) {
        return type instanceof Class<?> c && isOptional(c)
                || type instanceof ParameterizedType generic && generic.getRawType() == Optional.class;
    }

    private void checkKey(Type key, String where) {
        Value value = key instanceof Class<?> c ? value(c) : null;
        boolean isEnum = key instanceof Class<?> c && c.isEnum();
        if (!isEnum && (value == null || !value.isKey())) {
            throw refused(
                    where + " a Map whose keys are " + key.getTypeName() + ", which have no text form that is exact",
                    "String, an enum, or another type that may be a key");
        }
        check(key, Map.of(), where + " a Map whose keys are");
    }

    private void checkClass(Class<?> c, String where) {
        if (value(c) != null) {
            return;
        }
        if (c.isEnum()) {
            checkEnum(c);
        } else if (c.isRecord()) {
            checkRecord(c, List.of());
        } else if (isSealedInterface(c)) {
            checkSealed(c, where);
        } else {
            throw refused(where + " " + c.getTypeName(), remedy(c, "a record, or a sealed interface of records"));
        }
    }

    /** Versions before wrote what {@code toString} gives, and what they wrote is still read. */
    private void checkEnum(Class<?> type) {
        refuseAnnotations(type, type.getName());
        Set<String> names = Arrays.stream(type.getEnumConstants()).map(constant -> ((Enum<?>) constant).name())
                .collect(Collectors.toSet());
        for (Object constant : type.getEnumConstants()) {
            String label = String.valueOf(constant);
            if (!label.equals(((Enum<?>) constant).name()) && names.contains(label)) {
                throw refused("has the enum " + type.getName() + ", in which toString() of "
                        + ((Enum<?>) constant).name() + " is the name of another constant", "another text");
            }
        }
    }

    private void checkSealed(Class<?> sealed, String where) {
        if (!known.add(sealed)) {
            return;
        }
        refuseAnnotations(sealed, sealed.getName());
        Map<String, Class<?>> names = new HashMap<>();
        for (Class<?> permitted : leaves(sealed, new LinkedHashSet<>())) {
            if (!permitted.isRecord()) {
                throw refused(where + " " + sealed.getName() + ", which permits " + permitted.getName(),
                        "a record in its place");
            }
            if (permitted.getTypeParameters().length > 0) {
                throw refused(where + " " + sealed.getName() + ", which permits the generic " + permitted.getName(),
                        "a record without type parameters");
            }
            Class<?> other = names.putIfAbsent(permitted.getSimpleName(), permitted);
            if (other != null) {
                throw refused(where + " " + sealed.getName() + ", which permits " + other.getName() + " and "
                        + permitted.getName() + ": the simple name tells which one it is",
                        "another name for one of them");
            }
            for (RecordComponent component : permitted.getRecordComponents()) {
                if (component.getName().equals("type")) {
                    throw refused("has the component " + permitted.getName()
                            + ".type, whose name is taken: it tells which record of " + sealed.getSimpleName()
                            + " it is",
                            "another name");
                }
            }
            checkRecord(permitted, List.of());
        }
    }

    private static Set<Class<?>> leaves(Class<?> sealed, Set<Class<?>> found) {
        for (Class<?> permitted : sealed.getPermittedSubclasses()) {
            if (isSealedInterface(permitted)) {
                leaves(permitted, found);
            } else {
                found.add(permitted);
            }
        }
        return found;
    }

    private void checkRecord(Class<?> record, List<Type> arguments) {
        if (!known.add(arguments.isEmpty() ? record : new Known(record, arguments))) {
            return;
        }
        refuseAnnotations(record, record.getName());
        Map<TypeVariable<?>, Type> bound = new HashMap<>();
        for (int i = 0; i < arguments.size(); i++) {
            bound.put(record.getTypeParameters()[i], arguments.get(i));
        }
        int slots = 0;
        for (RecordComponent component : record.getRecordComponents()) {
            slots += component.getType() == long.class || component.getType() == double.class ? 2 : 1;
            String name = record.getName() + "." + component.getName();
            refuseAnnotations(component, name);
            refuseAnnotations(component.getAccessor(), name);
            check(component.getGenericType(), bound, "has the component " + name + " of the type");
        }
        if (slots > SLOTS) {
            throw refused("has the record " + record.getName() + " with more components than a constructor takes",
                    "records inside it");
        }
    }

    /** A generic record with its arguments. */
    private record Known(Class<?> record, List<Type> arguments) implements Type {}

    /** JSON has one form, which the types say. */
    private void refuseAnnotations(AnnotatedElement element, String name) {
        for (Annotation annotation : element.getAnnotations()) {
            String type = annotation.annotationType().getName();
            if (type.startsWith("com.fasterxml.jackson.") || type.startsWith("tools.jackson.")) {
                throw refused("has " + name + " with the annotation @" + annotation.annotationType().getSimpleName()
                        + ", which changes its JSON", "names and types that say what the JSON is");
            }
        }
    }

    private static String remedy(Class<?> type, String otherwise) {
        if (Map.class.isAssignableFrom(type)) {
            return "Map";
        }
        if (Set.class.isAssignableFrom(type)) {
            return "Set";
        }
        if (Collection.class.isAssignableFrom(type) || Iterable.class == type) {
            return "List";
        }
        if (type == byte[].class) {
            return "String, in Base64";
        }
        if (type.isArray()) {
            return "List";
        }
        if (Date.class.isAssignableFrom(type) || Calendar.class.isAssignableFrom(type)) {
            return "java.time.Instant or java.time.LocalDate";
        }
        if (type == Number.class) {
            return "BigDecimal";
        }
        if (type == CharSequence.class || type == StringBuilder.class) {
            return "String";
        }
        return otherwise;
    }
}
