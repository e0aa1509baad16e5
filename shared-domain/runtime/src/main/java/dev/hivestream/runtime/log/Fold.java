package dev.hivestream.runtime.log;

import dev.hivestream.model.Decider;
import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Folds events from the log into snapshots: an event at or below the snapshot's version is skipped, the next one is
 * applied, and anything else is a fault of this aggregate, which it names, and of no other. Thread-safe.
 *
 * @param <S> state
 * @param <E> events
 */
public final class Fold<S, E> {

    private final Served<?, S, E> served;
    private final int remembered;
    private final Replay.Poisoned poisoned;

    /** @param remembered how many commands a snapshot remembers */
    public Fold(Served<?, S, E> served, int remembered, Replay.Poisoned poisoned) {
        this.served = served;
        this.remembered = remembered;
        this.poisoned = poisoned;
    }

    /** Whether the event changed the snapshot. */
    public boolean apply(Snapshot<S> snapshot, ConsumerRecord<byte[], byte[]> event) {
        if (snapshot.poison() != null) {
            return false;
        }
        try {
            long version = version(event);
            if (version <= snapshot.version()) {
                return false;
            }
            if (version != snapshot.version() + 1) {
                throw new Malformed("version " + version + " follows version " + snapshot.version());
            }
            String type = Header.text(event.headers(), Header.TYPE);
            String dataVersion = Header.text(event.headers(), Header.DATA_VERSION);
            E read = served.codec().readEvent(type == null ? "" : type,
                    dataVersion == null ? 1 : Integer.parseInt(dataVersion), event.value());
            Decider<?, S, E> decider = served.aggregate().decider();
            S state = decider.evolve(snapshot.state(), read);
            if (state == null) {
                throw new Malformed("evolve gave null");
            }
            String command = Header.text(event.headers(), Header.CAUSATION_ID);
            snapshot.advance(state, command == null ? "" : command, remembered);
            return true;
        } catch (Throwable e) {
            // clients see the reason, and the log has the rest
            String reason = "The event at " + event.topic() + "/" + event.partition() + "/" + event.offset()
                    + " cannot be folded: "
                    + (e instanceof Malformed ? e.getMessage() : "evolve failed");
            Throwable fault = DomainFault.of(e);
            poisoned.found(event, String.valueOf(id(event)), reason, fault);
            snapshot.poison(reason);
            return true;
        }
    }

    /** The position of the event's command; {@link Position#NONE} if the event names none. */
    public static Position command(ConsumerRecord<byte[], byte[]> event) {
        String position = Header.text(event.headers(), Header.COMMAND_POSITION);
        try {
            return position == null ? Position.NONE : Position.parse(position);
        } catch (IllegalArgumentException e) {
            return Position.NONE;
        }
    }

    /** The aggregate id, or null for a record that belongs to no aggregate. */
    public static @Nullable String id(ConsumerRecord<byte[], byte[]> event) {
        return event.key() == null ? null : new String(event.key(), StandardCharsets.UTF_8);
    }

    private static long version(ConsumerRecord<byte[], byte[]> event) throws Malformed {
        String sequence = Header.text(event.headers(), Header.SEQUENCE);
        try {
            return Long.parseLong(sequence == null ? "" : sequence);
        } catch (NumberFormatException e) {
            throw new Malformed("its header " + Header.SEQUENCE + " is "
                    + (sequence == null ? "missing" : "'" + sequence + "' and not a version"));
        }
    }
}
