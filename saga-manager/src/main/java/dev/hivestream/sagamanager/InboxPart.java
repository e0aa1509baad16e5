package dev.hivestream.sagamanager;

import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Indexed;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.domain.DomainCode;
import dev.hivestream.runtime.domain.DomainTimeout;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.CachedPart;
import dev.hivestream.runtime.owner.OwnedPartition;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.trace.Traces;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition's part of a batch: what came into it, what its cache holds of the instances concerned, and what they want
 * done. Not thread-safe.
 *
 * @param <S> the saga's state
 */
final class InboxPart<S> extends CachedPart<Instance<S>> {

    private static final Logger LOG = LoggerFactory.getLogger(InboxPart.class);

    /** What a batch needs beside its partitions. */
    record Rules(HiveProperties properties, Clock clock, SagaMeters meters, Traces traces) {}

    private final ServedSaga<?, S, ?> saga;
    private final Rules rules;
    private final Set<String> changed = new LinkedHashSet<>();
    /** Their snapshots. */
    private final Map<String, StoredSnapshot> encoded = new LinkedHashMap<>();
    private final List<Outgoing> outgoing = new ArrayList<>();

    InboxPart(ServedSaga<?, S, ?> saga, OwnedPartition owned, Rules rules) {
        super(saga.snapshots(), owned, rules.traces(), rules.properties().decide().remembered());
        this.saga = saga;
        this.rules = rules;
    }

    @Override
    public List<Outgoing> decide() {
        startOver();
        changed.clear();
        encoded.clear();
        outgoing.clear();
        for (Incoming record : records()) {
            DomainCode.about(record);
            try {
                // an inbox is a log too: what a fold takes is taken here
                handle(record, Ids.requireRecorded("key", record.key()));
            } catch (Malformed | DomainTimeout e) {
                // an instance whose code timed out is parked; one whose state could not be read in time cannot be
                rules.meters().deadLettered(saga.name());
                outgoing.add(Outgoing.deadLetter(record, String.valueOf(e.getMessage()), null));
            }
        }
        encode();
        return outgoing;
    }

    /**
     * Without a deadline, as in a fold: a message that is dead-lettered since its instance could not be read in time would be
     * applied by every later fold.
     */
    @Override
    protected Snapshot<Instance<S>> read(Supplier<Snapshot<Instance<S>>> reading) {
        return reading.get();
    }

    /** Each state was written once when its instance changed, so hardly any fails here: its partition is restored then. */
    private void encode() {
        for (String id : changed) {
            Snapshot<Instance<S>> snapshot = snapshot(id);
            DomainCode.about("the state of " + owned().slot() + "/" + id + " at " + snapshot.version());
            try {
                encoded.put(id, DomainCode.call(() -> saga.snapshots().write(snapshot)));
            } catch (Throwable e) {
                LOG.error("The state of the instance '{}' of {} cannot be written as JSON", id, saga.name(),
                        DomainFault.of(e));
            }
        }
    }

    private void handle(Incoming record, String id) throws Malformed {
        int owner = Slot.partitionOf(Objects.requireNonNull(record.key()), rules.properties().partitions());
        if (owner != owned().slot().partition()) {
            throw new Malformed(
                    "The instance '" + id + "' lives in partition " + owner + " and the record came to partition "
                            + owned().slot().partition());
        }
        // as it stands in the log: what is kept of it must be what a fold finds
        Received received = Received.of(record);
        Incoming cause = traced(record);
        Snapshot<Instance<S>> snapshot = snapshot(id);
        if (snapshot.poison() != null) {
            throw new Malformed(snapshot.poison());
        }
        Reactor.Handled handled = saga.reactor().handle(snapshot, id, received,
                rules.properties().decide().remembered());
        if (!handled.changed()) {
            rules.meters().ignored(saga.name());
            outcome("ignored");
            return;
        }
        rules.meters().handled(saga.name());
        changed.add(id);
        for (Reactor.Command command : handled.commands()) {
            outgoing.add(command(cause, id, command, snapshot.state().correlation()));
        }
        rules.meters().sent(saga.name(), handled.commands().size());
        outcome(handled.parked() == null ? "handled" : "parked");
        if (handled.parked() != null) {
            park(record, id, snapshot, handled, handled.parked());
        }
    }

    /** Into the log too: code that does not fail on the record any more has to know that it did. */
    private void park(Incoming record, String id, Snapshot<Instance<S>> snapshot, Reactor.Handled handled,
            String reason) {
        record.about(LOG.atError()).setCause(handled.fault()).log("The instance '{}' of {} is parked. {}", id,
                saga.name(), Ids.printable(reason));
        rules.meters().parked(saga.name());
        outgoing.add(Outgoing.to(saga.input(), owned().slot().partition(), record.key())
                .with(Header.SPEC_VERSION, "1.0").with(Header.ID, "parked:" + id + ":" + snapshot.version())
                .with(Header.TYPE, Received.PARKED).with(Header.SOURCE, saga.source())
                .with(Header.TIME, Instant.now(rules.clock())).with(Header.DEAD_REASON, Outgoing.brief(reason))
                .with(Header.FAILED_ON, handled.failedOn())
                .payload("{}".getBytes(StandardCharsets.UTF_8)));
    }

    private Outgoing command(Incoming cause, String id, Reactor.Command command,
            @Nullable String correlation) {
        byte[] key = command.id().getBytes(StandardCharsets.UTF_8);
        return Outgoing.following(cause, Outgoing.OF_ALL, correlation)
                .to(Topics.commands(command.aggregate()), Slot.partitionOf(key, rules.properties().partitions()), key)
                .with(Header.SOURCE, saga.source()).with(Header.TIME, Instant.now(rules.clock()))
                .with(Header.ID, command.commandId()).with(Header.TYPE, command.type())
                .with(Header.SUBJECT, command.id()).with(Header.SAGA, saga.name() + ":" + id)
                .with(Header.SAGA_STEP, command.step()).with(Header.SAGA_ATTEMPT, command.attempt())
                .payload(command.payload().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public BooleanSupplier writeBack(Cache cache) {
        Checkpoint next = Checkpoint.at(records().getLast().offset() + 1, Position.NONE);
        // first: whatever becomes of the write, this is what the next batch has to find
        owned().expect(next);
        Map<String, StoredSnapshot> written = encoded;
        if (written.size() < changed.size()) {
            throw new IllegalStateException("A state cannot be written as JSON");
        }
        List<Indexed> index = new ArrayList<>();
        for (String id : changed) {
            index.addAll(saga.index(id, snapshot(id)));
        }
        BooleanSupplier answer = cache.writing(owned().slot(), reflected().generation(), reflected().checkpoint(), next,
                written,
                index);
        return () -> {
            boolean isWritten = answer.getAsBoolean();
            if (isWritten) {
                keep(written);
            }
            return isWritten;
        };
    }
}
