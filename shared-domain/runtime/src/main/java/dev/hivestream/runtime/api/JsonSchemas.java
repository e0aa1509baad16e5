package dev.hivestream.runtime.api;

import dev.hivestream.runtime.message.DomainTypes;
import dev.hivestream.runtime.message.Json;
import java.lang.invoke.MethodType;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Currency;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.introspect.BeanPropertyDefinition;
import tools.jackson.databind.introspect.ClassIntrospector;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON schemas of records, which say what {@link Json} reads and writes: they are made of what it finds in a class itself.
 * Records and sealed interfaces inside of others become definitions. Written in what JSON Schema's draft 7, for AsyncAPI,
 * and 2020-12, for OpenAPI 3.1, have in common. Of a class that is not known here anything is accepted.
 *
 * <p>Two things no schema can say: {@code 5.0} is a whole number to a schema and none to {@link Json}; and what a record's
 * constructor refuses. Left out is what is read and nobody should send: a time as a number, bytes as an array of numbers.
 * Not thread-safe.
 */
final class JsonSchemas {

    /** What a schema is of. */
    enum Use {
        /** What is read strictly: an unknown field is an error. */
        COMMAND,
        /** What is read although a newer writer has added fields. */
        EVENT,
        /** What is written: every field is there. */
        STATE
    }

    private static final Map<Class<?>, List<BigInteger>> WHOLE = Map.of(
            byte.class, range(7), short.class, range(15), int.class, range(31), long.class, range(63));
    private static final Map<Class<?>, Class<?>> OPTIONAL = Map.of(OptionalInt.class, int.class, OptionalLong.class,
            long.class, OptionalDouble.class, double.class);
    /** Classes that are written as text, by their format; an empty one has none that is standardized. */
    private static final Map<Class<?>, String> TEXT = Map.ofEntries(Map.entry(String.class, ""),
            Map.entry(Instant.class, "date-time"), Map.entry(OffsetDateTime.class, "date-time"),
            Map.entry(ZonedDateTime.class, ""), Map.entry(LocalDate.class, "date"), Map.entry(LocalDateTime.class, ""),
            Map.entry(LocalTime.class, ""), Map.entry(Duration.class, "duration"), Map.entry(UUID.class, "uuid"),
            Map.entry(URI.class, "uri-reference"), Map.entry(OffsetTime.class, "time"), Map.entry(ZoneId.class, ""),
            Map.entry(ZoneOffset.class, ""), Map.entry(YearMonth.class, ""), Map.entry(MonthDay.class, ""),
            Map.entry(Period.class, "duration"), Map.entry(Currency.class, ""));
    private static final List<String> NO_NUMBERS = List.of("NaN", "Infinity", "-Infinity");
    private static final List<String> ALSO_READ = List.of("+Infinity", "INF", "+INF", "-INF");

    private final ObjectNode definitions;
    private final Map<Definition, String> names = new HashMap<>();
    private final ClassIntrospector introspector = Json.TOLERANT.deserializationConfig().classIntrospectorInstance();
    private final ClassIntrospector writing = Json.TOLERANT.serializationConfig().classIntrospectorInstance();

    private record Definition(JavaType type, Use use) {}

    /** @param definitions where definitions are put, {@code #/components/schemas} of a document */
    JsonSchemas(ObjectNode definitions) {
        this.definitions = definitions;
    }

    /** A reference to the definition of this class, under this name. */
    ObjectNode define(String name, Class<?> type, Use use) {
        JavaType resolved = Json.TOLERANT.constructType(type);
        Definition definition = new Definition(resolved, use);
        if (!names.containsKey(definition)) {
            names.put(definition, name);
            definitions.set(name, definition(resolved, use));
        } else if (!definitions.has(name)) {
            definitions.set(name, reference(definition));
        }
        return reference(name);
    }

    /** A reference to a definition. */
    static ObjectNode reference(String name) {
        return object().put("$ref", "#/components/schemas/" + name);
    }

