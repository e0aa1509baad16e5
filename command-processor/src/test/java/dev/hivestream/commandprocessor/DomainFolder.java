package dev.hivestream.commandprocessor;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;

/** Class loaders that find other domains than those on the class path, as a jar in {@code loader.path} would bring them. */
final class DomainFolder {

    private DomainFolder() {}

    /** Starts something that sees the domain of {@code src/test/resources/domains/<name>} too. */
    static <T> T with(String name, Callable<T> start) throws Exception {
        URL folder = Objects.requireNonNull(DomainFolder.class.getResource("/domains/" + name + "/"), name);
        try (URLClassLoader loader = new URLClassLoader(new URL[]{folder}, DomainFolder.class.getClassLoader())) {
            return under(loader, start);
        }
    }

    /** Starts something that sees no domain. */
    static <T> T without(Callable<T> start) throws Exception {
        return under(new ClassLoader(DomainFolder.class.getClassLoader()) {
            @Override
            public Enumeration<URL> getResources(String name) throws IOException {
                return name.startsWith("META-INF/services/dev.hivestream")
                        ? Collections.enumeration(List.of())
                        : super.getResources(name);
            }
        }, start);
    }

    private static <T> T under(ClassLoader loader, Callable<T> start) throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return start.call();
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
