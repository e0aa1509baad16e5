package dev.hivestream.runtime;

import dev.hivestream.model.Aggregate;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.EventFold;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Codec;
import dev.hivestream.runtime.message.Fingerprint;

/**
 * An aggregate that this instance runs, with what reads and writes it. Thread-safe.
 *
 * @param <C> commands
 * @param <S> state
 * @param <E> events
 */
public record Served<C, S, E>(Aggregate<C, S, E> aggregate, Codec<C, E> codec,
        SnapshotCodec<S> snapshots) implements Folded<S, E> {

    /** With codecs of its own. */
    public static <C, S, E> Served<C, S, E> of(Aggregate<C, S, E> aggregate) {
        return new Served<>(aggregate, new Codec<>(aggregate), new SnapshotCodec<>(aggregate));
    }

    @Override
    public String name() {
        return aggregate.name();
    }

    @Override
    public String input() {
        return Topics.commands(name());
    }

    @Override
    public String log() {
        return Topics.events(name());
    }

    @Override
    public Topics.Ids require(Topics topics) {
        return topics.require(name());
    }

    @Override
    public String fingerprint(String logTopicId) {
        return Fingerprint.of(aggregate, logTopicId);
    }

    @Override
    public Fold<S, E> fold(int remembered, Replay.Poisoned poisoned) {
        return new EventFold<>(this, remembered, poisoned);
    }
}
