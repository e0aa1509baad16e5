package dev.hivestream.sagamanager;

import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Indexed;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.log.RestoredPartition;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Ownership;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for deadlines that are over, in the caches of the partitions that are owned here, and puts them into the inbox.
 * It only reads: one that is put in twice, or by somebody who owns the partition no longer, is recognised by the number
 * of its setting. Thread-safe.
 */
final class Deadlines implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Deadlines.class);
    private static final int AT_ONCE = 500;
    private static final Duration FORGETTING = Duration.ofSeconds(10);
    /** One that was put into the inbox and still stands in the cache is put in again after that. */
    private static final Duration AGAIN = Duration.ofSeconds(10);

    private final ServedSagas sagas;
    private final Ownership ownership;
    private final Cache cache;
    private final Inbox inbox;
    private final HeldMessages held;
    private final Clock clock;
    private final SagaMeters meters;
    private final Duration retained;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    /** Those that were put into the inbox, by slot, name, id and setting, and when. */
    private final Map<String, Long> put = new ConcurrentHashMap<>();

    Deadlines(ServedSagas sagas, Ownership ownership, Cache cache, Inbox inbox, HeldMessages held, Clock clock,
            SagaMeters meters, SagaProperties properties) {
        this.held = held;
        this.retained = properties.retainFinished();
        this.sagas = sagas;
        this.ownership = ownership;
        this.cache = cache;
        this.inbox = inbox;
        this.clock = clock;
        this.meters = meters;
        this.thread = Thread.ofVirtual().name("deadlines").start(() -> run(properties.look()));
    }

    private void run(Duration every) {
        long forgotten = System.nanoTime();
        try {
            while (!closing.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
                boolean forgets = System.nanoTime() - forgotten > FORGETTING.toNanos();
                if (forgets) {
                    forgotten = System.nanoTime();
                }
                Map<Slot, RestoredPartition> open = ownership.open();
                open.forEach((slot, reflected) -> lookSafely(slot, reflected, forgets));
                held.keep(open.keySet());
                long old = System.nanoTime() - AGAIN.toNanos();
                put.values().removeIf(when -> when - old < 0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whatever fails is tried again: nothing ends the thread while this instance runs. */
    private void lookSafely(Slot slot, RestoredPartition reflected, boolean forgets) {
        ServedSaga<?, ?, ?> saga = sagas.byName().get(slot.aggregate());
        if (saga == null) {
            return;
        }
        try {
            look(saga, slot, reflected);
            if (forgets) {
                forgetFinished(slot, reflected);
            }
        } catch (SnapshotCodec.Unreadable e) {
            damaged(slot, reflected, e);
        } catch (RuntimeException e) {
            LOG.debug("The deadlines of {} could not be read; tried again", slot, e);
        }
    }

    /** The tombstones stay, so that nothing that comes late begins an instance anew; the lists have an end. */
    private void forgetFinished(Slot slot, RestoredPartition reflected) {
        Instant now = Instant.now(clock);
        if (retained.compareTo(Duration.between(Instant.EPOCH, now)) < 0) {
            long before = now.minus(retained).toEpochMilli();
            ServedSaga.FINISHED.forEach(status -> cache.removeBelow(slot, reflected.generation(), status, before));
        }
    }

    private void damaged(Slot slot, RestoredPartition reflected, SnapshotCodec.Unreadable damage) {
        try {
            ownership.damaged(slot, reflected.generation(), damage);
        } catch (RuntimeException e) {
            LOG.debug("The damage of {} could not be reported; it is found again", slot, e);
        }
    }

    private <S> void look(ServedSaga<?, S, ?> saga, Slot slot, RestoredPartition reflected) {
        if (reflected.checkpoint().commandPosition().past() > 0) {
            // what another version handled is being recorded: it has put the deadlines of that time into the inbox
            return;
        }
        Instant now = Instant.now(clock);
        List<Indexed> due = cache.lowest(slot, reflected.generation(), ServedSaga.DEADLINES, now.toEpochMilli(),
                AT_ONCE).stream().filter(one -> one.member().indexOf(':') > 0).toList();
        Map<String, Long> feeding = new HashMap<>();
        if (!due.isEmpty()) {
            put(saga, slot, reflected, now, due, feeding);
        }
        held.feed(saga, slot, feeding);
    }

    /** @param feeding takes the instances whose held messages come from the history, and where each is */
    private <S> void put(ServedSaga<?, S, ?> saga, Slot slot, RestoredPartition reflected, Instant now,
            List<Indexed> due, Map<String, Long> feeding) {
        List<String> ids = due.stream().map(one -> one.member().substring(one.member().indexOf(':') + 1)).toList();
        List<@Nullable StoredSnapshot> stored = cache.load(slot, reflected.fingerprint(), reflected.generation(), ids)
                .snapshots();
        for (int i = 0; i < ids.size(); i++) {
            String id = ids.get(i);
            String name = due.get(i).member().substring(0, due.get(i).member().indexOf(':'));
            Instance<S> instance = saga.snapshots().read(id, stored.get(i)).state();
            Instance.Later later = instance.later();
            if (name.equals(Reactor.LATER) && later != null) {
                feeding.put(id, later.fed());
                continue;
            }
            Instance.Deadline pending = instance.deadlines().get(name);
            if (pending == null || pending.due() > now.toEpochMilli()) {
                continue;
            }
            String setting = slot + "|" + name + "|" + id + "|" + pending.setting();
            if (put.putIfAbsent(setting, System.nanoTime()) == null) {
                meters.deadline(saga.name());
                var _ = inbox.put(saga, id, Received.DEADLINE, name + ":" + pending.setting(),
                        Map.of(Header.SUBJECT, name, Header.SETTING, "" + pending.setting()), Map.of())
                        .exceptionally(failure -> {
                            put.remove(setting);
                            return null;
                        });
            }
        }
    }

    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
    }
}
