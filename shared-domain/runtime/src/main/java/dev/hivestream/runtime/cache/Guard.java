package dev.hivestream.runtime.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.integration.redis.util.RedisLockRegistry;

/**
 * Keeps two owners from wasting work on the same keys, with the shared {@link RedisLockRegistry}. It does not make
 * anything safe: that is the transaction's fencing and the conditional write. A lock is thread-bound; thread-safe.
 *
 * <p>Locks are renewed by the batch that holds them, between its steps, not by a scheduler: a renewer that outlives a
 * failed unlock would keep the partition from its next owner for ever.
 */
public final class Guard {

    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

    private final RedisLockRegistry registry;
    private final Duration ttl;
    private final long validNanos;

    /**
     * @param ttl after which a lock that is not renewed is free
     * @param driftFactor the part of the ttl by which clocks may differ, as in Redlock (0.01)
     */
    public Guard(RedisLockRegistry registry, Duration ttl, double driftFactor) {
        this.registry = registry;
        this.ttl = ttl;
        this.validNanos = ttl.toNanos() - (long) (ttl.toNanos() * driftFactor) - Duration.ofMillis(2).toNanos();
    }

    /**
     * Locks all keys, in one order for all owners. Waits for an owner before us as long as its locks can live.
     *
     * @throws Busy if one is still held after that
     */
    public Held lock(Collection<String> keys) {
        Held held = new Held(keys.stream().sorted().distinct().toList());
        try {
            held.acquire();
            return held;
        } catch (RuntimeException e) {
            held.release();
            throw e;
        }
    }

    /** Another owner holds the lock. Infrastructure: the batch is tried again. */
    public static final class Busy extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Busy(String message) {
            super(message, null, false, false);
        }
    }

    /** The lock was held too long to be sure of it. The batch is tried again in smaller parts. */
    public static final class Expired extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Expired(String message) {
            super(message, null, false, false);
        }
    }

    /** Locks that are held by this thread. */
    public final class Held {
        private final List<String> keys;
        private final List<Lock> locks = new ArrayList<>();
        private final long began = System.nanoTime();
        private long since;

        private Held(List<String> keys) {
            this.keys = keys;
        }

        private void acquire() {
            since = System.nanoTime();
            for (String key : keys) {
                Lock lock = registry.obtain(key);
                try {
                    if (!lock.tryLock(ttl.toMillis() + ttl.toMillis() / 4, TimeUnit.MILLISECONDS)) {
                        throw new Busy("The lock '" + key + "' is held by another owner");
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new Busy("Interrupted while waiting for the lock '" + key + "'");
                }
                locks.add(lock);
            }
            renewIfDue();
        }

        /** Renews when a third of the ttl is over; called between the steps of a batch. */
        public void renewIfDue() {
            long now = System.nanoTime();
            if (now - since > validNanos / 3) {
                try {
                    keys.forEach(registry::renewLock);
                } catch (IllegalStateException e) {
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

        /** Never throws: a lock that cannot be released ends with its ttl. */
        public void release() {
            for (Lock lock : locks.reversed()) {
                try {
                    lock.unlock();
                } catch (RuntimeException e) {
                    LOG.debug("A lock was not released and ends with its ttl of {}", ttl, e);
                }
            }
            locks.clear();
        }
    }
}
