package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.SlotFold;
import dev.hivestream.runtime.message.Slot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Folds many slots at once, on a bounded number of threads, each with a consumer. */
final class Folder {

    private static final Logger LOG = LoggerFactory.getLogger(Folder.class);

    /** Events that are worth a consumer of their own. */
    private static final long GROUP = 100_000;

    private final Replay replay;
    private final Stopping stopping;
    private final Progress progress;
    private final Rate rate;
    private final int workers;
    private final long memory;

    Folder(Replay replay, Stopping stopping, Progress progress, RebuilderProperties properties) {
        this.replay = replay;
        this.stopping = stopping;
        this.progress = progress;
        this.rate = new Rate(properties.rate());
        this.workers = properties.workers();
        this.memory = properties.memoryBytes();
    }

    /**
     * Folds each slot up to its end. An outage is waited for.
     *
     * @throws CancellationException if the app is told to stop; what was folded is written as far as that is possible
     * @throws PoisonEvent if an event cannot be folded and ends the rebuild
     */
    void fold(Map<SlotFold<?, ?>, Long> ends) {
        List<Map<SlotFold<?, ?>, Long>> groups = groups(ends);
        AtomicBoolean failed = new AtomicBoolean();
        all(groups.stream().<Callable<Void>>map(group -> () -> {
            try {
                group.keySet().forEach(slot -> slot.limit(memory / workers / group.size()));
                fold(group, failed);
                group.keySet().forEach(SlotFold::release);
            } catch (RuntimeException | Error e) {
                failed.set(true);
                throw e;
            }
            return null;
        }).toList(), Math.min(workers, groups.size()));
    }

    /**
     * Slots that are folded by one consumer, one group after the other on each thread. As few at a time as keep all threads
     * at work: the fewer aggregates are in memory at once, the less often each is written. Small ones go together.
     */
    private List<Map<SlotFold<?, ?>, Long>> groups(Map<SlotFold<?, ?>, Long> ends) {
        long all = ends.entrySet().stream().mapToLong(end -> Math.max(0, end.getValue() - end.getKey().next())).sum();
        long enough = Math.min(GROUP, all / workers);
        List<Map<SlotFold<?, ?>, Long>> groups = new ArrayList<>();
        Map<SlotFold<?, ?>, Long> group = new LinkedHashMap<>();
        long size = 0;
        for (Map.Entry<SlotFold<?, ?>, Long> end : ends.entrySet()) {
            group.put(end.getKey(), end.getValue());
            size += Math.max(0, end.getValue() - end.getKey().next());
            if (size > enough) {
                groups.add(group);
                group = new LinkedHashMap<>();
                size = 0;
            }
        }
        if (!group.isEmpty()) {
            groups.add(group);
        }
        return groups;
    }

    private void fold(Map<SlotFold<?, ?>, Long> share, AtomicBoolean failed) {
        try {
            stopping.patiently(() -> replay.run(share, new Replay.Watch() {
                @Override
                public boolean stop() {
                    return stopping.isTold() || failed.get();
                }

                @Override
                public void folded(Slot slot, int events, long next) {
                    progress.advanced(slot, events, next);
                    rate.spend(events);
                }
            }));
        } catch (CancellationException e) {
            share.keySet().forEach(Folder::save);
            throw e;
        }
    }

    /** What is folded need not be folded again. */
    private static void save(SlotFold<?, ?> slot) {
        try {
            if (slot.checkpoint() != null) {
                slot.write();
            }
        } catch (RuntimeException e) {
            LOG.warn("What was folded last of {} could not be written and is folded again next time: {}", slot.slot(),
                    e.toString());
        }
    }

    /** Runs all, on so many threads; throws what the first of them threw that was not stopped because of another. */
    static <T> List<T> all(List<Callable<T>> work, int threads) {
        try (ExecutorService pool = Executors.newFixedThreadPool(threads,
                Thread.ofPlatform().name("fold-", 0).factory())) {
            List<Future<T>> begun = work.stream().map(pool::submit).toList();
            List<T> done = new ArrayList<>();
            Throwable failure = null;
            for (Future<T> one : begun) {
                try {
                    done.add(one.get());
                } catch (ExecutionException e) {
                    failure = worse(failure, e.getCause() == null ? e : e.getCause());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    failure = worse(failure, new CancellationException("Interrupted"));
                }
            }
            if (failure instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            if (failure != null) {
                throw new IllegalStateException(failure);
            }
            return done;
        }
    }

    private static Throwable worse(@Nullable Throwable before, Throwable now) {
        return before == null || before instanceof CancellationException ? now : before;
    }
}
