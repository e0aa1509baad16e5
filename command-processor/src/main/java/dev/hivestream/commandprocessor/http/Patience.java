package dev.hivestream.commandprocessor.http;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.stereotype.Component;

/**
 * Waits for answers, and no longer than allowed, to within {@value #LOOK_MILLIS} ms. One look at all who wait, now and then, costs
 * less than a timer for each: nearly none runs out, and to set and to cancel one wakes the timer's thread. Thread-safe.
 */
@Component
final class Patience implements AutoCloseable {

    private static final long LOOK_MILLIS = 10;

    private record Waiting(CompletableFuture<?> answer, long until) {

        private void end() {
            answer.completeExceptionally(new TimeoutException());
        }
    }

    private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closing = new CountDownLatch(1);

    Patience() {
        Thread.ofPlatform().daemon().name("patience").start(this::look);
    }

    /**
     * Waits for an answer, which is nobody else's.
     *
     * @throws TimeoutException if it took too long; {@code answer} has failed then
     * @throws ExecutionException if it failed
     * @throws CancellationException if it was cancelled
     */
    <T> T await(CompletableFuture<T> answer, Duration longest)
            throws InterruptedException, ExecutionException, TimeoutException {
        Waiting one = new Waiting(answer, System.nanoTime() + longest.toNanos());
        waiting.add(one);
        if (closing.getCount() == 0) {
            one.end();
        }
        try {
            return answer.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TimeoutException late) {
                throw late;
            }
            throw e;
        } finally {
            waiting.remove(one);
        }
    }

    private void look() {
        try {
            while (!closing.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                long now = System.nanoTime();
                waiting.stream().filter(one -> now - one.until >= 0).forEach(Waiting::end);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            waiting.forEach(Waiting::end);
        }
    }

    /** Nobody waits any longer. */
    @Override
    public void close() {
        closing.countDown();
    }
}
