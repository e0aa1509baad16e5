package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until the cache shows what a result says. The slot's owner in this process reports its progress; for other owners
 * the checkpoint in Redis is polled every few milliseconds, once per slot however many requests wait. Nothing is polled
 * while no request waits. Thread-safe.
 */
public final class Reflections implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Reflections.class);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LOOK_AFTER_FAILURE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Equal to itself alone: two requests may wait for the same position. */
    private static final class Waiter {
        private final Position position;
        private final CompletableFuture<Void> shown = new CompletableFuture<>();

        private Waiter(Position position) {
            this.position = position;
        }
    }

    private final Function<Slot, @Nullable Checkpoint> checkpoints;
    private final Map<Slot, Set<Waiter>> waiting = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread looker;

    public Reflections(States states) {
        this(states::checkpoint);
    }

    /** @param checkpoints of the generation that readers use; null while there is none */
    Reflections(Function<Slot, @Nullable Checkpoint> checkpoints) {
        this.checkpoints = checkpoints;
        this.looker = Thread.ofPlatform().daemon().name("reflections").start(this::look);
    }

    /**
     * Completes when the cache has folded the events of the command at {@code position}. That may never happen, for example
     * if another version of the code owns the slot: whoever gives up cancels it.
     */
    CompletableFuture<Void> shows(Slot slot, Position position) {
        Waiter waiter = new Waiter(position);
        Set<Waiter> waiters = waiting.computeIfAbsent(slot, none -> ConcurrentHashMap.newKeySet());
        waiters.add(waiter);
        var _ = waiter.shown.whenComplete((shown, cancelled) -> waiters.remove(waiter));
        LockSupport.unpark(looker);
        return waiter.shown;
    }

    /** How many requests wait. */
    public int waiting() {
        return waiting.values().stream().mapToInt(Set::size).sum();
    }

    /** Called by the owner after a write-back. Quick; does not throw. */
    public void advanced(Slot slot, Checkpoint checkpoint) {
        Set<Waiter> waiters = waiting.get(slot);
        if (waiters != null && !waiters.isEmpty()) {
            complete(waiters, checkpoint.commandPosition());
        }
    }

    private static void complete(Set<Waiter> waiters, Position reached) {
        for (Waiter waiter : waiters) {
            if (waiter.position.equals(Position.NONE) || reached.covers(waiter.position)) {
                waiter.shown.complete(null);
            }
        }
    }

    private void look() {
        while (closing.getCount() > 0) {
            boolean any = false;
            long pause = LOOK_NANOS;
            for (Map.Entry<Slot, Set<Waiter>> slot : waiting.entrySet()) {
                if (!slot.getValue().isEmpty()) {
                    any = true;
                    try {
                        Checkpoint checkpoint = checkpoints.apply(slot.getKey());
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
                // until somebody waits
                LockSupport.park(this);
            }
        }
    }

    @Override
    public void close() {
        closing.countDown();
        LockSupport.unpark(looker);
    }
}
