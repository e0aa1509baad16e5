package dev.hivestream.runtime.owner;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Asks Redis for several partitions at once: each waits for an answer on a virtual thread of its own. */
final class AtOnce {

    private static final ExecutorService THREADS = Executors
            .newThreadPerTaskExecutor(Thread.ofVirtual().name("partition-", 0).factory());

    private AtOnce() {}

    /**
     * Does something for each, and returns when all is done.
     *
     * @throws RuntimeException what the first that failed threw
     */
    static <T> void forEach(Collection<T> all, Consumer<T> action) {
        if (all.size() <= 1) {
            all.forEach(action);
            return;
        }
        List<Future<?>> asked = all.stream().<Future<?>>map(one -> THREADS.submit(() -> action.accept(one))).toList();
        RuntimeException failure = null;
        boolean interrupted = false;
        for (Future<?> one : asked) {
            boolean done = false;
            while (!done) {
                try {
                    one.get();
                    done = true;
                } catch (InterruptedException e) {
                    // Redis answers or times out
                    interrupted = true;
                } catch (ExecutionException e) {
                    done = true;
                    failure = failure != null ? failure : thrown(e.getCause());
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static RuntimeException thrown(@Nullable Throwable cause) {
        return switch (cause) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            case null, default -> new IllegalStateException(cause);
        };
    }
}
