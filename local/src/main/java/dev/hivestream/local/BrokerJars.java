package dev.hivestream.local;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The class path of the broker's JVM. Its jars travel inside this library, in the folder {@code broker}, so that the
 * broker meets none of the caller's libraries (another Jackson, another SLF4J binding) and the caller none of the broker's.
 */
final class BrokerJars {

    private static final String FOLDER = "broker";

    private BrokerJars() {}

    /** The jars, unpacked beside this library if it is a jar itself, and this library. */
    static String classPath() {
        var library = library();
        try {
            var folder = Files.isDirectory(library) ? library.resolve(FOLDER) : unpacked(library);
            var entries = new ArrayList<>(List.of(library.toString()));
            try (var jars = Files.list(folder)) {
                jars.filter(file -> file.toString().endsWith(".jar")).sorted()
                        .forEach(jar -> entries.add(jar.toString()));
            }
            return String.join(File.pathSeparator, entries);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path library() {
        try {
            return Path.of(BrokerJars.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    // The library's time in the name: a newer build unpacks anew. Complete once it has the name: others may do the same
    // at the same time.
    private static Path unpacked(Path library) throws IOException {
        long time = Files.getLastModifiedTime(library).toMillis();
        var folder = library.resolveSibling(library.getFileName() + "." + FOLDER + "-" + time);
        if (Files.isDirectory(folder)) {
            return folder;
        }
        var partial = Files.createTempDirectory(library.toAbsolutePath().getParent(), FOLDER);
        try (var zip = new ZipFile(library.toFile())) {
            for (ZipEntry entry : zip.stream().filter(e -> e.getName().startsWith(FOLDER + "/") && !e.isDirectory())
                    .toList()) {
                try (var content = zip.getInputStream(entry)) {
                    Files.copy(content, partial.resolve(Path.of(entry.getName()).getFileName()));
                }
            }
        }
        try {
            Files.move(partial, folder);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            Folders.delete(partial);
        }
        return folder;
    }
}
