package dev.hivestream.runtime.owner;

import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.domain.DomainCode;
import dev.hivestream.runtime.log.RestoredPartition;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.trace.Traces;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A part of a batch with what the cache holds of the ids that its records are about. Not thread-safe.
 *
 * @param <S> what is cached
 */
public abstract class CachedPart<S> implements Attempt.Part {

    private static final Logger LOG = LoggerFactory.getLogger(CachedPart.class);

    private final SnapshotCodec<S> codec;
    private final OwnedPartition owned;
    private final RestoredPartition reflected;
    private final Traces traces;
    private final List<Traces.Handling> handlings = new ArrayList<>();
    private Traces.@Nullable Handling handling;
    private final List<Incoming> records = new ArrayList<>();
    private final Set<String> ids = new LinkedHashSet<>();
    private final Map<String, Snapshot<S>> snapshots = new HashMap<>();
    private final Hot hot;
    private final int remembered;
    private Map<String, @Nullable StoredSnapshot> stored = Map.of();
    private @Nullable Outgoing firstAppended;
    private @Nullable Outgoing lastAppended;
    private long appended;

    /**
     * @param remembered how many commands a snapshot remembers
     * @throws NotReady if what the cache reflects is not known now
     */
    protected CachedPart(SnapshotCodec<S> codec, OwnedPartition owned, Traces traces, int remembered) {
        this.codec = codec;
        this.remembered = remembered;
        this.owned = owned;
        this.traces = traces;
        // in this order: what is hot is never older than what is expected to be stored
        this.reflected = owned.restored();
        this.hot = owned.hot();
    }

    @Override
    public final OwnedPartition owned() {
        return owned;
    }

    @Override
    public final Checkpoint begun() {
        return reflected.checkpoint();
    }

    /** What the cache reflected when the batch began. */
    protected final RestoredPartition reflected() {
        return reflected;
    }

    @Override
    public final void add(Incoming record) {
        records.add(record);
        try {
            ids.add(Ids.requireRecorded("key", record.key()));
        } catch (Malformed e) {
            LOG.debug("{} has no key that is an id", record);
        }
    }

    /** The records, in order. */
    protected final List<Incoming> records() {
        return records;
    }

    @Override
    public final Set<String> ids() {
        return ids;
    }

    @Override
    public final BooleanSupplier load(Cache cache) {
        List<String> cold = new ArrayList<>();
        for (String id : ids) {
            if (!hot.has(id)) {
                cold.add(id);
            }
        }
        Supplier<Cache.Loaded> answer = cache.ask(owned.slot(), reflected.fingerprint(), reflected.generation(), cold);
        return () -> {
            Cache.Loaded loaded = answer.get();
            Map<String, @Nullable StoredSnapshot> byId = HashMap.newHashMap(cold.size());
            for (int i = 0; i < cold.size(); i++) {
                byId.put(cold.get(i), loaded.snapshots().get(i));
            }
            stored = byId;
            return loaded.isAt(reflected.checkpoint()) && reflected.generation().equals(loaded.active());
        };
    }

    /**
     * The snapshot of an id, as this batch has left it.
     *
     * @throws SnapshotCodec.Unreadable if it was changed behind our back
     */
    protected final Snapshot<S> snapshot(String id) {
        Snapshot<S> known = snapshots.get(id);
        if (known == null) {
            known = first(id);
            snapshots.put(id, known);
        }
        return known;
    }

    @SuppressWarnings("unchecked")
    private Snapshot<S> first(String id) {
        Snapshot<?> kept = hot.get(id);
        if (kept != null) {
            return (Snapshot<S>) kept.copy();
        }
        try {
            return read(() -> codec.read(id, stored.get(id), remembered));
        } catch (SnapshotCodec.Unreadable e) {
            throw e;
        } catch (Throwable e) {
            throw DomainFault.of(e);
        }
    }

    /** Reads a snapshot, which runs the constructors of the domain's state. */
    protected Snapshot<S> read(Supplier<Snapshot<S>> reading) {
        return DomainCode.call(reading::get);
    }

    /** Keeps what was written for the batches that follow; this one is done with it. */
    protected final void keep(Map<String, StoredSnapshot> written) {
        written.forEach((id, stored) -> {
            Snapshot<S> snapshot = snapshot(id);
            snapshot.stored();
            hot.put(id, snapshot, stored.json().length);
        });
    }

    /** A record that this batch appends to the log of its partition, in order. */
    protected final void append(Outgoing record) {
        if (firstAppended == null) {
            firstAppended = record;
        }
        lastAppended = record;
        appended++;
    }

    /** Whether this batch appends to the log of its partition. */
    protected final boolean hasAppended() {
        return lastAppended != null;
    }

    @Override
    public final Attempt.@Nullable Appended appended() {
        Outgoing first = firstAppended;
        Outgoing last = lastAppended;
        return first == null || last == null ? null : new Attempt.Appended(first.offset(), last.offset(), appended);
    }

    /** Goes back to what was loaded. */
    protected final void startOver() {
        snapshots.clear();
        firstAppended = null;
        lastAppended = null;
        appended = 0;
        // never ended, never told
        handlings.clear();
    }

    /** Begins with a record; gives it as the cause of what follows from it. */
    protected final Incoming traced(Incoming record) {
        DomainCode.about(record);
        handling = traces.begin("process", record);
        if (handling == null) {
            return record;
        }
        handlings.add(handling);
        return handling.record();
    }

    /** What became of the record that was begun with last. */
    protected final void outcome(String outcome) {
        if (handling != null) {
            handling.outcome(outcome);
        }
    }

    @Override
    public void ended(boolean committed) {
        handlings.forEach(ended -> ended.end(committed));
    }
}
