package dev.hivestream.runtime.message;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.DeserializationConfig;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.deser.ValueInstantiator;
import tools.jackson.databind.deser.std.StdValueInstantiator;
import tools.jackson.databind.introspect.AnnotatedWithParams;
import tools.jackson.databind.module.SimpleValueInstantiators;

/**
 * Makes records with a handle of their constructor that is adapted to an array of arguments once: Jackson's own adapts it
 * with each record, which takes as long as reading a number. Thread-safe.
 */
final class RecordInstantiator extends StdValueInstantiator {

    private static final MethodType OF_ARGUMENTS = MethodType.methodType(Object.class, Object[].class);

    private final MethodHandle constructor;

    private RecordInstantiator(StdValueInstantiator jacksons, MethodHandle constructor) {
        super(jacksons);
        this.constructor = constructor;
    }

    /** For all records whose constructor can be reached; the others are left to Jackson. */
    static final SimpleValueInstantiators ALL = new SimpleValueInstantiators() {
        private static final long serialVersionUID = 1L;

        @Override
        public ValueInstantiator modifyValueInstantiator(DeserializationConfig config,
                BeanDescription.Supplier description, ValueInstantiator given) {
            return given.getClass() == StdValueInstantiator.class && given.getValueClass().isRecord()
                    ? of((StdValueInstantiator) given)
                    : given;
        }
    };

    private static ValueInstantiator of(StdValueInstantiator jacksons) {
        AnnotatedWithParams creator = jacksons.getWithArgsCreator();
        if (creator == null || !(creator.getAnnotated() instanceof Constructor<?> constructor)) {
            return jacksons;
        }
        try {
            constructor.setAccessible(true);
            return new RecordInstantiator(jacksons, MethodHandles.lookup().unreflectConstructor(constructor)
                    .asFixedArity().asSpreader(Object[].class, constructor.getParameterCount()).asType(OF_ARGUMENTS));
        } catch (IllegalAccessException | InaccessibleObjectException e) {
            return jacksons;
        }
    }

    @Override
    public Object createFromObjectWith(DeserializationContext context, Object[] arguments) {
        try {
            return constructor.invokeExact(arguments);
        } catch (Error e) {
            // no rule of the record, as an exception is, but a bug of its class
            throw e;
        } catch (Throwable e) {
            return context.handleInstantiationProblem(getValueClass(), arguments, rewrapCtorProblem(context, e));
        }
    }
}
