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
import dev.hivestream.runtime.log.RestoredPartition;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Attempt;
import dev.hivestream.runtime.owner.CachedPart;
import dev.hivestream.runtime.owner.OwnedPartition;
import dev.hivestream.runtime.saga.Done;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.trace.Traces;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.header.internals.RecordHeader;
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

    private static final byte[] NO_KEY = {'-'};

    /** What a batch needs beside its partitions. */
    record Rules(HiveProperties properties, Duration early, Clock clock, SagaMeters meters, Traces traces) {}

    private final ServedSaga<?, S, ?> saga;
    private final Rules rules;
    /** As they were before the batch. */
    private final Map<String, Instance<S>> changed = new LinkedHashMap<>();
    /** Their snapshots. */
    private final Map<String, StoredSnapshot> encoded = new LinkedHashMap<>();
    private final List<Outgoing> outgoing = new ArrayList<>();
    /** The messages before it were handled by a version that wrote no history. */
    private final long past;
    private Position handled = Position.NONE;
    /** That, as the records of the history have it. */
    private RecordHeader position = new RecordHeader(Header.COMMAND_POSITION, NO_KEY);
    private RecordHeader epoch = new RecordHeader(Header.COMMAND, NO_KEY);

    InboxPart(ServedSaga<?, S, ?> saga, OwnedPartition owned, Rules rules) {
        super(saga.snapshots(), owned, rules.traces(), rules.properties().decide().remembered());
        this.saga = saga;
        this.rules = rules;
        RestoredPartition.Resume resume = reflected().resume();
        this.past = Math.max(resume == null ? 0 : resume.past(), reflected().checkpoint().commandPosition().past());
    }

    @Override
    public List<Outgoing> decide() {
        startOver();
        changed.clear();
        encoded.clear();
        outgoing.clear();
        Position before = reflected().checkpoint().commandPosition();
        handled = handledAfterwards();
        position = new RecordHeader(Header.COMMAND_POSITION, Outgoing.utf8(handled.toString()));
        epoch = new RecordHeader(Header.COMMAND, CommandIdentity.epochHeader(handled.epoch()));
        for (Incoming record : records()) {
            DomainCode.about(record);
            if (before.reaches(reflected().commandsTopicId(), record.offset(), record.epoch())) {
                // handled before: the group's offset was reset, or has expired
                rules.meters().ignored(saga.name());
                continue;
            }
            try {
                handle(record, Ids.requireRecorded("key", record.key()));
            } catch (Malformed | DomainTimeout e) {
                if (record.offset() < past) {
                    // the version that handled it has dead-lettered it
                    continue;
                }
                // an instance whose code timed out is parked; one whose state could not be read in time cannot be
                rules.meters().deadLettered(saga.name());
                outgoing.add(Outgoing.deadLetter(record, String.valueOf(e.getMessage()), null));
            }
        }
        if (!hasAppended()) {
            Incoming last = records().getLast();
            if (!before.covers(handled)) {
                record(historyRecord(last).with(Header.TYPE, Received.HANDLED).with(Header.SOURCE, saga.source()));
            }
        }
        encode();
        return outgoing;
    }

    /** Up to where this batch handles the inbox: all of it, or nothing. */
    private Position handledAfterwards() {
        Incoming last = records().getLast();
        return new Position(reflected().commandsTopicId(), last.offset(), last.epoch(),
                last.offset() + 1 < past ? past : 0);
    }

    private Outgoing historyRecord(Incoming cause) {
        byte[] key = cause.key();
        return Outgoing.to(saga.log(), owned().slot().partition(), key == null ? NO_KEY : key)
                .with(Outgoing.SPEC_VERSION).with(position).with(epoch);
    }

    private void record(Outgoing recorded) {
        outgoing.add(recorded);
        append(recorded);
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
        for (String id : changed.keySet()) {
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
        boolean isPast = record.offset() < past;
        requireRoom(record, isPast);
        Instance<S> before = snapshot.state();
        Reactor.Handled result = saga.reactor().handle(snapshot, id, received,
                rules.properties().decide().remembered(), isPast);
        Done done = result.done();
        if (done == null) {
            rules.meters().ignored(saga.name());
            outcome("ignored");
            return;
        }
        rules.meters().handled(saga.name());
        changed.putIfAbsent(id, before);
        Outgoing recorded = historyRecord(record).with(Header.SEQUENCE, snapshot.version()).with(Header.MESSAGE,
                new Position(reflected().commandsTopicId(), record.offset())).with(Header.DONE, done.bytes());
        Received.copy(record, recorded);
        record(recorded);
        if (!isPast) {
            for (Reactor.Command command : result.commands()) {
                outgoing.add(command(cause, id, command, snapshot.state().correlation()));
            }
            rules.meters().sent(saga.name(), result.commands().size());
        }
        outcome(result.parked() == null ? "handled" : "parked");
        String parked = result.parked();
        if (parked != null) {
            record.about(LOG.atError()).setCause(result.fault()).log("The instance '{}' of {} is parked. {}", id,
                    saga.name(), Ids.printable(parked));
            rules.meters().parked(saga.name());
        }
        for (Received expired : result.expired()) {
            rules.meters().deadLettered(saga.name());
            outgoing.add(unstarted(expired, record));
        }
    }

    private Outgoing unstarted(Received expired, Incoming deadline) {
        Map<String, Object> headers = new LinkedHashMap<>();
        expired.headers().forEach((name, value) -> headers.put(name, Outgoing.utf8(value)));
        return Outgoing.deadLetter(Topics.inboxDeadLetters(saga.name()), new Incoming(deadline.partition(),
                deadline.offset(), deadline.key(), headers, expired.payload()),
                "The instance did not start within "
                        + rules.early() + " (hive.saga.early-messages.keep)",
                null);
    }

    /** The history takes a message with what it did in one record; messages of others may have any size. */
    private void requireRoom(Incoming record, boolean isPast) throws Malformed {
        long bytes = record.headerBytes() + (record.payload() == null ? 0L : record.payload().length);
        long allowed = Topics.messageBytes(rules.properties().maxMessage().toBytes());
        if (bytes > allowed && !isPast) {
            throw new Malformed("The message has " + bytes + " bytes; an inbox takes " + allowed);
        }
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
        Attempt.Appended appended = appended();
        if (appended == null) {
            // all of it had been handled before
            return () -> true;
        }
        Checkpoint next = Checkpoint.at(appended.last() + 1, handled);
        // first: whatever becomes of the write, this is what the next batch has to find
        owned().expect(next);
        Map<String, StoredSnapshot> written = encoded;
        if (written.size() < changed.size()) {
            throw new IllegalStateException("A state cannot be written as JSON");
        }
        List<Indexed> index = new ArrayList<>();
        changed.forEach((id, before) -> index
                .addAll(Indexed.changes(saga.index(id, before), saga.index(id, snapshot(id).state()))));
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