    private ObjectNode reference(Definition definition) {
        String known = names.get(definition);
        if (known != null) {
            return reference(known);
        }
        String name = unique(
                name(definition.type()) + "." + definition.use().name().toLowerCase(Locale.ROOT));
        names.put(definition, name);
        definitions.putObject(name);
        definitions.set(name, definition(definition.type(), definition.use()));
        return reference(name);
    }

    private static String name(JavaType type) {
        StringBuilder name = new StringBuilder(type.getRawClass().getSimpleName());
        type.getBindings().getTypeParameters().forEach(parameter -> name.append('-').append(name(parameter)));
        return name.toString();
    }

    private String unique(String name) {
        String free = name;
        for (int i = 2; definitions.has(free); i++) {
            free = name + "-" + i;
        }
        return free;
    }

    private ObjectNode definition(JavaType type, Use use) {
        return DomainTypes.isSealedInterface(type.getRawClass())
                ? oneOf(type, use)
                : type.getRawClass().isRecord() ? record(type, use, null) : schema(type, use);
    }

    /** The schema of a value that is there and not null. */
    private ObjectNode schema(JavaType type, Use use) {
        Class<?> raw = MethodType.methodType(type.getRawClass()).unwrap().returnType();
        if (TEXT.containsKey(raw)) {
            String format = TEXT.get(raw);
            return format.isEmpty() ? ofType("string") : ofType("string").put("format", format);
        }
        if (WHOLE.containsKey(raw)) {
            ObjectNode whole = ofType("integer").put("minimum", WHOLE.get(raw).getFirst())
                    .put("maximum", WHOLE.get(raw).getLast());
            return raw == int.class || raw == long.class
                    ? whole.put("format", raw == int.class ? "int32" : "int64")
                    : whole;
        }
        if (raw == double.class || raw == float.class) {
            ObjectNode number = object();
            ArrayNode either = number.putArray("anyOf");
            either.add(ofType("number"));
            ArrayNode not = either.addObject().putArray("enum");
            NO_NUMBERS.forEach(not::add);
            if (use != Use.STATE) {
                ALSO_READ.forEach(not::add);
            }
            return number;
        }
        if (raw == Year.class) {
            return ofType("integer").put("minimum", Year.MIN_VALUE).put("maximum", Year.MAX_VALUE);
        }
        if (raw == boolean.class) {
            return ofType("boolean");
        }
        if (raw == char.class) {
            return ofType("string").put("minLength", 1).put("maxLength", 1);
        }
        if (raw == BigInteger.class) {
            return ofType("integer");
        }
        if (raw == BigDecimal.class) {
            return ofType("number");
        }
        if (OPTIONAL.containsKey(raw)) {
            ObjectNode inner = schema(Json.TOLERANT.constructType(OPTIONAL.get(raw)), use);
            return use == Use.STATE ? orNull(inner) : inner;
        }
        if (type.isEnumType()) {
            return names(ofType("string"), raw);
        }
        if (type.isReferenceType()) {
            return orNull(schema(type.getContentType(), use));
        }
        if (raw == byte[].class) {
            return ofType("string").put("contentEncoding", "base64");
        }
        if (type.isArrayType() || type.isCollectionLikeType()) {
            return (ObjectNode) ofType("array").set("items", inside(type, use));
        }
        if (type.isMapLikeType()) {
            ObjectNode map = ofType("object");
            if (type.getKeyType().isEnumType()) {
                map.set("propertyNames", names(object(), type.getKeyType().getRawClass()));
            }
            return (ObjectNode) map.set("additionalProperties", inside(type, use));
        }
        return DomainTypes.isSealedInterface(raw) || raw.isRecord() ? reference(new Definition(type, use)) : anything();
    }

    /** What is inside of an array or a map may be null, unless it cannot: in an array of primitives, in a set of enums. */
    private ObjectNode inside(JavaType container, Use use) {
        JavaType content = container.getContentType();
        return content.isPrimitive() || content.isEnumType() && Set.class.isAssignableFrom(container.getRawClass())
                ? schema(content, use)
                : orNull(schema(content, use));
    }

