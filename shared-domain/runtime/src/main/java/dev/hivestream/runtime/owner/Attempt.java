package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.HiveProperties.LockScope;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Guard;
import dev.hivestream.runtime.cache.Keys;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.domain.DomainThreads;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.messaging.Message;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * One attempt at a batch, bound to the listener's transaction: it ends with it, whichever way. The steps are
 * {@link #guard}, {@link #load} and {@link #decide}; what follows the commit comes by itself. Belongs to the poll thread.
 */
public final class Attempt implements TransactionSynchronization {

    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);

    /** One partition's part of a batch. */
    public interface Part {

        /** The partition. */
        OwnedPartition owned();

        /** What the cache was expected to reflect when the batch began. */
        Checkpoint begun();

        /** Takes a record of it; in order. */
        void add(Incoming record);

        /** The ids that its records are about, as far as they can be read. */
        Set<String> ids();

        /** Asks for checkpoint and snapshots; the answer: false if the checkpoint is not the one expected. */
        BooleanSupplier load(Cache cache);

        /**
         * Decides all records in order, in memory. Called again, it starts over; on a thread that has the part for itself.
         *
         * @return what is to be sent
         * @throws SnapshotCodec.Unreadable if a snapshot was changed behind our back
         */
        List<Outgoing> decide();

        /** After the commit: what this batch appended to the partition's log; null if that is nothing. */
        @Nullable
        Appended appended();

        /** After the commit: writes what was decided; the answer: false if somebody overtook us. */
        BooleanSupplier writeBack(Cache cache);

        /** All is over. */
        void ended(boolean committed);
    }

    /**
     * What a batch appended to the log of one partition.
     *
     * @param first the offset of its first record
     * @param last the offset of its last record
     * @param records how many there are
     */
    public record Appended(long first, long last, long records) {}

    /** Sees what becomes of batches. */
    public interface Watcher {

        /** A batch has come. */
        void batch(int size);

        /** A step that began at {@code since} (nano time) has ended; gives the time at which the next one begins. */
        long step(String name, long since);

        /** The cache of a slot shows what was decided. */
        void written(Slot slot, Checkpoint checkpoint);

        /** The cache of a slot was changed by somebody else while a batch was committed. */
        void overtaken(Slot slot);
    }

    /**
     * What every attempt works with.
     *
     * @param longest how long it may take
     * @param threads what domain code runs on
     * @param limits how many bytes a topic takes in one record
     */
    public record Parts(Ownership ownership, Guard guard, Cache cache, LockScope scope, Watcher watcher,
            Duration longest, DomainThreads threads, ToIntFunction<String> limits) {}

    private final Parts with;
    private final Map<TopicPartition, Part> parts = new LinkedHashMap<>();
    private Guard.@Nullable Held held;
    private boolean committing;
    private boolean committed;
    private final List<OwnedPartition> unwritten = new ArrayList<>();
    private long since = System.nanoTime();

    private Attempt(Parts with) {
        this.with = with;
    }

    /**
     * Joins the listener's transaction.
     *
     * @param part makes a part for an owned partition
     * @throws NotReady if a partition is not running
     */
    public static Attempt join(Parts with, List<Incoming> records, Function<OwnedPartition, Part> part) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            throw new IllegalStateException("Batches are decided in a Kafka transaction only; set "
                    + "spring.cloud.stream.kafka.binder.transaction.transaction-id-prefix");
        }
        Attempt attempt = new Attempt(with);
        TransactionSynchronizationManager.registerSynchronization(attempt);
        for (Incoming record : records) {
            attempt.parts.computeIfAbsent(record.partition(),
                    partition -> begin(with.ownership(), partition, part)).add(record);
        }
        with.watcher().batch(records.size());
        return attempt;
    }

    private static Part begin(Ownership ownership, TopicPartition partition, Function<OwnedPartition, Part> part) {
        OwnedPartition owned = ownership.use(partition);
        try {
            return part.apply(owned);
        } catch (RuntimeException | Error e) {
            // no part of this batch yet, so its end does not release it
            ownership.release(owned);
            throw e;
        }
    }

    /** Asks for the guard's locks. */
    public void guard() {
        held = with.guard().ask(parts.values().stream().flatMap(part -> with.scope() == LockScope.PARTITION
                ? Stream.of(Keys.lock(part.owned().slot()))
                : aggregates(part)).toList());
    }

    private static Stream<String> aggregates(Part part) {
        String type = part.owned().slot().aggregate();
        return part.ids().stream().map(id -> Keys.lock(type, id));
    }

    /**
     * Reads the cache under the locks. A partition whose checkpoint is not the one expected is closed, and restored once this
     * batch, which fails, has ended.
     */
    public void load() {
        // the locks and all partitions before the first answer is waited for
        Map<Part, BooleanSupplier> asked = ask();
        boolean locked = Objects.requireNonNull(held).await();
        since = with.watcher().step("guard", since);
        if (!locked) {
            asked = ask();
        }
        List<Part> lost = new ArrayList<>();
        asked.forEach((part, answer) -> {
            if (!answer.getAsBoolean()) {
                lost.add(part);
            }
        });
        lost.forEach(part -> with.ownership().lost(part.owned(), part.begun(),
                "the checkpoint in Redis is not the expected one"));
        since = with.watcher().step("load", since);
        lost.forEach(part -> part.owned().requireRunning());
    }

    private Map<Part, BooleanSupplier> ask() {
        Map<Part, BooleanSupplier> asked = new LinkedHashMap<>();
        parts.values().forEach(part -> asked.put(part, part.load(with.cache())));
        return asked;
    }

    /** Decides every record, and sends what comes of it; gives back what the binding has to send. */
    public List<Message<byte[]>> decide() {
        List<Message<byte[]>> left = new ArrayList<>();
        for (Part part : parts.values()) {
            try {
                left.addAll(Sending.send(with.threads().run(part::decide, this::hold), with.limits()));
            } catch (SnapshotCodec.Unreadable damage) {
                // a snapshot was changed behind our back: nothing of this partition's cache can be trusted
                with.ownership().damaged(part.owned(), damage);
                throw damage;
            }
            Objects.requireNonNull(held).renewIfDue();
        }
        Sending.flush();
        since = with.watcher().step("decide", since);
        return left;
    }

    /** While a batch is decided. */
    private void hold() {
        Guard.Held locks = Objects.requireNonNull(held);
        locks.renewIfDue();
        locks.requireValid(with.longest());
    }

    @Override
    public void beforeCommit(boolean readOnly) {
        Objects.requireNonNull(held, "no guard was taken").requireValid(with.longest());
        since = with.watcher().step("send", since);
        committing = true;
    }

    /** The cache follows the log. Nothing here may throw: the batch is committed. */
    @Override
    public void afterCommit() {
        committed = true;
        since = with.watcher().step("commit", since);
        Map<Part, BooleanSupplier> asked = new LinkedHashMap<>();
        parts.values().forEach(part -> unlessUnwritten(part.owned(), () -> {
            Appended appended = part.appended();
            if (appended != null) {
                with.ownership().requireOwnLog(part.owned(), part.begun(), appended);
            }
            asked.put(part, part.writeBack(with.cache()));
        }));
        Objects.requireNonNull(held).askToRelease();
        asked.forEach((part, answer) -> unlessUnwritten(part.owned(),
                () -> writtenBack(part, answer.getAsBoolean())));
        since = with.watcher().step("write-back", since);
    }

    private void unlessUnwritten(OwnedPartition partition, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            LOG.warn("The cache of {} could not be written after a commit; restoring it: {}", partition.slot(),
                    e.toString());
            unwritten.add(partition);
        }
    }

    private void writtenBack(Part part, boolean isWritten) {
        OwnedPartition owned = part.owned();
        if (isWritten) {
            with.watcher().written(owned.slot(), owned.restored().checkpoint());
        } else {
            with.watcher().overtaken(owned.slot());
            with.ownership().lost(owned, part.begun(), "the checkpoint in Redis changed while a batch was committed");
        }
    }

    /** Nothing here may throw either. */
    @Override
    public void afterCompletion(int status) {
        if (held != null) {
            held.release();
        }
        if (committing && !committed) {
            parts.values().forEach(
                    part -> with.ownership().invalidate(part.owned(), "the outcome of a commit is unknown"));
        }
        unwritten.forEach(
                partition -> with.ownership().invalidate(partition, "the cache could not be written after a commit"));
        parts.values().forEach(part -> with.ownership().release(part.owned()));
        parts.values().forEach(part -> part.ended(committed));
        with.threads().endIfTooMany();
        with.watcher().step("release", since);
    }
}
