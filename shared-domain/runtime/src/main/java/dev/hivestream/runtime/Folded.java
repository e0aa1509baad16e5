package dev.hivestream.runtime;

import dev.hivestream.runtime.cache.Indexed;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import java.util.List;

/**
 * What has a log that is folded into a cache: an aggregate, or a saga. Thread-safe.
 *
 * @param <S> state
 * @param <E> what its log consists of
 */
public interface Folded<S, E> {

    /** Names its slots and its keys. */
    String name();

    /** The topic that its owner takes its work from. */
    String input();

    /** The topic that is folded. */
    String log();

    /**
     * Creates the topics that are missing and checks those that are there.
     *
     * @throws StartRefused if a topic is not as it must be
     */
    Topics.Ids require(Topics topics);

    /** As {@link #require}, with the topics that others own and that it cannot do without. */
    default void requireAll(Topics topics) {
        require(topics);
    }

    /** The fingerprint of its snapshots of one log. */
    String fingerprint(String logTopicId);

    /** Reads and writes its snapshots. */
    SnapshotCodec<S> snapshots();

    /**
     * What folds its log.
     *
     * @param remembered how many commands, or causes, a snapshot remembers
     * @param poisoned told what cannot be folded
     */
    Fold<S, E> fold(int remembered, Replay.Poisoned poisoned);

    /**
     * As {@link #fold(int, Replay.Poisoned)}. Also asks the domain what it would have decided, where the log records what was
     * done: this takes longer, and changes nothing in the snapshots.
     */
    default Fold<S, E> fold(int remembered, Replay.Poisoned poisoned, Fold.Differences differences) {
        return fold(remembered, poisoned);
    }

    /** Where a state is found beside its id; written with its snapshot. */
    default List<Indexed> index(String id, S state) {
        return List.of();
    }

    /**
     * Whether each batch of its input leaves a record in its log, as with sagas. Then the log alone says where the input goes
     * on, and what lies between that and the group's offset was handled by a version that recorded nothing.
     */
    default boolean recordsInput() {
        return false;
    }
}
