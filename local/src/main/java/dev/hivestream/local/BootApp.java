package dev.hivestream.local;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One of the apps: a boot jar as a child process. Say how to run it first, then {@link #start()}. */
public final class BootApp implements AutoCloseable {

    private final String name;
    private final Path jar;
    private final int port;
    private final Path directory;
    private final Map<String, String> properties = new LinkedHashMap<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<String> jvmOptions = new ArrayList<>();
    private final List<Path> domains = new ArrayList<>();
    private boolean unpacked;
    private @Nullable Child child;

    /**
     * An app that does not run yet.
     *
     * @param port for HTTP, the property {@code server.port}
     * @param directory its working directory, with its log
     */
    public BootApp(String name, Path jar, int port, Path directory) {
        this.name = name;
        this.jar = jar.toAbsolutePath();
        this.port = port;
        this.directory = directory.toAbsolutePath();
    }

    /** Sets a property of the app, as a system property. */
    public BootApp property(String key, String value) {
        properties.put(key, value);
        return this;
    }

    /** Points it to the broker and the Redis. */
    public BootApp on(LocalStack stack) {
        return property("spring.kafka.bootstrap-servers", stack.broker().bootstrapServers())
                .property("spring.data.redis.url", stack.redis().uri());
    }

    /** Sets a variable of its environment. */
    public BootApp environment(String key, String value) {
        environment.put(key, value);
        return this;
    }

    /** Adds jars with domains. */
    public BootApp domains(Path... jars) {
        domains.addAll(List.of(jars));
        return this;
    }

    /**
     * Lets it start with less CPU time, on a class path in place of its jar: for those who start it again and again. It
     * needs domains for that; the first should be the same for all apps of one jar.
     */
    public BootApp unpacked() {
        unpacked = true;
        return this;
    }

    /** Adds options of its JVM. */
    public BootApp jvmOptions(String... options) {
        jvmOptions.addAll(List.of(options));
        return this;
    }

    /** Starts it, or starts it again; does not wait for it: see {@link #awaitReady(Duration)}. */
    public BootApp start() {
        if (child != null && child.isAlive()) {
            throw new IllegalStateException(name + " runs already");
        }
        var command = Child.jvm();
        command.addAll(jvmOptions);
        command.addAll(List.of("-Dserver.address=127.0.0.1", "-Dserver.port=" + port));
        properties.forEach((key, value) -> command.add("-D" + key + "=" + value));
        if (unpacked) {
            command.addAll(UnpackedJar.of(jar, domains.getFirst(), jvmOptions).arguments(domains));
        } else {
            if (!domains.isEmpty()) {
                command.add("-Dloader.path="
                        + domains.stream().map(Path::toString).collect(Collectors.joining(",")));
            }
            command.addAll(List.of("-jar", jar.toString()));
        }
        child = Child.start(name, command, environment, directory, directory.resolve(name + ".log"));
        return this;
    }

    /**
     * Waits until its readiness is up.
     *
     * @throws StartFailure with the end of its log, if it ends before or is not ready in time
     */
    public BootApp awaitReady(Duration patience) {
        process().awaitStart(patience, this::isReady);
        return this;
    }

    /** Whether its readiness is up at this moment. */
    public boolean isReady() {
        return isReady(url());
    }

    /** Whether the readiness of an app at an address without a slash at the end is up at this moment. */
    public static boolean isReady(String url) {
        try {
            var connection = (HttpURLConnection) URI.create(url + "/actuator/health/readiness").toURL()
                    .openConnection();
            connection.setConnectTimeout(5_000);
            connection.setReadTimeout(10_000);
            return connection.getResponseCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** The start of its addresses, without a slash at the end. */
    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Ends it in good order. */
    public int stop(Duration patience) {
        return process().terminate(patience);
    }

    /** Ends it as a crash would. */
    public void kill() {
        process().kill();
    }

    /** Whether there is a {@link #process()}, be it one that has ended. */
    public boolean isStarted() {
        return child != null;
    }

    /** Its process, for pauses and its log. */
    public Child process() {
        if (child == null) {
            throw new IllegalStateException(name + " has not been started");
        }
        return child;
    }

    @Override
    public void close() {
        if (child != null) {
            stop(Duration.ofSeconds(30));
        }
    }
}
