package dev.hivestream.local.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** A jar of classes that are on the class path of this JVM, for another one. */
final class ClassJar {

    private ClassJar() {}

    /**
     * Writes it, unless it is there.
     *
     * @param classes with those that are nested in them
     * @param attributes of its manifest
     * @param texts further files, by name
     * @return its absolute path
     */
    static synchronized Path write(Path file, Collection<Class<?>> classes, Map<String, String> attributes,
            Map<String, String> texts) {
        Path jar = file.toAbsolutePath();
        if (Files.exists(jar)) {
            return jar;
        }
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.forEach(manifest.getMainAttributes()::putValue);
        Set<Class<?>> all = new LinkedHashSet<>();
        classes.forEach(type -> all.addAll(List.of(type.getNestMembers())));
        try {
            Files.createDirectories(jar.getParent());
            try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
                for (Class<?> type : all) {
                    String name = type.getName().replace('.', '/') + ".class";
                    out.putNextEntry(new JarEntry(name));
                    try (var bytes = Objects.requireNonNull(type.getResourceAsStream("/" + name), name)) {
                        bytes.transferTo(out);
                    }
                    out.closeEntry();
                }
                for (Map.Entry<String, String> text : texts.entrySet()) {
                    out.putNextEntry(new JarEntry(text.getKey()));
                    out.write(text.getValue().getBytes(StandardCharsets.UTF_8));
                    out.closeEntry();
                }
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
