package dev.hivestream.local;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A boot jar taken apart, with a cache of its classes loaded and linked (JEP 483, JEP 514): it starts with half the CPU
 * time that the jar itself needs. Both lie beside the jar, until that changes. The training needs neither a broker nor a
 * Redis: it ends when all beans are there.
 *
 * @see <a href="https://docs.spring.io/spring-boot/how-to/aot-cache.html">Spring Boot: Ahead-of-Time Cache</a>
 */
final class UnpackedJar {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String NOBODY = "127.0.0.1:1";
    private static final Map<Path, UnpackedJar> KNOWN = new HashMap<>();

    private final Path jar;
    private final Path folder;
    private final String mainClass;

    private UnpackedJar(Path jar) throws IOException {
        this.jar = jar;
        folder = jar.resolveSibling(jar.getFileName().toString().replace(".jar", "-unpacked"));
        try (var file = new JarFile(jar.toFile())) {
            mainClass = file.getManifest().getMainAttributes().getValue("Start-Class");
        }
    }

    /**
     * Takes a jar apart, unless that is done already.
     *
     * @param domain jar of the domain to train with
     * @param jvmOptions to train with
     * @throws StartFailure if it does not work
     */
    static synchronized UnpackedJar of(Path jar, Path domain, List<String> jvmOptions) {
        return KNOWN.computeIfAbsent(jar, _ -> {
            try {
                var unpacked = new UnpackedJar(jar);
                unpacked.prepare(domain, jvmOptions);
                return unpacked;
            } catch (IOException e) {
                throw new UncheckedIOException("Could not take " + jar + " apart", e);
            }
        });
    }

    /** What comes behind the options of the JVM; the training's class path is a prefix, or its cache is not used. */
    List<String> arguments(List<Path> domains) {
        return List.of("-XX:AOTCache=" + cache(), "-Xlog:aot=off", "-cp", classPath(domains), mainClass);
    }

    private void prepare(Path domain, List<String> jvmOptions) throws IOException {
        Path stamp = folder.resolve("stamp");
        // not its time: reproducible builds give it the same one each time
        String contents = digest() + " " + Runtime.version();
        if (Files.exists(stamp) && Files.readString(stamp).equals(contents)) {
            return;
        }
        Folders.delete(folder);
        Files.createDirectories(folder);
        run("unpack", List.of("-Djarmode=tools", "-jar", jar.toString(), "extract", "--force", "--destination",
                folder.toString()));
        var training = new ArrayList<>(jvmOptions);
        training.addAll(List.of("-XX:AOTCacheOutput=" + cache(), "-Dspring.context.exit=onRefresh",
                "-Dspring.kafka.bootstrap-servers=" + NOBODY, "-Dspring.data.redis.url=redis://" + NOBODY, "-cp",
                classPath(List.of(domain)), mainClass));
        run("train", training);
        if (!Files.exists(cache())) {
            throw new StartFailure("The training of " + jar + " left no cache: see " + folder);
        }
        Files.writeString(stamp, contents);
    }

    private void run(String name, List<String> arguments) {
        var program = Child.jvm();
        program.addAll(arguments);
        Job job = Job.run(name, program, folder, PATIENCE);
        if (job.code() != 0) {
            throw new StartFailure("To " + name + " " + jar + " ended with exit code " + job.code() + ": see "
                    + folder);
        }
    }

    private Path cache() {
        return folder.resolve("classes.aot");
    }

    private String classPath(List<Path> domains) {
        return Stream.concat(Stream.of(folder.resolve(jar.getFileName()).toString(), folder.resolve("lib") + "/*"),
                domains.stream().map(Path::toString)).collect(Collectors.joining(File.pathSeparator));
    }

    private String digest() throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
