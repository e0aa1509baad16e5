package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.CatchUp;
import dev.hivestream.runtime.log.RestoredPartition;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.cloud.stream.binder.kafka.KafkaBindingRebalanceListener;
import org.springframework.core.NestedExceptionUtils;

/**
 * The partitions that this instance owns, each with its {@link OwnedPartition.State state}. A partition that is assigned is
 * restored: nothing is consumed from it until its snapshots reflect the log to its end. It is restored again whenever that
 * is in doubt: after an unclean commit, when the stored checkpoint is not the one expected, and when a snapshot is damaged.
 * Whoever finds that out closes the partition; the restore begins once the batch in progress has ended. Thread-safe.
 */
public final class Ownership implements KafkaBindingRebalanceListener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Ownership.class);
    private static final Duration FIRST_BACK_OFF = Duration.ofMillis(100);
    private static final Duration LAST_BACK_OFF = Duration.ofSeconds(1);
    private static final Duration LONGEST_BATCH = Duration.ofSeconds(10);

    private final Map<String, ? extends Folded<?, ?>> served;
    private final CatchUp catchUp;
    private final Cache cache;
    private final Map<TopicPartition, OwnedPartition> owned = new ConcurrentHashMap<>();
    private final Progress progress = new Progress();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final ExecutorService restorers = Executors
            .newThreadPerTaskExecutor(Thread.ofVirtual().name("restore-", 0).factory());
    private final Thread watcher;
    private final long hot;
    private volatile boolean joined;

    /**
     * Owns nothing until partitions are assigned.
     *
     * @param watch how often idle partitions are checked
     * @param hot roughly what the snapshots that are not read again may take in memory, of all partitions, in bytes
     */
    public Ownership(Map<String, ? extends Folded<?, ?>> served, CatchUp catchUp, Cache cache, Duration watch,
            long hot) {
        this.served = served;
        this.catchUp = catchUp;
        this.cache = cache;
        this.hot = hot;
        this.watcher = Thread.ofVirtual().name("watch").start(() -> watch(watch));
    }

    @Override
    public void onPartitionsAssigned(String bindingName, Consumer<?, ?> consumer, Collection<TopicPartition> partitions,
            boolean initial) {
        joined = true;
        for (TopicPartition partition : partitions) {
            if (!Topics.isOwned(partition.topic())) {
                continue;
            }
            OwnedPartition assigned = new OwnedPartition(partition, consumer);
            OwnedPartition before = owned.put(partition, assigned);
            if (before != null) {
                before.revoke();
            }
            restore(assigned);
        }
    }

    @Override
    public void onPartitionsRevokedAfterCommit(String bindingName, Consumer<?, ?> consumer,
            Collection<TopicPartition> partitions) {
        progress.revoked(partitions);
        for (TopicPartition partition : partitions) {
            OwnedPartition revoked = owned.get(partition);
            // one that was lost may belong to another consumer of this process by now
            if (revoked != null && revoked.isOf(consumer) && owned.remove(partition, revoked)) {
                revoked.revoke();
            }
        }
    }

    /**
     * The exclusive use of a partition for a batch, which must {@link #release} it.
     *
     * @throws NotReady if it is not owned or not running
     */
    public OwnedPartition use(TopicPartition commands) {
        OwnedPartition partition = owned.get(commands);
        if (partition == null) {
            throw new NotReady("The partition " + commands + " is not owned here");
        }
        partition.requireRunning();
        partition.lock();
        try {
            partition.requireRunning();
        } catch (NotReady e) {
            release(partition);
            throw e;
        }
        return partition;
    }

    /** Ends the exclusive use, and lets a restore begin that waits for it. Never throws. */
    public void release(OwnedPartition partition) {
        if (partition.isUsedByCurrentThread()) {
            partition.unlock();
            restoreIfClosing(partition);
        }
    }

    /** A partition as it is owned now: another one if it was revoked and assigned again. Null if it is not owned. */
    @Nullable
    OwnedPartition owned(TopicPartition commands) {
        return owned.get(commands);
    }

    /** Whether a batch of this partition can be processed now. */
    public boolean isOpen(TopicPartition commands) {
        if (!Topics.isOwned(commands.topic())) {
            return true;
        }
        OwnedPartition partition = owned.get(commands);
        return partition != null && partition.state() == OwnedPartition.State.RUNNING;
    }

    /**
     * Closes a partition and restores it once the batch in progress has ended, since what its cache reflects is not known.
     * Never throws.
     */
    public void invalidate(OwnedPartition partition, String reason) {
        close(partition, reason, false);
    }

    /**
     * Does what {@link #invalidate} does for a partition whose stored checkpoint is not the one expected. If it is behind that
     * one, Redis was rolled back, replaced or emptied, and readers stop using the cache before it is restored; after a repair
     * they go on. Never throws.
     *
     * @param expected what was last known to be stored
     */
    public void lost(OwnedPartition partition, Checkpoint expected, String reason) {
        close(partition, reason, isBehind(partition, expected));
    }

    /**
     * Requires that the log has no committed record of others between the checkpoint that a batch began with and the last record
     * that it appended. The log is read only if the offsets leave room for one before the batch's first record, which is once
     * after a restore or after an aborted transaction, at most.
     *
     * @throws IllegalStateException if it has: the batch was decided without it, and the partition has to be restored
     */
    void requireOwnLog(OwnedPartition partition, Checkpoint begun, Attempt.Appended appended) {
        long before = appended.first() - begun.next();
        if (appended.last() - appended.first() >= appended.records() || before > partition.markersBehind()
                && catchUp.hasRecords(known(partition.slot().aggregate()), partition.slot(), begun.next(),
                        appended.first())) {
            throw new IllegalStateException("The log has records that this owner did not append, between "
                    + begun.next() + " and " + appended.last());
        }
    }

    private boolean isBehind(OwnedPartition partition, Checkpoint expected) {
        try {
            RestoredPartition restored = partition.restored();
            Cache.Loaded found = cache.load(partition.slot(), restored.fingerprint(), restored.generation(), List.of());
            byte[] stored = found.checkpoint();
            return stored == null || !restored.generation().equals(found.active())
                    || Checkpoint.read(stored).isBehind(expected);
        } catch (RuntimeException e) {
            LOG.debug("The stored checkpoint of {} cannot be read", partition.slot(), e);
            return true;
        }
    }

    private void close(OwnedPartition partition, String reason, boolean readersStop) {
        if (partition.close(reason, readersStop)) {
            LOG.atLevel(readersStop ? Level.WARN : Level.INFO).log("Restoring {}: {}", partition.slot(), reason);
        }
        restoreIfClosing(partition);
    }

    /**
     * Starts the restore of a closing partition, unless its exclusive use is held: then the holder starts it on release. Each
     * side makes its own change, of the state or of the lock, before it checks the other, so that one of them starts the restore.
     */
    private void restoreIfClosing(OwnedPartition partition) {
        while (partition.state() == OwnedPartition.State.CLOSING && !partition.isUsedByCurrentThread()
                && partition.tryLock()) {
            boolean restores;
            try {
                restores = partition.state() == OwnedPartition.State.CLOSING && partition.restore();
            } finally {
                partition.unlock();
            }
            if (restores) {
                restore(partition);
            }
        }
    }

    /** Closes a partition whose cache contains a snapshot that cannot be read; a new generation is built from the log. */
    public void damaged(OwnedPartition partition, SnapshotCodec.Unreadable damage) {
        RestoredPartition running = partition.running();
        if (running != null) {
            catchUp.replace(partition.slot(), running.fingerprint(), running.generation(), damage);
        }
        invalidate(partition, "a snapshot is damaged");
    }

    /**
     * Called by whoever reads a slot's cache. Nothing happens if it is not owned here, or its generation is another by now.
     * A batch in progress is not disturbed: the partition is closed, and restored once the batch has ended.
     *
     * @param generation that the damage is in
     */
    public void damaged(Slot slot, String generation, SnapshotCodec.Unreadable damage) {
        for (OwnedPartition partition : owned.values()) {
            RestoredPartition running = partition.running();
            if (partition.slot().equals(slot) && running != null && running.generation().equals(generation)) {
                damaged(partition, damage);
            }
        }
    }

    /** Partitions that are owned and not running, with state and reason; empty if all is well. */
    public Map<String, OwnedPartition.Status> closed() {
        Map<String, OwnedPartition.Status> closed = new TreeMap<>();
        owned.values().forEach(partition -> {
            OwnedPartition.Status status = partition.status();
            if (status.state() != OwnedPartition.State.RUNNING) {
                closed.put(partition.slot().toString(), status);
            }
        });
        return closed;
    }

    /** What the caches of the running partitions reflect, by slot. */
    public Map<Slot, RestoredPartition> open() {
        Map<Slot, RestoredPartition> open = new HashMap<>();
        owned.values().forEach(partition -> {
            RestoredPartition running = partition.running();
            if (running != null) {
                open.put(partition.slot(), running);
            }
        });
        return open;
    }

    /** The progress of the partitions, and of others that are consumed here. */
    public Progress progress() {
        return progress;
    }

    /** Whether the group has told what is owned here, be it nothing. */
    public boolean isJoined() {
        return joined;
    }

    /** The slots that are owned. */
    public Set<String> slots() {
        Set<String> slots = new TreeSet<>();
        owned.values().forEach(partition -> slots.add(partition.slot().toString()));
        return slots;
    }

    private void restore(OwnedPartition partition) {
        try {
            restorers.execute(() -> restoreUntilDone(partition));
        } catch (RejectedExecutionException e) {
            LOG.debug("{} is not restored: the process is shutting down", partition.slot(), e);
        }
    }

    private void restoreUntilDone(OwnedPartition partition) {
        Duration backOff = FIRST_BACK_OFF;
        String reported = null;
        while (!isOver(partition)) {
            try {
                partition.run(restored(partition), () -> hot / Math.max(1, owned.size()));
                if (reported != null) {
                    LOG.info("{} is processing commands again", partition.slot());
                }
                return;
            } catch (StartRefused e) {
                partition.stop(e.line());
                if (!e.line().equals(reported)) {
                    LOG.error("{} is not processing commands: {}", partition.slot(), e.line());
                    reported = e.line();
                }
            } catch (Throwable e) {
                if (e instanceof CancellationException && isOver(partition)) {
                    return;
                }
                // a state's constructor can be among its causes
                Throwable fault = DomainFault.of(e);
                String reason = "The restore failed and is retried: "
                        + NestedExceptionUtils.getMostSpecificCause(fault);
                partition.delayed(reason);
                if (reported == null) {
                    LOG.warn("{} is not processing commands: {}", partition.slot(), reason);
                    reported = reason;
                }
                LOG.debug("The restore of {} failed", partition.slot(), fault);
            }
            try {
                if (partition.awaitRevoked(backOff) || !restoresAgain(partition)) {
                    return;
                }
            } catch (InterruptedException e) {
                return;
            }
            backOff = backOff.multipliedBy(2).compareTo(LAST_BACK_OFF) > 0
                    ? LAST_BACK_OFF
                    : backOff.multipliedBy(2);
        }
    }

    private RestoredPartition restored(OwnedPartition partition) {
        String readersOf = partition.readersOf();
        if (readersOf != null) {
            cache.deactivate(partition.slot(), readersOf);
            partition.readersStopped();
        }
        return catchUp.run(known(partition.slot().aggregate()), partition.slot(), partition.group(),
                () -> isOver(partition));
    }

    /** STOPPED → RESTORING; a restore that an outage delays is RESTORING already. False if the partition was revoked. */
    private static boolean restoresAgain(OwnedPartition partition) {
        if (partition.state() != OwnedPartition.State.STOPPED) {
            return true;
        }
        partition.lock();
        try {
            return partition.restore();
        } finally {
            partition.unlock();
        }
    }

    private boolean isOver(OwnedPartition partition) {
        return partition.isRevoked() || closing.getCount() == 0;
    }

    private Folded<?, ?> known(String aggregate) {
        Folded<?, ?> found = served.get(aggregate);
        if (found == null) {
            throw new StartRefused(
                    "No aggregate '" + aggregate + "' is on the class path; its commands topic is consumed here");
        }
        return found;
    }

    /** Finds a lost or replaced cache on idle partitions too, and another wanted generation on busy ones as well. */
    private void watch(Duration every) {
        try {
            while (!closing.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
                Map<String, String> wanted = new HashMap<>();
                for (OwnedPartition partition : List.copyOf(owned.values())) {
                    try {
                        look(partition, wanted);
                    } catch (RuntimeException e) {
                        LOG.debug("{} could not be checked", partition.slot(), e);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** @param wanted what is known of this round already, by fingerprint */
    private void look(OwnedPartition partition, Map<String, String> wanted) throws InterruptedException {
        RestoredPartition before = partition.running();
        if (before == null) {
            return;
        }
        boolean change = !wanted
                .computeIfAbsent(before.fingerprint(), print -> cache.wanted(partition.slot().aggregate(), print))
                .equals(before.generation());
        // a batch is waited for only if there is a reason
        if (!partition.tryLock(change ? LONGEST_BATCH : Duration.ZERO)) {
            return;
        }
        try {
            RestoredPartition running = partition.running();
            if (running == null) {
                return;
            }
            if (change) {
                invalidate(partition, "another generation is wanted");
                return;
            }
            Cache.Loaded found = cache.load(partition.slot(), running.fingerprint(), running.generation(), List.of());
            if (!found.isAt(running.checkpoint()) || !running.generation().equals(found.active())) {
                lost(partition, running.checkpoint(), "the checkpoint in Redis is not the expected one");
            }
        } finally {
            release(partition);
        }
    }

    @Override
    public void close() {
        closing.countDown();
        owned.values().forEach(OwnedPartition::revoke);
        restorers.shutdownNow();
        watcher.interrupt();
    }
}
