package dev.hivestream.runtime.message;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.Nulls;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.AccessorNamingStrategy;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedClass;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedMethod;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.DefaultAccessorNamingStrategy;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsontype.NamedType;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.type.LogicalType;

/**
 * The project's JSON: records without annotations, sealed interfaces with a {@code type} property.
 *
 * <p>A record component is required unless it is {@code @Nullable} (JSpecify) or an {@link Optional}; nothing is coerced:
 * {@code "5"} is no number. What comes from outside is read by {@link #STRICT}, which refuses unknown fields too; what the
 * project wrote itself is read by {@link #TOLERANT}, for a newer writer may have added a field.
 */
public final class Json {

    /** Reads commands: an unknown field is an error. Thread-safe. */
    public static final JsonMapper STRICT = builder(false, true)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Reads events and writes everything. Thread-safe. */
    public static final JsonMapper TOLERANT = builder(true, true)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /**
     * Reads as {@link #TOLERANT} does what may have property names that hardly ever come again, as the maps in a state: keeping
     * a table of them takes longer than reading them. Thread-safe.
     */
    public static final JsonMapper UNIQUE_NAMES = builder(true, false)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    private Json() {}

    private static JsonMapper.Builder builder(boolean unknownPassedOver, boolean namesComeAgain) {
        JsonMapper.Builder builder = JsonMapper
                .builder(JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        // nearly all is read and written by few threads, and a pool for all of them costs more
                        .recyclerPool(JsonRecyclerPools.threadLocalPool())
                        .configure(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES, namesComeAgain).build())
                .annotationIntrospector(new RecordsAndSealedTypes(unknownPassedOver))
                .accessorNaming(new ComponentsOnly())
                .addModule(new SimpleModule("hive-records").setValueInstantiators(RecordInstantiator.ALL))
                .addModule(BoundedNumbers.module(!unknownPassedOver))
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
                        DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
                .disable(EnumFeature.READ_ENUMS_USING_TO_STRING, EnumFeature.WRITE_ENUMS_USING_TO_STRING)
                .disable(DateTimeFeature.WRITE_DATES_AS_TIMESTAMPS, DateTimeFeature.WRITE_DURATIONS_AS_TIMESTAMPS,
                        DateTimeFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
                .enable(DateTimeFeature.WRITE_DATES_WITH_ZONE_ID)
                .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .withCoercionConfig(LogicalType.Textual,
                        text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                                .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail));
        return unknownPassedOver ? builder.addModule(EarlierForms.module()) : builder;
    }

    /** A record is its components, whatever other methods it has. */
    private static final class ComponentsOnly extends DefaultAccessorNamingStrategy.Provider {

        private static final long serialVersionUID = 1L;

        @Override
        public AccessorNamingStrategy forRecord(MapperConfig<?> config, AnnotatedClass record) {
            Set<String> components = Arrays.stream(record.getRawType().getRecordComponents())
                    .map(RecordComponent::getName).collect(Collectors.toSet());
            return new DefaultAccessorNamingStrategy.RecordNaming(config, record) {

                @Override
                public @Nullable String findNameForIsGetter(AnnotatedMethod method, String name) {
                    return null;
                }

                @Override
                public @Nullable String findNameForRegularGetter(AnnotatedMethod method, String name) {
                    return components.contains(name) ? name : null;
                }
            };
        }
    }

    private static final class RecordsAndSealedTypes extends JacksonAnnotationIntrospector {

        private static final long serialVersionUID = 1L;

        private final boolean unknownPassedOver;

        private RecordsAndSealedTypes(boolean unknownPassedOver) {
            this.unknownPassedOver = unknownPassedOver;
        }

        @Override
        public JsonTypeInfo.@Nullable Value findPolymorphicTypeInfo(MapperConfig<?> config, Annotated annotated) {
            JsonTypeInfo.Value declared = super.findPolymorphicTypeInfo(config, annotated);
            return declared == null && DomainTypes.isSealedInterface(annotated.getRawType())
                    ? JsonTypeInfo.Value.construct(JsonTypeInfo.Id.SIMPLE_NAME, JsonTypeInfo.As.PROPERTY, "type", null,
                            false, null)
                    : declared;
        }

        @Override
        public @Nullable List<NamedType> findSubtypes(MapperConfig<?> config, Annotated annotated) {
            Class<?> type = annotated.getRawType();
            return DomainTypes.isSealedInterface(type)
                    ? Arrays.stream(type.getPermittedSubclasses()).map(NamedType::new).toList()
                    : super.findSubtypes(config, annotated);
        }

        @Override
        public @Nullable Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
            return member instanceof AnnotatedParameter parameter && ofRecord(parameter)
                    ? Boolean.valueOf(required(parameter))
                    : super.hasRequiredMarker(config, member);
        }

        @Override
        public JsonSetter.Value findSetterInfo(MapperConfig<?> config, Annotated annotated) {
            return annotated instanceof AnnotatedParameter parameter && ofRecord(parameter) && required(parameter)
                    ? JsonSetter.Value.forValueNulls(Nulls.FAIL)
                    : super.findSetterInfo(config, annotated);
        }

        @Override
        public JsonIgnoreProperties.Value findPropertyIgnoralByName(MapperConfig<?> config, Annotated annotated) {
            JsonIgnoreProperties.Value declared = super.findPropertyIgnoralByName(config, annotated);
            // told at the class, what is not known is passed over; told at the mapper alone, it is first kept
            return unknownPassedOver ? declared.withIgnoreUnknown() : declared;
        }

        /** A further constructor of a record is for programs: with a single parameter it would make a record of a number. */
        @Override
        public JsonCreator.@Nullable Mode findCreatorAnnotation(MapperConfig<?> config, Annotated annotated) {
            JsonCreator.Mode declared = super.findCreatorAnnotation(config, annotated);
            return declared == null && annotated.getAnnotated() instanceof Constructor<?> constructor
                    && constructor.getDeclaringClass().isRecord() && !isCanonical(constructor)
                            ? JsonCreator.Mode.DISABLED
                            : declared;
        }

        private static boolean isCanonical(Constructor<?> constructor) {
            return Arrays.equals(constructor.getParameterTypes(),
                    Arrays.stream(constructor.getDeclaringClass().getRecordComponents()).map(RecordComponent::getType)
                            .toArray(Class<?>[]::new));
        }

        private static boolean ofRecord(AnnotatedParameter parameter) {
            return parameter.getDeclaringClass().isRecord()
                    && parameter.getOwner().getAnnotated() instanceof Constructor<?>;
        }

        private static boolean required(AnnotatedParameter parameter) {
            AnnotatedType[] types = ((Constructor<?>) parameter.getOwner().getAnnotated()).getAnnotatedParameterTypes();
            return !types[parameter.getIndex()].isAnnotationPresent(Nullable.class)
                    && !DomainTypes.isOptional(parameter.getRawType());
        }
    }
}
