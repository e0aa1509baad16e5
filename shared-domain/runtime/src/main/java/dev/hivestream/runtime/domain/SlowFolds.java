package dev.hivestream.runtime.domain;

import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Reports records whose fold takes long. A fold is not aborted: that would exclude its aggregate for good because one machine
 * was slow. Thread-safe.
 */
public final class SlowFolds {

    /** The instance that all folds of the process share. */
    public static final SlowFolds SHARED = new SlowFolds(Duration.ofSeconds(1),
            line -> LoggerFactory.getLogger(SlowFolds.class).warn("{}", line));

    private static final int LOOKS = 10;

    private final Duration tick;
    private final Consumer<String> tell;
    private final Map<Thread, Fold> folds = new ConcurrentHashMap<>();
    private final ThreadLocal<Fold> own = ThreadLocal.withInitial(this::begun);
    private boolean watching;

    /** @param tick a fold is slow after ten of them */
    SlowFolds(Duration tick, Consumer<String> tell) {
        this.tick = tick;
        this.tell = tell;
    }

    /** The record that a thread currently folds. */
    private static final class Fold extends AtomicReference<@Nullable ConsumerRecord<?, ?>> {

        private static final long serialVersionUID = 1L;

        private transient @Nullable Object seen;
        private int looks;

        /** Whether to report the record now. Called by the watching thread. */
        private boolean isSlow() {
            Object now = getAcquire();
            looks = now != null && now == seen ? looks + 1 : 0;
            seen = now;
            return looks == LOOKS;
        }
    }

    /** Marks the start of a fold on this thread. */
    public void begin(ConsumerRecord<?, ?> record) {
        own.get().setRelease(record);
    }

    /** Marks its end. */
    public void end() {
        own.get().setRelease(null);
    }

    private synchronized Fold begun() {
        Fold fold = new Fold();
        folds.put(Thread.currentThread(), fold);
        if (!watching) {
            watching = true;
            Thread.ofVirtual().name("slow-folds").start(this::watch);
        }
        return fold;
    }

    private void watch() {
        try {
            while (look()) {
                Thread.sleep(tick);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns false if there is nothing left to watch. */
    private synchronized boolean look() {
        for (Iterator<Map.Entry<Thread, Fold>> all = folds.entrySet().iterator(); all.hasNext();) {
            Map.Entry<Thread, Fold> each = all.next();
            if (!each.getKey().isAlive()) {
                all.remove();
            } else if (each.getValue().isSlow()) {
                ConsumerRecord<?, ?> record = each.getValue().get();
                if (record != null) {
                    tell.accept("Folding the record " + record.topic() + "/" + record.partition() + "/"
                            + record.offset() + " has taken longer than " + tick.multipliedBy(LOOKS)
                            + ": domain code has not returned, and its partition waits for the thread, "
                            + DomainThreads.stack(each.getKey()));
                }
            }
        }
        watching = !folds.isEmpty();
        return watching;
    }
}
