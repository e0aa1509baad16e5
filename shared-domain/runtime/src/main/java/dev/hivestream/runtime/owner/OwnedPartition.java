package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.log.RestoredPartition;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A partition that this instance owns, from its assignment until it is revoked. Batches are processed only while it is
 * {@link State#RUNNING}, one at a time: the batch holds the partition's <em>exclusive use</em>. A restore begins only by
 * whoever holds the exclusive use, so none ever reads the log while a batch of this instance may still commit to it; the
 * group's fencing would not prevent that, since a generation does not fence a member against itself. Thread-safe.
 */
public final class OwnedPartition {

    /**
     * The states of a partition, and the transitions between them.
     *
     * <pre>
     * assigned ──► RESTORING ──► RUNNING ──► CLOSING
     *               ▲  ▲   │                  │   │
     *               │  └───┼──────────────────┘   │
     *               │      ▼                      │
     *               └── STOPPED ◄─────────────────┘        every state ──► REVOKED
     * </pre>
     */
    public enum State {
        /** Snapshots are brought to the end of the log, and the consumer to where it goes on; or an outage delays that. */
        RESTORING,
        /** Batches are processed. */
        RUNNING,
        /** The cache may not match the log. The batch in progress ends, and no other begins. */
        CLOSING,
        /** An operator has to act; the reason contains the remedy. The restore is retried until it succeeds. */
        STOPPED,
        /** The partition is assigned to another consumer, or the process is shutting down. */
        REVOKED;

        /** Whether a partition may change from this state to another one. */
        public boolean isValidTransition(State next) {
            return next == REVOKED || switch (this) {
                case RESTORING -> next == RUNNING || next == STOPPED;
                case RUNNING -> next == CLOSING;
                case CLOSING -> next == RESTORING || next == STOPPED;
                case STOPPED -> next == RESTORING;
                case REVOKED -> false;
            };
        }
    }

    /**
     * A state with what belongs to it.
     *
     * @param state of the partition
     * @param reason why the partition is not running; empty while it is
     */
    public record Status(State state, String reason) {}

    /**
     * What changes together.
     *
     * @param restored is there while a batch may be in progress: RUNNING and CLOSING
     * @param readersOf the fingerprint whose readers have to stop before the restore, or null
     */
    private record Now(State state, String reason, @Nullable RestoredPartition restored, @Nullable String readersOf) {}

    private final TopicPartition commands;
    private final Consumer<?, ?> consumer;
    private final String group;
    private final Slot slot;
    /** Fair: one batch after the other would keep the idle check out. */
    private final ReentrantLock use = new ReentrantLock(true);
    private final CountDownLatch revoked = new CountDownLatch(1);
    private volatile Now now = new Now(State.RESTORING, "The partition was assigned", null, null);
    private volatile Hot hot = new Hot(() -> 0);
    private volatile boolean endsWithOwnCommit;
    /** What is running as soon as the consumer is where it has to go on; null if nothing waits for that. */
    private @Nullable RestoredPartition resuming;

    OwnedPartition(TopicPartition commands, Consumer<?, ?> consumer) {
        this.commands = commands;
        this.consumer = consumer;
        this.group = consumer.groupMetadata().groupId();
        this.slot = new Slot(Topics.ownerOf(commands.topic()), commands.partition());
    }

    public Slot slot() {
        return slot;
    }

    /** The partition of the topic that is consumed. */
    public TopicPartition commands() {
        return commands;
    }

    String group() {
        return group;
    }

    boolean isOf(Consumer<?, ?> other) {
        return consumer == other;
    }

    /** The state, and why it is not RUNNING. */
    public Status status() {
        Now current = now;
        return new Status(current.state, current.reason);
    }

    public State state() {
        return now.state;
    }

    /**
     * What the cache reflects, for the batch in progress.
     *
     * @throws NotReady if the partition is neither running nor waiting for the end of that batch
     */
    public RestoredPartition restored() {
        Now current = now;
        if (current.restored == null) {
            throw notReady(current);
        }
        return current.restored;
    }

    /** What the cache reflects if batches are processed; null otherwise. */
    public @Nullable RestoredPartition running() {
        Now current = now;
        return current.state == State.RUNNING ? current.restored : null;
    }

    /** @throws NotReady if the partition is not running */
    void requireRunning() {
        Now current = now;
        if (current.state != State.RUNNING) {
            throw notReady(current);
        }
    }

    private NotReady notReady(Now current) {
        return new NotReady("The partition " + commands + " is " + current.state + ": " + current.reason);
    }

    /** After a commit: the checkpoint that the next batch expects, whether it gets written or not. */
    public synchronized void expect(Checkpoint next) {
        RestoredPartition restored = now.restored;
        if (restored != null) {
            endsWithOwnCommit = true;
            now = new Now(now.state, now.reason, restored.at(next), now.readersOf);
        }
    }

    /**
     * How many records the log has behind the checkpoint without this owner's doing: the marker of the transaction that led to
     * it. A restore goes to the end of the log, which includes that marker.
     */
    int markersBehind() {
        return endsWithOwnCommit ? 1 : 0;
    }

    /** Snapshots that need not be read as long as the checkpoint is the one expected. */
    Hot hot() {
        return hot;
    }

    /** Waits for the exclusive use. */
    void lock() {
        use.lock();
    }

    boolean tryLock(Duration longest) throws InterruptedException {
        return use.tryLock(longest.toMillis(), TimeUnit.MILLISECONDS);
    }

    boolean tryLock() {
        return use.tryLock();
    }

    void unlock() {
        use.unlock();
    }

    boolean isUsedByCurrentThread() {
        return use.isHeldByCurrentThread();
    }

    /**
     * RUNNING → CLOSING.
     *
     * @param readersStop whether readers have to stop using the cache before it is restored
     * @return false if the partition was not running
     */
    synchronized boolean close(String reason, boolean readersStop) {
        Now current = now;
        String readersOf = readersStop && current.restored != null ? current.restored.fingerprint() : null;
        if (current.state == State.CLOSING && readersOf != null) {
            now = new Now(current.state, current.reason, current.restored, readersOf);
        }
        if (current.state != State.RUNNING) {
            return false;
        }
        to(State.CLOSING, reason, current.restored, readersOf);
        return true;
    }

    /** CLOSING or STOPPED → RESTORING, by the holder of the exclusive use. Returns false if the partition was revoked. */
    synchronized boolean restore() {
        if (!use.isHeldByCurrentThread()) {
            throw new IllegalStateException("A restore of " + slot + " requires the exclusive use of the partition");
        }
        if (now.state == State.REVOKED) {
            return false;
        }
        hot = new Hot(() -> 0);
        to(State.RESTORING, now.reason, null, now.readersOf);
        return true;
    }

    /**
     * RESTORING → RUNNING, unless the partition was revoked. If the log says where the consumer goes on, the partition is
     * RESTORING until the consumer {@linkplain #resumed is there}.
     *
     * @param memory roughly what snapshots may take in memory that need not be read again, in bytes
     */
    synchronized void run(RestoredPartition restored, LongSupplier memory) {
        if (now.state == State.REVOKED) {
            return;
        }
        // in this order: what is hot is never older than what is expected to be stored
        hot = new Hot(memory);
        endsWithOwnCommit = false;
        RestoredPartition.Resume from = restored.resume();
        if (from == null) {
            to(State.RUNNING, "", restored, null);
        } else {
            resuming = restored;
            delayed("The consumer has not gone to the offset " + from.next() + " yet");
        }
    }

    /** Where the consumer has to go on before anything is processed; null if nothing waits for that. */
    synchronized RestoredPartition.@Nullable Resume resume() {
        return resuming == null ? null : resuming.resume();
    }

    /** RESTORING → RUNNING: the consumer is there. Nothing happens if that is not what is waited for. */
    synchronized void resumed(RestoredPartition.Resume from) {
        RestoredPartition restored = resuming;
        if (restored != null && restored.resume() == from) {
            resuming = null;
            to(State.RUNNING, "", restored, null);
        }
    }

    /** RESTORING → STOPPED, unless the partition was revoked. */
    synchronized void stop(String reasonAndRemedy) {
        if (now.state != State.REVOKED) {
            to(State.STOPPED, reasonAndRemedy, null, now.readersOf);
        }
    }

    /**
     * RESTORING goes on, with another reason.
     *
     * @return false if that was the reason before, or the partition is not RESTORING
     */
    synchronized boolean delayed(String reason) {
        if (now.state != State.RESTORING || now.reason.equals(reason)) {
            return false;
        }
        now = new Now(State.RESTORING, reason, null, now.readersOf);
        return true;
    }

    /** The fingerprint whose readers have to stop using the cache before it is restored, or null. */
    @Nullable
    String readersOf() {
        return now.readersOf;
    }

    synchronized void readersStopped() {
        now = new Now(now.state, now.reason, now.restored, null);
    }

    /** Every state → REVOKED. */
    synchronized void revoke() {
        resuming = null;
        to(State.REVOKED, "The partition is no longer owned by this instance", null, null);
        hot = new Hot(() -> 0);
        revoked.countDown();
    }

    boolean isRevoked() {
        return revoked.getCount() == 0;
    }

    /** Returns true as soon as the partition is revoked, and false after a while. */
    boolean awaitRevoked(Duration longest) throws InterruptedException {
        return revoked.await(longest.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void to(State next, String reason, @Nullable RestoredPartition restored, @Nullable String readersOf) {
        if (!now.state.isValidTransition(next)) {
            throw new IllegalStateException("The partition " + commands + " cannot change from " + now.state + " to "
                    + next);
        }
        now = new Now(next, reason, restored, readersOf);
    }

    @Override
    public String toString() {
        return slot + " (" + now.state + ")";
    }
}
