package dev.hivestream.runtime;

import dev.hivestream.model.Aggregate;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.message.Codec;

/**
 * An aggregate that this instance runs, with what reads and writes it. Thread-safe.
 *
 * @param <C> commands
 * @param <S> state
 * @param <E> events
 */
public record Served<C, S, E>(Aggregate<C, S, E> aggregate, Codec<C, E> codec, SnapshotCodec<S> snapshots) {

    /** With codecs of its own. */
    public static <C, S, E> Served<C, S, E> of(Aggregate<C, S, E> aggregate) {
        return new Served<>(aggregate, new Codec<>(aggregate), new SnapshotCodec<>(aggregate));
    }

    public String name() {
        return aggregate.name();
    }
}
