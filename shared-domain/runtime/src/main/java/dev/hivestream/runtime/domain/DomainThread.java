package dev.hivestream.runtime.domain;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A thread that runs one {@link Work} after another until it is abandoned in a call of domain code. A call begins and ends with
 * a change of {@link #state}, and is abandoned with another: exactly one side wins, so an abandoned thread changes nothing
 * afterwards.
 */
final class DomainThread extends Thread {

    private static final long ABANDONED = -1;

    /** Odd in a call of domain code, another number in each; even between them. */
    private final AtomicLong state = new AtomicLong();
    private final BiFunction<Object, Integer, @Nullable DomainTimeout> timedOut;
    private volatile @Nullable Work<?> work;
    private volatile boolean closed;
    private @Nullable Work<?> current;
    private Object subject = "";
    private int calls;
    private boolean inside;

    /** @param timedOut gives how the n-th call about a subject timed out before, or null */
    DomainThread(String name, BiFunction<Object, Integer, @Nullable DomainTimeout> timedOut) {
        super(name);
        this.timedOut = timedOut;
        setDaemon(true);
    }

    /** What a thread has to do, and what came of it. */
    static final class Work<T> {
        private final Supplier<T> job;
        private final Thread waiting = Thread.currentThread();
        private @Nullable T result;
        private @Nullable Throwable thrown;
        private volatile boolean done;
        private volatile boolean cancelled;

        Work(Supplier<T> job) {
            this.job = job;
        }

        boolean isDone() {
            return done;
        }

        /** Lets it end before its next call of domain code. */
        void cancel() {
            cancelled = true;
        }

        private void run() {
            try {
                result = job.get();
            } catch (Throwable e) {
                thrown = e;
            }
        }

        private void end() {
            done = true;
            LockSupport.unpark(waiting);
        }

        T result() {
            switch (thrown) {
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case null -> {
                    return Objects.requireNonNull(result);
                }
                default -> throw new IllegalStateException(thrown);
            }
        }
    }

    /** Begins with a work; the one before has ended. */
    void begin(Work<?> next) {
        work = next;
        LockSupport.unpark(this);
    }

    void close() {
        closed = true;
        LockSupport.unpark(this);
    }

    @Override
    public void run() {
        while (!closed) {
            Work<?> next = work;
            if (next == null) {
                LockSupport.park(this);
                continue;
            }
            work = null;
            current = next;
            subject = "";
            calls = 0;
            next.run();
            if (state.get() == ABANDONED) {
                return;
            }
            current = null;
            next.end();
        }
    }

    /** On this thread. */
    void about(Object next) {
        subject = next;
        calls = 0;
    }

    /** On this thread. */
    <T extends @Nullable Object, X extends Exception> T call(DomainCode.Call<T, X> code) throws X {
        if (inside) {
            return code.call();
        }
        long outside = state.get();
        if (outside == ABANDONED || Objects.requireNonNull(current).cancelled) {
            throw new DomainCode.Abandoned();
        }
        DomainTimeout before = timedOut.apply(subject, ++calls);
        if (before != null) {
            throw before;
        }
        state.set(outside + 1);
        inside = true;
        try {
            return code.call();
        } finally {
            inside = false;
            leave(outside + 1);
        }
    }

    @SuppressWarnings("Finally")
    private void leave(long inside) {
        // an interrupt flag that domain code leaves behind must not reach the next call
        boolean _ = interrupted();
        if (!state.compareAndSet(inside, inside + 1)) {
            throw new DomainCode.Abandoned();
        }
    }

    /** The call of domain code that it is in; even if it is in none. */
    long inCall() {
        return state.get();
    }

    /** Abandons the thread in this call. Returns false if the call has ended. */
    boolean abandon(long call) {
        if (!state.compareAndSet(call, ABANDONED)) {
            return false;
        }
        interrupt();
        return true;
    }

    /** The subject of the last call of an abandoned thread. */
    Object subject() {
        return subject;
    }

    /** The number of the last call of an abandoned thread. */
    int calls() {
        return calls;
    }
}
