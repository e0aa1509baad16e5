package dev.hivestream.runtime.cache;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.integration.redis.util.RedisLockRegistry;

/**
 * Keeps two owners from wasting work on the same keys. It does not make anything safe: that is the transaction's fencing
 * and the conditional write. Thread-safe.
 *
 * <p>One key is locked with the shared {@link RedisLockRegistry}, and its lock belongs to the thread. Several are locked
 * together ({@link LocksTogether}), in the same places, so that a program with such a registry can keep one of them to
 * itself.
 *
 * <p>Locks are renewed by the batch that holds them, between its steps, not by a scheduler: a renewer that outlives a
 * failed unlock would keep the partition from its next owner for ever.
 */
public final class Guard {

    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

    private final RedisLockRegistry registry;
    private final LocksTogether together;
    private final Duration ttl;
    private final long validNanos;

    /**
     * @param together where several keys are locked; with the same ttl
     * @param ttl after which a lock that is not renewed is free
     * @param driftFactor the part of the ttl by which clocks may differ, as in Redlock (0.01)
     */
    public Guard(RedisLockRegistry registry, LocksTogether together, Duration ttl, double driftFactor) {
        this.registry = registry;
        this.together = together;
        this.ttl = ttl;
        this.validNanos = ttl.toNanos() - (long) (ttl.toNanos() * driftFactor) - Duration.ofMillis(2).toNanos();
    }

    /**
     * Locks all keys. Waits for an owner before us as long as its locks can live.
     *
     * @throws Busy if one is still held after that
     */
    public Held lock(Collection<String> keys) {
        Held held = ask(keys);
        held.await();
        return held;
    }

    /** Asks for the locks of all keys, without waiting where several are locked; {@link Held#await} has to follow. */
    public Held ask(Collection<String> keys) {
        List<String> different = keys.stream().distinct().toList();
        Held held = new Held(different.size() == 1 ? new Registered(different.getFirst()) : together.of(different));
        held.ask();
        return held;
    }

    /** Another owner holds the lock. Infrastructure: the batch is tried again. */
    public static final class Busy extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private Busy(String message) {
            super(message, null, false, false);
        }

        static Busy of(String key) {
            return new Busy("The lock '" + key + "' is held by another owner");
        }

        static Busy interrupted(String key) {
            Thread.currentThread().interrupt();
            return new Busy("Interrupted while waiting for the lock '" + key + "'");
        }
    }

    /** The lock was held too long to be sure of it. The batch is tried again in smaller parts. */
    public static final class Expired extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Expired(String message) {
            super(message, null, false, false);
        }
    }

    /** How locks are held. */
    interface Locks {

        /** Asks for all of them; {@link #acquire} has to follow. */
        void ask();

        /**
         * Takes all of them.
         *
         * @return false if it had to ask again, because another owner held one
         * @throws Busy if another owner still holds one after that time
         */
        boolean acquire(Duration patience);

        /** Lets them live for another ttl; false if one was lost. */
        boolean renew();

        /** Begins to {@link #release}, if that is possible without waiting. Never throws. */
        void askToRelease();

        /** Gives back what it can; the rest ends with its ttl. Never throws, and may be called again. */
        void release();
    }

    /** A lock of the registry, held by this thread. */
    private final class Registered implements Locks {
        private final String key;
        private final Lock lock;
        private boolean locked;

        private Registered(String key) {
            this.key = key;
            this.lock = registry.obtain(key);
        }

        @Override
        public void ask() {
            locked = lock.tryLock();
        }

        @Override
        public boolean acquire(Duration patience) {
            boolean atOnce = locked;
            try {
                locked = atOnce || lock.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw Busy.interrupted(key);
            }
            if (!locked) {
                throw Busy.of(key);
            }
            return atOnce;
        }

        @Override
        public boolean renew() {
            try {
                registry.renewLock(key);
                return true;
            } catch (IllegalStateException e) {
                return false;
            }
        }

        @Override
        public void askToRelease() {
            // the registry waits for each answer
        }

        @Override
        public void release() {
            if (locked) {
                locked = false;
                try {
                    lock.unlock();
                } catch (RuntimeException e) {
                    LOG.debug("A lock was not released and ends with its ttl of {}", ttl, e);
                }
            }
        }
    }

    /** Locks that are held; of the thread that took them. */
    public final class Held {
        private final Locks locks;
        private final long began = System.nanoTime();
        private long since;

        private Held(Locks locks) {
            this.locks = locks;
        }

        private void ask() {
            since = System.nanoTime();
            try {
                locks.ask();
            } catch (RuntimeException e) {
                release();
                throw e;
            }
        }

        /**
         * Waits until all are locked: for an owner before us as long as its locks can live.
         *
         * @return false if there was one: what was read after the locks had been asked for may be from before its end
         * @throws Busy if one is still held after that; all are given back then
         */
        public boolean await() {
            try {
                boolean atOnce = locks.acquire(ttl.plus(ttl.dividedBy(4)));
                renewIfDue();
                return atOnce;
            } catch (RuntimeException e) {
                release();
                throw e;
            }
        }

        /** Renews when a third of the ttl is over; called between the steps of a batch. */
        public void renewIfDue() {
            long now = System.nanoTime();
            if (now - since > validNanos / 3) {
                if (!locks.renew()) {
                    throw new Expired("A lock of the guard was lost before it could be renewed");
                }
                since = now;
            }
        }

        /**
         * To be asked last, before the commit.
         *
         * @param longest how long the whole batch may take; a transaction that takes longer is aborted by the broker
         * @throws Expired if it took longer, or if more than the ttl, less drift, went by since the locks were taken or
         *     renewed
         */
        public void requireValid(Duration longest) {
            long now = System.nanoTime();
            if (now - began > longest.toNanos()) {
                throw new Expired("The batch took longer than " + longest + ", which a transaction may take");
            }
            if (now - since > validNanos) {
                throw new Expired("The guard's locks were held for longer than " + ttl
                        + " without being renewed (a pause of the process, or a slow Redis)");
            }
        }

        /** Begins to {@link #release}, behind what was asked of the cache before. Never throws. */
        public void askToRelease() {
            locks.askToRelease();
        }

        /** Never throws: a lock that cannot be released ends with its ttl. */
        public void release() {
            locks.release();
        }
    }
}
