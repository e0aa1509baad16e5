package dev.hivestream.runtime.log;

import dev.hivestream.model.Decider;
import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.domain.SlowFolds;
import dev.hivestream.runtime.message.Malformed;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Folds events from the log into snapshots: an event at or below the snapshot's version is skipped, the next one is
 * applied, and anything else is a fault of this aggregate, which it names, and of no other. Thread-safe.
 *
 * @param <S> state
 * @param <E> events
 */
public final class EventFold<S, E> implements Fold<S, E> {

    private final Served<?, S, E> served;
    private final int remembered;
    private final Replay.Poisoned poisoned;

    /** @param remembered how many commands a snapshot remembers */
    public EventFold(Served<?, S, E> served, int remembered, Replay.Poisoned poisoned) {
        this.served = served;
        this.remembered = remembered;
        this.poisoned = poisoned;
    }

    @Override
    public boolean apply(Snapshot<S> snapshot, Recorded event) {
        if (snapshot.poison() != null) {
            return false;
        }
        try {
            long version = event.version();
            if (version <= snapshot.version()) {
                return false;
            }
            if (version != snapshot.version() + 1) {
                throw new Malformed("version " + version + " follows version " + snapshot.version());
            }
            E read = read(event);
            Decider<?, S, E> decider = served.aggregate().decider();
            S state;
            SlowFolds.SHARED.begin(event.record());
            try {
                state = decider.evolve(snapshot.state(), read);
            } finally {
                SlowFolds.SHARED.end();
            }
            if (state == null) {
                throw new Malformed("evolve gave null");
            }
            snapshot.advance(state, event.command(), remembered);
            return true;
        } catch (Throwable e) {
            // clients see the reason, and the log has the rest
            ConsumerRecord<byte[], byte[]> record = event.record();
            String reason = "The event at " + record.topic() + "/" + record.partition() + "/" + record.offset()
                    + " cannot be folded: "
                    + (e instanceof Malformed ? e.getMessage() : "evolve failed");
            Throwable fault = DomainFault.of(e);
            poisoned.found(record, String.valueOf(Fold.id(record)), reason, fault);
            snapshot.poison(reason);
            return true;
        }
    }

    @Override
    public long version(Recorded event) {
        return event.versionOr(-1);
    }

    private E read(Recorded event) throws Malformed {
        return served.codec().readEvent(event.type(), event.dataVersion(), event.payload());
    }

    @Override
    public E read(ConsumerRecord<byte[], byte[]> event) throws Malformed {
        return read(new Recorded(event));
    }
}
