package dev.hivestream.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The jars with domains, {@code loader.path} or {@code LOADER_PATH}, for an app that was taken apart. A boot jar's launcher
 * does this itself; an image starts without it, since classes that a launcher loads cannot be in the JVM's cache.
 */
public final class DomainPath {

    private static final String LAUNCHED = "LaunchedClassLoader";

    private DomainPath() {}

    /** Lets this thread, and those that it starts, find the domains. To be called first in {@code main}. */
    public static void use() {
        Thread thread = Thread.currentThread();
        ClassLoader apps = thread.getContextClassLoader();
        String path = Objects.requireNonNullElseGet(System.getProperty("loader.path"),
                () -> Objects.requireNonNullElse(System.getenv("LOADER_PATH"), ""));
        if (!path.isBlank() && apps != null && !apps.getClass().getSimpleName().equals(LAUNCHED)) {
            thread.setContextClassLoader(new URLClassLoader(urls(path), apps));
        }
    }

    private static URL[] urls(String path) {
        List<Path> places = new ArrayList<>();
        for (String part : path.split(",")) {
            Path place = Path.of(part.strip());
            places.add(place);
            if (Files.isDirectory(place)) {
                try (Stream<Path> files = Files.list(place)) {
                    files.filter(file -> file.toString().endsWith(".jar")).sorted().forEach(places::add);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return places.stream().map(DomainPath::url).toArray(URL[]::new);
    }

    private static URL url(Path place) {
        try {
            return place.toAbsolutePath().toUri().toURL();
        } catch (MalformedURLException e) {
            throw new StartRefused("loader.path names '" + place + "', which is no path: " + e.getMessage()
                    + ". Give jars or folders, with commas between them");
        }
    }
}
