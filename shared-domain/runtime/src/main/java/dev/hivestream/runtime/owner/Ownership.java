package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.log.CatchUp;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.stream.binder.kafka.KafkaBindingRebalanceListener;

/**
 * The partitions that this instance owns, and which of them may be decided on. A partition that is taken is closed:
 * nothing is consumed from it until its cache reflects the log to its end. It is closed again whenever that is in doubt: after
 * an unclean commit, and when the stored checkpoint is not the one expected. Thread-safe.
 */
public final class Ownership implements KafkaBindingRebalanceListener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Ownership.class);
    private static final Duration FIRST_BACK_OFF = Duration.ofMillis(100);
    private static final Duration LAST_BACK_OFF = Duration.ofSeconds(1);
    private static final Duration LONGEST_BATCH = Duration.ofSeconds(10);

    private final Map<String, ? extends Folded<?, ?>> served;
    private final CatchUp catchUp;
    private final Cache cache;
    private final Map<TopicPartition, Owned> owned = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final ExecutorService openers = Executors
            .newThreadPerTaskExecutor(Thread.ofVirtual().name("catch-up-", 0).factory());
    private final Thread watcher;
    private final long hot;
    private volatile boolean joined;

    /**
     * Of nothing yet.
     *
     * @param watch how often idle partitions are looked at
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

    /** A partition that this instance owns. Held by one batch, or by the watch, at a time. */
    public final class Owned {

        private final TopicPartition commands;
        private final Consumer<?, ?> consumer;
        private final String group;
        private final Slot slot;
        /** Fair: a batch after the other would not let the watch in. */
        private final ReentrantLock use = new ReentrantLock(true);
        private final CountDownLatch given = new CountDownLatch(1);
        private volatile CatchUp.@Nullable Reflected reflected;
        private volatile Hot hot = new Hot(() -> 0);
        private volatile String trouble = "is being caught up";

        private Owned(TopicPartition commands, Consumer<?, ?> consumer) {
            this.commands = commands;
            this.consumer = consumer;
            this.group = consumer.groupMetadata().groupId();
            this.slot = new Slot(Topics.ownerOf(commands.topic()), commands.partition());
        }

        public Slot slot() {
            return slot;
        }

        /**
         * What the cache reflects; asked by the batch that uses the partition.
         *
         * @throws NotReady if that is not known now
         */
        public CatchUp.Reflected reflected() {
            CatchUp.Reflected now = reflected;
            if (now == null) {
                throw new NotReady("The partition " + commands + " " + trouble);
            }
            return now;
        }

        /** After a commit: what the next batch expects, whether it gets written or not. */
        public void expect(Checkpoint next) {
            CatchUp.Reflected now = reflected;
            if (now != null) {
                reflected = new CatchUp.Reflected(now.commandsTopicId(), now.fingerprint(), now.generation(), next);
            }
        }

        /** What need not be read as long as the checkpoint is the one expected. */
        Hot hot() {
            return hot;
        }

        /** From now on batches may be decided. */
        private void open(CatchUp.Reflected now) {
            hot = new Hot(() -> Ownership.this.hot / Math.max(1, owned.size()));
            reflected = now;
        }

        /** They may no longer. */
        private void close() {
            reflected = null;
            hot = new Hot(() -> 0);
        }

        private boolean isGiven() {
            return given.getCount() == 0 || closing.getCount() == 0;
        }
    }

    @Override
    public void onPartitionsAssigned(String bindingName, Consumer<?, ?> consumer, Collection<TopicPartition> partitions,
            boolean initial) {
        joined = true;
        for (TopicPartition partition : partitions) {
            if (!Topics.isOwned(partition.topic())) {
                continue;
            }
            Owned taken = new Owned(partition, consumer);
            Owned before = owned.put(partition, taken);
            if (before != null) {
                before.given.countDown();
            }
            open(taken);
        }
    }

    @Override
    public void onPartitionsRevokedAfterCommit(String bindingName, Consumer<?, ?> consumer,
            Collection<TopicPartition> partitions) {
        for (TopicPartition partition : partitions) {
            Owned given = owned.get(partition);
            // one that was lost may belong to another consumer of this process by now
            if (given != null && given.consumer == consumer && owned.remove(partition, given)) {
                given.close();
                given.given.countDown();
            }
        }
    }

    /**
     * A partition for a batch, which must {@link #release} it.
     *
     * @throws NotReady if it is not owned or not caught up
     */
    public Owned use(TopicPartition commands) {
        Owned partition = owned.get(commands);
        if (partition == null) {
            throw new NotReady("The partition " + commands + " is not owned here");
        }
        partition.use.lock();
        if (partition.reflected == null) {
            partition.use.unlock();
            throw new NotReady("The partition " + commands + " " + partition.trouble);
        }
        return partition;
    }

    /** Never throws. */
    public void release(Owned partition) {
        if (partition.use.isHeldByCurrentThread()) {
            partition.use.unlock();
        }
    }

    /** A partition as it is owned now: another one if it was given away and taken again. Null if it is not owned. */
    @Nullable
    Owned owned(TopicPartition commands) {
        return owned.get(commands);
    }

    /** Whether a batch of this partition can be decided now. */
    public boolean isOpen(TopicPartition commands) {
        if (!Topics.isOwned(commands.topic())) {
            return true;
        }
        Owned partition = owned.get(commands);
        return partition != null && partition.reflected != null;
    }

    /** Closes a partition and catches it up again, since what its cache reflects is not known. Never throws. */
    public void doubt(TopicPartition commands, String why) {
        Owned partition = owned.get(commands);
        if (partition != null) {
            doubt(partition, why);
        }
    }

    private void doubt(Owned partition, String why) {
        synchronized (partition) {
            if (partition.reflected == null || partition.isGiven()) {
                return;
            }
            LOG.info("{} is caught up again: {}", partition.slot, why);
            partition.trouble = "is being caught up (" + why + ")";
            partition.close();
        }
        open(partition);
    }

    /** Closes a partition whose cache has a snapshot that nobody can read; it is built anew. */
    public void damaged(Owned partition, SnapshotCodec.Unreadable damage) {
        CatchUp.Reflected now = partition.reflected;
        if (now != null) {
            catchUp.replace(partition.slot, now.fingerprint(), now.generation(), damage);
        }
        doubt(partition, "a snapshot was damaged");
    }

    /**
     * Told by who reads a slot's cache. Nothing is done if it is not owned here, or its generation is another by now.
     *
     * @param generation that the damage is in
     */
    public void damaged(Slot slot, String generation, SnapshotCodec.Unreadable damage) {
        for (Owned partition : owned.values()) {
            CatchUp.Reflected now = partition.reflected;
            if (partition.slot.equals(slot) && now != null && now.generation().equals(generation)) {
                damaged(partition, damage);
            }
        }
    }

    /** Partitions that are owned and cannot be decided on now, with the reason; empty if all is well. */
    public Map<String, String> closed() {
        Map<String, String> closed = new TreeMap<>();
        owned.values().stream().filter(partition -> partition.reflected == null)
                .forEach(partition -> closed.put(partition.slot.toString(), partition.trouble));
        return closed;
    }

    /** What the caches of the open partitions reflect, by slot. */
    public Map<Slot, CatchUp.Reflected> open() {
        Map<Slot, CatchUp.Reflected> open = new HashMap<>();
        owned.values().forEach(partition -> {
            CatchUp.Reflected now = partition.reflected;
            if (now != null) {
                open.put(partition.slot, now);
            }
        });
        return open;
    }

    /** Whether the group has told what is owned here, be it nothing. */
    public boolean isJoined() {
        return joined;
    }

    /** The slots that are owned. */
    public Set<String> slots() {
        Set<String> slots = new TreeSet<>();
        owned.values().forEach(partition -> slots.add(partition.slot.toString()));
        return slots;
    }

    private void open(Owned partition) {
        openers.execute(() -> {
            Duration backOff = FIRST_BACK_OFF;
            while (!partition.isGiven()) {
                try {
                    partition.open(catchUp.run(known(partition.slot.aggregate()), partition.slot, partition.group,
                            partition::isGiven));
                    return;
                } catch (CancellationException e) {
                    return;
                } catch (RuntimeException e) {
                    String trouble = e instanceof StartRefused refused ? refused.line() : "waits: " + e;
                    if (!trouble.equals(partition.trouble)) {
                        LOG.error("{} is not decided on. {}", partition.slot, trouble);
                        LOG.debug("The reason", e);
                    }
                    partition.trouble = trouble;
                    try {
                        if (partition.given.await(backOff.toMillis(), TimeUnit.MILLISECONDS)) {
                            return;
                        }
                    } catch (InterruptedException interrupted) {
                        return;
                    }
                    backOff = backOff.multipliedBy(2).compareTo(LAST_BACK_OFF) > 0
                            ? LAST_BACK_OFF
                            : backOff.multipliedBy(2);
                }
            }
        });
    }

    private Folded<?, ?> known(String aggregate) {
        Folded<?, ?> found = served.get(aggregate);
        if (found == null) {
            throw new StartRefused(
                    "No aggregate '" + aggregate + "' is on the class path; its commands topic is consumed here");
        }
        return found;
    }

    /** A lost or replaced cache is noticed on idle partitions too, and another wanted generation on busy ones as well. */
    private void watch(Duration every) {
        try {
            while (!closing.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
                Map<String, String> wanted = new HashMap<>();
                for (Owned partition : List.copyOf(owned.values())) {
                    try {
                        look(partition, wanted);
                    } catch (RuntimeException e) {
                        LOG.debug("{} could not be looked at", partition.slot, e);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** @param wanted what is known of this round already, by fingerprint */
    private void look(Owned partition, Map<String, String> wanted) throws InterruptedException {
        CatchUp.Reflected before = partition.reflected;
        if (before == null) {
            return;
        }
        boolean change = !wanted
                .computeIfAbsent(before.fingerprint(), print -> cache.wanted(partition.slot.aggregate(), print))
                .equals(before.generation());
        // a batch is waited for only if there is a reason
        if (!partition.use.tryLock(change ? LONGEST_BATCH.toMillis() : 0, TimeUnit.MILLISECONDS)) {
            return;
        }
        try {
            CatchUp.Reflected now = partition.reflected;
            if (now == null) {
                return;
            }
            if (change) {
                doubt(partition, "another generation is wanted");
                return;
            }
            Cache.Loaded found = cache.load(partition.slot, now.fingerprint(), now.generation(), List.of());
            if (!found.isAt(now.checkpoint()) || !now.generation().equals(found.active())) {
                doubt(partition, "the stored checkpoint is not the one expected");
            }
        } finally {
            partition.use.unlock();
        }
    }

    @Override
    public void close() {
        closing.countDown();
        owned.values().forEach(partition -> partition.given.countDown());
        openers.shutdownNow();
        watcher.interrupt();
    }
}
