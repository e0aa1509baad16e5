package dev.hivestream.runtime.saga;

import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.domain.SlowFolds;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Recorded;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Malformed;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Folds a saga's history into instances: messages with what they did. Thread-safe. */
public final class HistoryFold<S> implements Fold<Instance<S>, Received> {

    private static final Done NOTHING = new Done(Done.How.HANDLED, List.of(), null, null);

    private final Reactor<?, S, ?> reactor;
    private final int remembered;
    private final Replay.Poisoned poisoned;
    private final Fold.@Nullable Differences differences;

    /** @param differences null if the domain is not to be asked what it would have done */
    HistoryFold(Reactor<?, S, ?> reactor, int remembered, Replay.Poisoned poisoned,
            Fold.@Nullable Differences differences) {
        this.reactor = reactor;
        this.remembered = remembered;
        this.poisoned = poisoned;
        this.differences = differences;
    }

    @Override
    public boolean apply(Snapshot<Instance<S>> snapshot, Recorded record) {
        Fold.Differences told = differences;
        return apply(snapshot, record, told == null
                ? null
                : (recorded, now) -> told.found(record.record(), recorded, now)) != null;
    }

    /**
     * As {@link #apply(Snapshot, Recorded)}.
     *
     * @param differing is given, for people, what was done and what this code would do, where that is not the same; null if
     *     the domain is not to be asked
     * @return what its message did; null if the record changes nothing
     */
    public @Nullable Done apply(Snapshot<Instance<S>> snapshot, Recorded record,
            @Nullable BiConsumer<List<String>, List<String>> differing) {
        long version = record.versionOr(-1);
        if (version < 0 || version <= snapshot.version() || snapshot.poison() != null) {
            return null;
        }
        Done done = NOTHING;
        SlowFolds.SHARED.begin(record.record());
        try {
            if (version != snapshot.version() + 1) {
                throw new Malformed("Version " + version + " follows version " + snapshot.version());
            }
            done = done(record.record().headers());
            reactor.fold(snapshot, String.valueOf(Fold.id(record.record())), Received.of(record.record()), done,
                    remembered, differing);
        } catch (Malformed e) {
            String reason = "The record at " + record.record().topic() + "/" + record.record().partition() + "/"
                    + record.record().offset() + " cannot be folded: " + e.getMessage();
            poisoned.found(record.record(), String.valueOf(Fold.id(record.record())), reason, e);
            snapshot.poison(reason);
        } finally {
            SlowFolds.SHARED.end();
        }
        return done;
    }

    /** What a message did, as its record says. */
    static Done done(Headers headers) throws Malformed {
        org.apache.kafka.common.header.Header done = headers.lastHeader(Header.DONE);
        if (done == null || done.value() == null) {
            throw new Malformed("The header " + Header.DONE + " is missing");
        }
        return Done.read(done.value());
    }

    @Override
    public long version(Recorded record) {
        return record.versionOr(-1);
    }

    @Override
    public Received read(ConsumerRecord<byte[], byte[]> record) {
        return Received.of(record);
    }
}
