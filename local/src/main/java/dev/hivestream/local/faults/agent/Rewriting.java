package dev.hivestream.local.faults.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Rewrites classes while they are loaded. */
final class Rewriting implements ClassFileTransformer {

    private final Function<String, @Nullable ClassTransform> transforms;

    /** @param transforms by the internal name of a class; null: it stays as it is */
    Rewriting(Function<String, @Nullable ClassTransform> transforms) {
        this.transforms = transforms;
    }

    @Override
    public byte @Nullable [] transform(@Nullable ClassLoader loader, @Nullable String name,
            @Nullable Class<?> redefined, @Nullable ProtectionDomain domain, byte[] bytes) {
        if (name == null) {
            return null;
        }
        try {
            ClassTransform transform = transforms.apply(name);
            if (transform == null) {
                return null;
            }
            ClassLoader from = loader == null ? ClassLoader.getSystemClassLoader() : loader;
            // tables of local variables would speak of code that is gone
            ClassFile file = ClassFile.of(ClassFile.DebugElementsOption.DROP_DEBUG,
                    ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.defaultResolver()
                            .orElse(ClassHierarchyResolver.ofResourceParsing(from))));
            return file.transformClass(file.parse(bytes), transform);
        } catch (Throwable e) {
            // the JVM would pass over it
            Agent.fail(e);
            return null;
        }
    }
}
