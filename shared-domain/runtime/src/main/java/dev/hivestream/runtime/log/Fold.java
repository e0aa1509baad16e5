package dev.hivestream.runtime.log;

import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Folds a log into snapshots, record by record. Never throws for what a record or a domain does. Thread-safe.
 *
 * @param <S> state
 * @param <E> what the log consists of
 */
public interface Fold<S, E> {

    /** Whether the record changed the snapshot. */
    boolean apply(Snapshot<S> snapshot, Recorded record);

    /** Whether the record changed the snapshot. */
    default boolean apply(Snapshot<S> snapshot, ConsumerRecord<byte[], byte[]> record) {
        return apply(snapshot, new Recorded(record));
    }

    /** The version that its aggregate has after a record; -1 if there is none, or it cannot be read. */
    default long version(Recorded record) {
        return -1;
    }

    /**
     * Reads a record without folding it.
     *
     * @throws Malformed if that cannot be done
     */
    E read(ConsumerRecord<byte[], byte[]> record) throws Malformed;

    /** The highest command position after an event; one that cannot be read is passed over. */
    static Position advance(Position before, ConsumerRecord<byte[], byte[]> event) {
        return new Recorded(event).advance(before);
    }

    /** Receives what this code would have decided otherwise than the log says. */
    @FunctionalInterface
    interface Differences {

        /**
         * A message of the past, which stands as it is recorded.
         *
         * @param record of the log
         * @param recorded what was done, for people
         * @param now what this code would do
         */
        void found(ConsumerRecord<byte[], byte[]> record, List<String> recorded, List<String> now);
    }

    /** The aggregate id, or null for a record that belongs to no aggregate. */
    static @Nullable String id(ConsumerRecord<byte[], byte[]> event) {
        return event.key() == null ? null : new String(event.key(), StandardCharsets.UTF_8);
    }
}
