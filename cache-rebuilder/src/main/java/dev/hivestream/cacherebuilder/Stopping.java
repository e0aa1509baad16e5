package dev.hivestream.cacherebuilder;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DataAccessException;

/** Whether the app is told to stop, and what waits for broker and Redis until then. Thread-safe. */
class Stopping {

    private static final Logger LOG = LoggerFactory.getLogger(Stopping.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final CountDownLatch told = new CountDownLatch(1);
    private final Progress progress;

    Stopping(Progress progress) {
        this.progress = progress;
    }

    @EventListener(ContextClosedEvent.class)
    void stop() {
        told.countDown();
    }

    boolean isTold() {
        return told.getCount() == 0;
    }

    /** Waits until the app is told to stop. */
    void await() {
        try {
            told.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
