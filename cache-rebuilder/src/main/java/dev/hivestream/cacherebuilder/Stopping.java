package dev.hivestream.cacherebuilder;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;

/** Whether the app is told to stop, and what waits for broker and Redis until then. Thread-safe. */
class Stopping implements SmartLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(Stopping.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private static final Duration LONGEST = Duration.ofSeconds(8);

    private final CountDownLatch told = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean running;
    private volatile boolean begun;
    private final Progress progress;

    Stopping(Progress progress) {
        this.progress = progress;
    }

    @Override
    public void start() {
        running = true;
    }

    /** First of all: the work comes to an end while there still are a broker and a Redis. */
    @Override
    public void stop() {
        told.countDown();
        try {
            if (begun && !finished.await(LONGEST.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("The work has not ended after {}; what is not written is folded again next time", LONGEST);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }

    /** The work begins, and is waited for. */
    void begun() {
        begun = true;
    }

    /** The work has ended. */
    void finished() {
        finished.countDown();
    }

    boolean isTold() {
        return told.getCount() == 0;
    }

    /** Waits for a while; false if the app is told to stop meanwhile. */
    boolean pause(Duration time) {
        try {
            return !told.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Does something that needs broker and Redis; while one of them is away it waits, says so, and tries again.
     *
     * @throws CancellationException if the app is told to stop meanwhile
     */
    <T> T patiently(Supplier<T> work) {
        boolean said = false;
        while (true) {
            try {
                return work.get();
            } catch (DataAccessException | RetriableException e) {
                String what = (e instanceof DataAccessException
                        ? "Redis does not answer: "
                        : "the broker does not answer: ")
                        + e.getMessage();
                progress.waits(what);
                if (!said) {
                    LOG.warn("Waiting, for {}", what);
                    said = true;
                }
                if (!pause(AGAIN)) {
                    throw new CancellationException("Stopped while " + what);
                }
            }
        }
    }

    void patiently(Runnable work) {
        patiently(() -> {
            work.run();
            return Boolean.TRUE;
        });
    }
}
