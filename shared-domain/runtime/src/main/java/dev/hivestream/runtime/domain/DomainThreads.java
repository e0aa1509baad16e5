package dev.hivestream.runtime.domain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that run batches, and with them domain code, which has a deadline. A call that exceeds it is abandoned together with
 * its thread. Another thread then runs the batch from its beginning, and that call alone fails with {@link DomainTimeout}.
 * Time in which the whole process was paused does not count. Thread-safe.
 */
public final class DomainThreads implements AutoCloseable {

    /** How many abandoned threads may be alive; one more ends the process. */
    public static final int MOST_ABANDONED = 4;

    private static final Logger LOG = LoggerFactory.getLogger(DomainThreads.class);
    /** With more abandoned threads than these, the process does not wait for the batch in progress. */
    private static final int FAR_TOO_MANY = 4 * MOST_ABANDONED;
    /** How often a call is checked within a timeout. */
    private static final int LOOKS = 10;
    /** How many calls that timed out are remembered; older ones are tried again if they occur again. */
    private static final int REMEMBERED = 1_000;
    /** How many timeouts a batch survives; one more ends it. */
    private static final int TIMEOUTS_IN_A_BATCH = 1;

    private final Duration timeout;
    private final Consumer<String> exit;
    private final AtomicInteger count = new AtomicInteger();
    private final ConcurrentLinkedDeque<DomainThread> idle = new ConcurrentLinkedDeque<>();
    private final List<Thread> abandoned = new ArrayList<>();
    private final Map<String, Map<Integer, DomainTimeout>> timedOut = new LinkedHashMap<>();
    private volatile boolean anyTimedOut;
    private final AtomicBoolean ending = new AtomicBoolean();
    private volatile boolean closed;

    /**
     * Creates a pool without threads; they are started when they are needed.
     *
     * @param timeout of a call of domain code
     * @param exit ends the process, for this reason; returns at once
     */
    public DomainThreads(Duration timeout, Consumer<String> exit) {
        this.timeout = timeout;
        this.exit = exit;
    }

    /**
     * Runs work on one of the threads and waits for it.
     *
     * @param work starts over each time it is called; calls domain code by {@link DomainCode#call} only, and changes nothing
     *     that others see within such a call
     * @param meanwhile called now and then on the calling thread; what it throws ends the work before its next call of
     *     domain code, and is thrown then
     * @throws BatchTooLarge if more than one call timed out
     */
    public <T> T run(Supplier<T> work, Runnable meanwhile) {
        for (int timeouts = 0;; timeouts++) {
            DomainThread thread = thread();
            DomainThread.Work<T> handed = new DomainThread.Work<>(work);
            thread.begin(handed);
            if (await(thread, handed, meanwhile)) {
                if (closed) {
                    thread.close();
                } else {
                    idle.push(thread);
                }
                return result(handed);
            }
            gaveUp(thread);
            if (timeouts >= TIMEOUTS_IN_A_BATCH) {
                throw new BatchTooLarge("Domain code exceeded hive.decide.timeout=" + timeout.toMillis()
                        + "ms for " + (timeouts + 1) + " records of a batch");
            }
        }
    }

    private <T> T result(DomainThread.Work<T> handed) {
        try {
            return handed.result();
        } catch (VirtualMachineError e) {
            exit.accept("The JVM failed in domain code: " + e);
            throw e;
        }
    }

    private DomainThread thread() {
        DomainThread thread = idle.poll();
        if (thread == null) {
            thread = new DomainThread("domain-" + count.incrementAndGet(), this::timedOut);
            thread.start();
        }
        return thread;
    }

    /** Returns false if the thread was abandoned. */
    private boolean await(DomainThread thread, DomainThread.Work<?> work, Runnable meanwhile) {
        long tick = Math.max(1_000_000, timeout.toNanos() / LOOKS);
        long call = 0;
        long spent = 0;
        long last = System.nanoTime();
        Throwable failed = null;
        boolean interrupted = false;
        try {
            while (!work.isDone()) {
                LockSupport.parkNanos(work, tick);
                interrupted |= Thread.interrupted();
                long now = System.nanoTime();
                if (now - last < tick || work.isDone()) {
                    continue;
                }
                long in = thread.inCall();
                if (in != call || (in & 1) == 0) {
                    call = in;
                    spent = 0;
                } else {
                    // a pause of the process is not charged to the call
                    spent += Math.min(now - last, 2 * tick);
                    if (spent >= timeout.toNanos() && thread.abandon(call)) {
                        if (failed != null) {
                            gaveUp(thread);
                            throw unchecked(failed);
                        }
                        return false;
                    }
                }
                last = now;
                if (failed == null) {
                    try {
                        meanwhile.run();
                    } catch (RuntimeException | Error e) {
                        failed = e;
                        work.cancel();
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (failed != null) {
            idle.push(thread);
            throw unchecked(failed);
        }
        return true;
    }

    private static RuntimeException unchecked(Throwable failed) {
        if (failed instanceof Error error) {
            throw error;
        }
        return (RuntimeException) failed;
    }

    private void gaveUp(DomainThread thread) {
        remember(thread);
        int alive;
        synchronized (abandoned) {
            abandoned.add(thread);
            alive = abandoned();
        }
        LOG.error("Domain code exceeded hive.decide.timeout={}ms for {}; abandoning its thread, {}",
                timeout.toMillis(),
                thread.subject(), stack(thread));
        if (alive > FAR_TOO_MANY) {
            end();
        }
    }

    /** The top of a thread's stack, on one line. */
    static String stack(Thread thread) {
        StackTraceElement[] frames = thread.getStackTrace();
        StringBuilder text = new StringBuilder(frames.length == 0 ? "which has ended" : "which is at ");
        for (int i = 0; i < Math.min(8, frames.length); i++) {
            text.append(i == 0 ? "" : " < ").append(frames[i]);
        }
        return text.toString();
    }

    /** How many abandoned threads are still alive. */
    public int abandoned() {
        synchronized (abandoned) {
            abandoned.removeIf(thread -> !thread.isAlive());
            return abandoned.size();
        }
    }

    /** Called between batches: ends the process if too many abandoned threads are still alive. */
    public void endIfTooMany() {
        if (abandoned() > MOST_ABANDONED) {
            end();
        }
    }

    private void end() {
        if (ending.compareAndSet(false, true)) {
            exit.accept(abandoned() + " threads are still running domain code that exceeded hive.decide.timeout="
                    + timeout.toMillis() + "ms; the limit is " + MOST_ABANDONED
                    + ". Exiting, because these threads cannot be stopped; a restarted process resumes after the last commit");
        }
    }

    private void remember(DomainThread thread) {
        synchronized (timedOut) {
            timedOut.computeIfAbsent(thread.subject().toString(), none -> new HashMap<>()).put(thread.calls(),
                    new DomainTimeout(timeout));
            if (timedOut.size() > REMEMBERED) {
                timedOut.remove(timedOut.keySet().iterator().next());
            }
        }
        anyTimedOut = true;
    }

    private @Nullable DomainTimeout timedOut(Object subject, int call) {
        if (!anyTimedOut) {
            return null;
        }
        synchronized (timedOut) {
            Map<Integer, DomainTimeout> calls = timedOut.get(subject.toString());
            return calls == null ? null : calls.get(call);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (DomainThread thread = idle.poll(); thread != null; thread = idle.poll()) {
            thread.close();
        }
    }
}
