package dev.hivestream.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A broker and a Redis together, in the folders {@code kafka} and {@code redis} of a directory. */
public final class LocalStack implements AutoCloseable {

    private final KafkaBroker broker;
    private final RedisServer redis;

    /** Of parts that run already. */
    public LocalStack(KafkaBroker broker, RedisServer redis) {
        this.broker = broker;
        this.redis = redis;
    }

    /** Starts both on the data in a directory. */
    public static LocalStack start(Path directory, int kafkaPort, int redisPort) {
        var redis = RedisServer.start(directory.resolve("redis"), redisPort);
        return new LocalStack(KafkaBroker.start(directory.resolve("kafka"), kafkaPort), redis);
    }

    /**
     * The one of this JVM, started by the first who asks, gone when the JVM ends. Its directory is under
     * {@code target/local-stack}; the logs stay there until the next JVM comes along.
     */
    public static LocalStack shared() {
        return Shared.STACK;
    }

    /** The broker. */
    public KafkaBroker broker() {
        return broker;
    }

    /** The Redis. */
    public RedisServer redis() {
        return redis;
    }

    @Override
    public void close() {
        redis.close();
        broker.close();
    }

    private static final class Shared {

        private static final LocalStack STACK = start();

        private static LocalStack start() {
            var parent = Path.of("target", "local-stack");
            removeLeftOvers(parent);
            return LocalStack.start(parent.resolve("" + ProcessHandle.current().pid()), Ports.free(), Ports.free());
        }

        private static void removeLeftOvers(Path parent) {
            if (!Files.isDirectory(parent)) {
                return;
            }
            try (var folders = Files.list(parent)) {
                folders.filter(folder -> ProcessHandle.of(Long.parseLong(folder.getFileName().toString())).isEmpty())
                        .forEach(Folders::delete);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