    private ObjectNode oneOf(JavaType type, Use use) {
        ObjectNode sealed = object();
        ArrayNode cases = sealed.putArray("oneOf");
        for (Class<?> permitted : permitted(type.getRawClass(), new LinkedHashSet<>())) {
            JavaType known = Json.TOLERANT.getTypeFactory().constructSpecializedType(type, permitted);
            cases.add(permitted.isRecord()
                    ? record(known, use, permitted.getSimpleName())
                    : tagged(ofType("object"), permitted.getSimpleName()));
        }
        return sealed;
    }

    private static SequencedSet<Class<?>> permitted(Class<?> sealed, SequencedSet<Class<?>> found) {
        for (Class<?> permitted : sealed.getPermittedSubclasses()) {
            if (DomainTypes.isSealedInterface(permitted)) {
                permitted(permitted, found);
            } else {
                found.add(permitted);
            }
        }
        return found;
    }

    private static ObjectNode tagged(ObjectNode schema, String tag) {
        schema.put("title", tag).putObject("properties").putObject("type").put("const", tag);
        schema.putArray("required").add("type");
        return schema;
    }

    private ObjectNode record(JavaType type, Use use, @Nullable String tag) {
        ObjectNode schema = ofType("object");
        if (tag != null) {
            tagged(schema, tag);
        }
        ObjectNode properties = tag == null ? schema.putObject("properties") : (ObjectNode) schema.path("properties");
        List<String> required = new ArrayList<>();
        if (tag != null) {
            required.add("type");
        }
        List<String> never = neverNull(type);
        for (BeanPropertyDefinition property : properties(type, use)) {
            boolean there = use == Use.STATE || property.getMetadata().isRequired();
            ObjectNode value = schema(property.getPrimaryType(), use);
            properties.set(property.getName(), never.contains(property.getName()) ? value : orNull(value));
            if (there) {
                required.add(property.getName());
            }
        }
        if (required.isEmpty()) {
            schema.remove("required");
        } else {
            ArrayNode names = schema.putArray("required");
            required.forEach(names::add);
        }
        return use == Use.COMMAND ? schema.put("additionalProperties", false) : schema;
    }

    /** What a reader wants to be there and not be null. */
    private List<String> neverNull(JavaType type) {
        return properties(type, Use.EVENT).stream().filter(property -> property.getMetadata().isRequired())
                .map(BeanPropertyDefinition::getName).toList();
    }

    private List<BeanPropertyDefinition> properties(JavaType type, Use use) {
        ClassIntrospector of = use == Use.STATE ? writing : introspector;
        BeanDescription description = use == Use.STATE
                ? of.introspectForSerialization(type, of.introspectClassAnnotations(type))
                : of.introspectForDeserialization(type, of.introspectClassAnnotations(type));
        return description.findProperties().stream()
                .filter(property -> use == Use.STATE ? property.couldSerialize() : property.couldDeserialize())
                .toList();
    }

    private static ObjectNode names(ObjectNode schema, Class<?> constants) {
        ArrayNode names = schema.putArray("enum");
        Arrays.stream(constants.getEnumConstants()).forEach(constant -> names.add(((Enum<?>) constant).name()));
        return schema;
    }

    private static ObjectNode orNull(ObjectNode schema) {
        if (schema.path("type") instanceof ArrayNode types) {
            if (!types.valueStream().anyMatch(type -> type.asString().equals("null"))) {
                types.add("null");
            }
            return schema;
        }
        if (schema.path("type").isString() && !schema.has("enum")) {
            String type = schema.path("type").asString();
            schema.putArray("type").add(type).add("null");
            return schema;
        }
        ObjectNode either = object();
        either.putArray("anyOf").add(schema).add(ofType("null"));
        return either;
    }

    private static List<BigInteger> range(int bits) {
        BigInteger limit = BigInteger.TWO.pow(bits);
        return List.of(limit.negate(), limit.subtract(BigInteger.ONE));
    }

    /** But null. */
    private static ObjectNode anything() {
        ObjectNode any = object();
        any.putArray("type").add("string").add("number").add("boolean").add("object").add("array");
        return any;
    }

    private static ObjectNode ofType(String type) {
        return object().put("type", type);
    }

    private static ObjectNode object() {
        return Json.TOLERANT.createObjectNode();
    }
}
