package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until the cache shows what a result says. The slot's owner in this process tells at once; for other owners the
 * checkpoint in Redis is looked at every few milliseconds, one look a slot however many wait. Thread-safe.
 */
public final class Reflections implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Reflections.class);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LOOK_AFTER_FAILURE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private record Waiter(Position position, CompletableFuture<Void> shown) {}

    private final States states;
    private final Map<Slot, ConcurrentLinkedQueue<Waiter>> waiting = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread looker;

    public Reflections(States states) {
        this.states = states;
        this.looker = Thread.ofPlatform().daemon().name("reflections").start(this::look);
    }

    /** Completes when the cache has folded the events of the command at {@code position}; or never: bound the wait. */
    CompletableFuture<Void> shows(Slot slot, Position position) {
        CompletableFuture<Void> shown = new CompletableFuture<>();
        waiting.computeIfAbsent(slot, none -> new ConcurrentLinkedQueue<>()).add(new Waiter(position, shown));
        LockSupport.unpark(looker);
        return shown;
    }

    /** Told by the owner after a write-back. Quick; does not throw. */
    public void advanced(Slot slot, Checkpoint checkpoint) {
        ConcurrentLinkedQueue<Waiter> waiters = waiting.get(slot);
        if (waiters != null && !waiters.isEmpty()) {
            complete(waiters, checkpoint.commandPosition());
        }
    }

    private static void complete(ConcurrentLinkedQueue<Waiter> waiters, Position reached) {
        waiters.removeIf(waiter -> waiter.shown.isDone()
                || (waiter.position.equals(Position.NONE) || reached.covers(waiter.position))
                        && waiter.shown.complete(null));
    }

    private void look() {
        while (closing.getCount() > 0) {
            boolean any = false;
            long pause = LOOK_NANOS;
            for (Map.Entry<Slot, ConcurrentLinkedQueue<Waiter>> slot : waiting.entrySet()) {
                if (!slot.getValue().isEmpty()) {
                    any = true;
                    try {
                        Checkpoint checkpoint = states.checkpoint(slot.getKey());
                        if (checkpoint != null) {
                            complete(slot.getValue(), checkpoint.commandPosition());
                        }
                    } catch (RuntimeException e) {
                        LOG.debug("The checkpoint of {} could not be read", slot.getKey(), e);
                        pause = LOOK_AFTER_FAILURE_NANOS;
                    }
                }
            }
            if (any) {
                LockSupport.parkNanos(pause);
            } else {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }
    }

    @Override
    public void close() {
        closing.countDown();
        LockSupport.unpark(looker);
    }
}
