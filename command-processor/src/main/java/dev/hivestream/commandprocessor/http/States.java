package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.ServedAggregates;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.Slot;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Reads states from the cache, whoever owns their partition. Thread-safe. */
public final class States {

    private final ServedAggregates served;
    private final Topics topics;
    private final Cache cache;
    private final int partitions;
    private final int remembered;
    private final Damage damage;
    private final Map<String, String> fingerprints = new ConcurrentHashMap<>();
    private final Map<Slot, String> generations = new ConcurrentHashMap<>();

    /** Hears that a snapshot is none, and has it built anew if it can. */
    @FunctionalInterface
    public interface Damage {

        /** A reader found it. */
        void found(Slot slot, String generation, SnapshotCodec.Unreadable damage);
    }

    public States(ServedAggregates served, Topics topics, Cache cache, HiveProperties properties, Damage damage) {
        this.served = served;
        this.topics = topics;
        this.cache = cache;
        this.partitions = properties.partitions();
        this.remembered = properties.decide().remembered();
        this.damage = damage;
    }

    /** The slot's cache is being caught up: nothing can be said about its aggregates now. */
    static final class CatchingUp extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CatchingUp(Slot slot) {
            super("The cache of " + slot + " is being caught up with the log");
        }
    }

    /**
     * An aggregate's state.
     *
     * @param version 0 if it has no events
     * @param json its state
     * @param poison why its events cannot be folded further, or null
     */
    @SuppressWarnings("ArrayRecordComponent")
    record State(long version, byte[] json, @Nullable String poison) {}

    /**
     * Reads one aggregate.
     *
     * @throws CatchingUp if its partition's cache is not there
     */
    State state(String aggregate, String id) {
        return state(Objects.requireNonNull(served.byName().get(aggregate)), id);
    }

    private <S> State state(Served<?, S, ?> type, String id) {
        Slot slot = Slot.of(type.name(), id, partitions);
        Cache.Loaded loaded = load(slot, List.of(id));
        try {
            Snapshot<S> snapshot = type.snapshots().read(id, loaded.snapshots().getFirst());
            return new State(snapshot.version(), type.snapshots().writeState(snapshot.state()), snapshot.poison());
        } catch (SnapshotCodec.Unreadable e) {
            damage.found(slot, Objects.requireNonNull(loaded.active()), e);
            throw new CatchingUp(slot);
        } catch (Throwable e) {
            // the accessors of the domain's state
            throw DomainFault.of(e);
        }
    }

    /**
     * What an aggregate remembers of a command that had events; null if nothing.
     *
     * @throws CatchingUp if its partition's cache is not there
     */
    Snapshot.@Nullable Recalled recalled(String aggregate, String id, CommandHash command) {
        Slot slot = Slot.of(aggregate, id, partitions);
        Cache.Loaded loaded = load(slot, List.of(id));
        try {
            return Objects.requireNonNull(served.byName().get(aggregate)).snapshots()
                    .read(id, loaded.snapshots().getFirst(), remembered).recall(command);
        } catch (SnapshotCodec.Unreadable e) {
            damage.found(slot, Objects.requireNonNull(loaded.active()), e);
            throw new CatchingUp(slot);
        }
    }

    /** The checkpoint of the generation that readers use; null while there is none. */
    @Nullable
    Checkpoint checkpoint(Slot slot) {
        try {
            byte[] stored = load(slot, List.of()).checkpoint();
            return stored == null ? null : Checkpoint.read(stored);
        } catch (CatchingUp e) {
            return null;
        }
    }

    private Cache.Loaded load(Slot slot, List<String> ids) {
        String fingerprint = fingerprints.computeIfAbsent(slot.aggregate(),
                name -> {
                    Served<?, ?, ?> type = Objects.requireNonNull(served.byName().get(name));
                    return type.fingerprint(topics.logId(type));
                });
        String guess = generations.getOrDefault(slot, "none");
        Cache.Loaded loaded = cache.load(slot, fingerprint, guess, ids);
        if (loaded.active() != null && !loaded.active().equals(guess)) {
            generations.put(slot, loaded.active());
            loaded = cache.load(slot, fingerprint, loaded.active(), ids);
        }
        if (loaded.active() == null || loaded.checkpoint() == null) {
            // the events topic may have been made anew, and the fingerprint with it
            fingerprints.remove(slot.aggregate());
            throw new CatchingUp(slot);
        }
        return loaded;
    }
}
