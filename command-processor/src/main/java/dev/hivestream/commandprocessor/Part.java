package dev.hivestream.commandprocessor;

import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.KeptResult;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.domain.BatchTooLarge;
import dev.hivestream.runtime.domain.DecisionTooLarge;
import dev.hivestream.runtime.domain.DomainCode;
import dev.hivestream.runtime.domain.DomainTimeout;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Codec;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Attempt;
import dev.hivestream.runtime.owner.CachedPart;
import dev.hivestream.runtime.owner.OwnedPartition;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.trace.Traces;
import java.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.ObjectWriter;

/**
 * One partition's part of a batch: its commands, what its cache holds of their aggregates, and what becomes of them. Not
 * thread-safe.
 *
 * @param <C> commands
 * @param <S> state
 * @param <E> events
 */
final class Part<C, S, E> extends CachedPart<S> {

    private static final Logger LOG = LoggerFactory.getLogger(Part.class);
    /** How many of the largest decisions fit into a batch. */
    private static final int DECISIONS_IN_A_BATCH = 8;
    private static final byte[] SPEC_VERSION = utf8("1.0");
    private static final RecordHeader IS_RESULT = new RecordHeader(Header.TYPE, utf8(Received.RESULT));
    private static final byte[] JSON = utf8("application/json");
    private static final ObjectWriter RESULTS = Json.TOLERANT.writerFor(Result.class);

    /** What a batch needs beside its partitions. */
    record Rules(HiveProperties properties, Clock clock, Outcomes outcomes, Traces traces, Answered answered) {

        private byte[] replyTo() {
            return utf8(properties.instance());
        }
    }

    /** Hears of a result that is committed and that the cache shows, if it is for this instance. */
    interface Answered {

        /** Quick; does not throw. */
        void answered(Slot slot, CommandIdentity command, Result result);
    }

    /** A result that this instance waits for, and the command that it is of. */
    private record Answer(CommandIdentity command, Result result) {}

    private final Served<C, S, E> served;
    private final Rules rules;
    private final Set<String> unwritable = new HashSet<>();
    private final Set<String> changed = new LinkedHashSet<>();
    /** Their snapshots. */
    private final Map<String, StoredSnapshot> encoded = new LinkedHashMap<>();
    private final Map<String, byte[]> results = new LinkedHashMap<>();
    /** Those of {@link #results} that this instance waits for. */
    private final List<Answer> own = new ArrayList<>();
    private final List<Outgoing> outgoing = new ArrayList<>();
    /** So many of them are counted, and have so many bytes. */
    private int counted;
    private long bytes;
    private final String events;
    private final String answers;
    private final RecordHeader source;
    private final byte[] here;
    private Position position = Position.NONE;
    private RecordHeader positionHeader = new RecordHeader(Header.COMMAND_POSITION, new byte[0]);
    private RecordHeader time = new RecordHeader(Header.TIME, new byte[0]);
    private Outgoing.@Nullable Following following;
    private @Nullable RecordHeader commandHeader;
    /** How many there were of each, by its place. */
    private final int[] outcomes = new int[Result.Outcome.values().length];

    Part(Served<C, S, E> served, OwnedPartition owned, Rules rules) {
        super(served.snapshots(), owned, rules.traces(), rules.properties().decide().remembered());
        this.served = served;
        this.rules = rules;
        this.events = Topics.events(served.name());
        this.answers = Topics.results(served.name());
        this.here = rules.replyTo();
        this.source = new RecordHeader(Header.SOURCE, utf8("/hive/" + served.name()));
    }

    /**
     * Decides all commands in order, in memory. A state that cannot be written is found out here, while its command can
     * still fail: then all is decided once more, and each of its aggregate's commands is tried to the end.
     */
    @Override
    public List<Outgoing> decide() {
        boolean complete;
        do {
            startOver();
            changed.clear();
            results.clear();
            own.clear();
            outgoing.clear();
            counted = 0;
            bytes = 0;
            Arrays.fill(outcomes, 0);
            decided(reflected().checkpoint().commandPosition());
            time = new RecordHeader(Header.TIME, utf8(Instant.now(rules.clock()).toString()));
            for (Incoming record : records()) {
                decide(traced(record));
                requireRoom();
            }
            complete = encode();
        } while (!complete);
        return outgoing;
    }

    /** All that comes of a batch is in memory until it is committed. */
    private void requireRoom() {
        for (; counted < outgoing.size(); counted++) {
            bytes += outgoing.get(counted).payloadBytes();
        }
        if (bytes > DECISIONS_IN_A_BATCH * rules.properties().decide().maxBytes().toBytes() && records().size() > 1) {
            throw new BatchTooLarge(
                    "The output of " + records().size() + " commands is " + bytes
                            + " bytes, more than a transaction may contain");
        }
    }

    private void decided(Position upTo) {
        position = upTo;
        positionHeader = new RecordHeader(Header.COMMAND_POSITION, utf8(upTo.toString()));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public BooleanSupplier writeBack(Cache cache) {
        Attempt.Appended appended = appended();
        Checkpoint checkpoint = appended == null
                ? reflected().checkpoint()
                : Checkpoint.at(appended.last() + 1, position);
        if (appended != null) {
            // first: whatever becomes of the write, this is what the next batch has to find
            owned().expect(checkpoint);
        } else if (results.isEmpty()) {
            return () -> true;
        }
        if (encoded.size() < changed.size()) {
            // the partition is restored: with this checkpoint an older snapshot would pass for the current one
            throw new IllegalStateException("A state cannot be written as JSON");
        }
        BooleanSupplier answer = cache.writing(owned().slot(), reflected().generation(), reflected().checkpoint(),
                checkpoint,
                encoded, results);
        return () -> {
            boolean isWritten = answer.getAsBoolean();
            if (isWritten) {
                keep(encoded);
                own.forEach(one -> rules.answered().answered(owned().slot(), one.command(), one.result()));
            }
            return isWritten;
        };
    }

    private boolean encode() {
        encoded.clear();
        int before = unwritable.size();
        for (String id : changed) {
            try {
                Snapshot<S> snapshot = snapshot(id);
                DomainCode.about("the state of " + owned().slot() + "/" + id + " at " + snapshot.version() + " #"
                        + unwritable.size());
                encoded.put(id, DomainCode.call(() -> served.snapshots().write(snapshot)));
            } catch (Throwable e) {
                LOG.error("The state of {} '{}' cannot be written as JSON", served.aggregate(), id,
                        DomainFault.of(e));
                unwritable.add(id);
            }
        }
        return unwritable.size() == before;
    }

    private void decide(Incoming command) {
        following = null;
        commandHeader = null;
        // first of all: a command that was decided, forwarded or dead-lettered before is skipped, whatever it contains
        if (position.covers(new Position(reflected().commandsTopicId(), command.offset(), command.epoch()))) {
            rules.outcomes().redelivered(served.name());
            return;
        }
        IdentifiedCommand identified = null;
        try {
            // what can be read can be answered, though it is refused
            String id = Ids.requireRecorded("key", command.key());
            identified = new IdentifiedCommand(command, id,
                    Ids.requireRecorded("header " + Header.ID, bytes(command, Header.ID)));
            requireReadable(command, id);
            int owner = Slot.partitionOf(Objects.requireNonNull(command.key()), rules.properties().partitions());
            if (owner == owned().slot().partition()) {
                decide(identified, snapshot(id));
            } else {
                requireIds(identified);
                forward(command, owner);
            }
        } catch (DomainTimeout e) {
            // reading the snapshot runs code of the domain too
            fail(Objects.requireNonNull(identified), e);
        } catch (Malformed e) {
            String reason = Outgoing.brief(String.valueOf(e.getMessage()));
            outgoing.add(Outgoing.deadLetter(command, reason, null));
            if (identified == null) {
                outcomes[Result.Outcome.failed.ordinal()]++;
            } else {
                answer(identified, Result.failed(identified.commandId(), served.name(), identified.aggregateId(),
                        Result.Code.MALFORMED, reason));
            }
        }
    }

    private static byte @Nullable [] bytes(Incoming command, String header) {
        return command.headers().get(header) instanceof byte[] value ? value : null;
    }

    private static void requireIds(IdentifiedCommand command) throws Malformed {
        Ids.require("key", command.aggregateId());
        Ids.require("header " + Header.ID, command.commandId());
    }

    private void requireReadable(Incoming command, String id) throws Malformed {
        if (!command.hasBoundedHeaders()) {
            throw new Malformed(
                    "The headers have " + command.headerBytes() + " bytes; the limit is " + Outgoing.HEADER_BYTES);
        }
        DataSize largest = rules.properties().maxMessage();
        if (command.payload() != null && command.payload().length > largest.toBytes()) {
            throw new Malformed("The command has " + command.payload().length
                    + " bytes; hive.max-message allows " + largest.toBytes());
        }
        byte[] subject = bytes(command, Header.SUBJECT);
        if (subject != null && !Arrays.equals(subject, command.key())) {
            throw new Malformed("The key is '" + id + "' and the header " + Header.SUBJECT + " is '"
                    + command.header(Header.SUBJECT) + "'; both name the aggregate and must agree");
        }
        byte[] version = bytes(command, Header.SPEC_VERSION);
        if (version != null && !Arrays.equals(version, SPEC_VERSION)) {
            throw new Malformed("The header " + Header.SPEC_VERSION + " is '" + command.header(Header.SPEC_VERSION)
                    + "'; CloudEvents 1.0 is read");
        }
        String contentType = Arrays.equals(bytes(command, Header.CONTENT_TYPE), JSON)
                ? null
                : command.header(Header.CONTENT_TYPE);
        if (contentType != null && !contentType.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
            throw new Malformed(
                    "The content type is '" + contentType + "'; application/json is read (CloudEvents binary mode)");
        }
        if (command.payload() == null) {
            throw new Malformed("The record is a tombstone; commands topics take commands only");
        }
    }

    /** Clients with another default partitioner put commands where their aggregate does not live. */
    private void forward(Incoming command, int owner) throws Malformed {
        if (command.header(Header.FORWARDED_FROM) != null) {
            throw new Malformed("The command lives in partition " + owner + " and came to partition "
                    + owned().slot().partition() + " although it was forwarded before");
        }
        outgoing.add(Outgoing.forward(command, owner));
        rules.outcomes().forwarded(served.name());
    }

    private void decide(IdentifiedCommand identified, Snapshot<S> snapshot) throws Malformed {
        String aggregate = served.name();
        String id = identified.aggregateId();
        String commandId = identified.commandId();
        Incoming command = identified.command();
        if (snapshot.poison() != null) {
            outgoing.add(Outgoing.deadLetter(command, snapshot.poison(), null));
            answer(identified, Result.failed(commandId, aggregate, id, Result.Code.POISONED, snapshot.poison()));
            return;
        }
        switch (identified.recognize(snapshot)) {
            case IdentifiedCommand.Recognition.New _ -> {
                // not before: a retry of what format 1 accepted under such an id gets the first answer
                requireIds(identified);
            }
            case IdentifiedCommand.Recognition.Repeated(Snapshot.Versions known) -> {
                rules.outcomes().duplicate(aggregate);
                answer(identified, Result.accepted(commandId, aggregate, id, known.first(), known.last()));
                return;
            }
            case IdentifiedCommand.Recognition.Reused _ -> {
                answer(identified, Result.rejected(commandId, aggregate, id, snapshot.version(), Result.Code.KEY_REUSED,
                        Result.KEY_REUSED));
                return;
            }
        }
        if (isAnsweredBefore(command)) {
            answer(identified, Result.failed(commandId, aggregate, id, Result.Code.ANSWERED,
                    "A saga was told that this command failed, and may have made up for it: it is not decided again"));
            return;
        }
        if (isForgotten(command, snapshot)) {
            answer(identified, Result.failed(commandId, aggregate, id, Result.Code.FORGOTTEN,
                    "An earlier copy of this command was decided, and the aggregate has had too many commands since to "
                            + "remember what became of it; its result tells"));
            return;
        }
        String type = command.header(Header.TYPE);
        C read;
        try {
            read = DomainCode.call(() -> served.codec().readCommand(type == null ? "" : type, command.payload()));
        } catch (Malformed e) {
            throw e;
        } catch (Throwable e) {
            fail(identified, DomainFault.of(e));
            return;
        }
        Long expected = command.expectedVersion();
        long version = snapshot.version();
        if (expected != null && (expected == Incoming.EXISTS ? version == 0 : expected != version)) {
            answer(identified, Result.rejected(commandId, aggregate, id, version, Result.Code.EXPECTED_VERSION,
                    expected == Incoming.EXISTS
                            ? "The aggregate does not exist"
                            : "Version " + expected + " is expected and the aggregate has version " + version));
            return;
        }
        // before anything is decided: a body without a canonical form is malformed
        CommandIdentity identity = identified.identity();
        try {
            decided(identified, identity, snapshot, attempt(read, snapshot, unwritable.contains(id)));
        } catch (Fault e) {
            fail(identified, Objects.requireNonNull(e.getCause()));
        }
    }

    /** A dead letter that is sent again: a saga has its answer, and an answer is definite. */
    private static boolean isAnsweredBefore(Incoming command) {
        return command.header(Header.SAGA) != null
                && (command.header(Header.DEAD_REASON) != null || command.header(Header.LETTER) != null);
    }

    /**
     * A further copy of a saga's command. The copies before it stand before it in this partition and are decided, so one
     * that is not remembered had no events, or has been forgotten: that can be told apart only while nothing is forgotten.
     */
    private boolean isForgotten(Incoming command, Snapshot<S> snapshot) {
        String attempt = command.header(Header.SAGA_ATTEMPT);
        return attempt != null && !attempt.equals("1")
                && snapshot.remembered() >= rules.properties().decide().remembered();
    }

    private void fail(IdentifiedCommand identified, Throwable fault) {
        Incoming command = identified.command();
        if (isDefinite(fault)) {
            command.about(LOG.atError()).log("The domain failed on the command {}; it is dead-lettered: {}", command,
                    fault.getMessage());
        } else {
            command.about(LOG.atError()).setCause(fault).log("The domain failed on the command {}; it is dead-lettered",
                    command);
        }
        outgoing.add(Outgoing.deadLetter(command, "The domain failed on this command: " + fault, fault));
        answer(identified, Result.failed(identified.commandId(), served.name(), identified.aggregateId(),
                Result.Code.FAULT,
                "The domain failed on this command"
                        + (isDefinite(fault) ? ": " + Outgoing.brief(String.valueOf(fault.getMessage())) : "")
                        + "; it was dead-lettered to the topic " + Topics.deadLetters(served.name())));
    }

    private void decided(IdentifiedCommand identified, CommandIdentity identity, Snapshot<S> snapshot,
            Outcome<S, E> outcome) {
        String id = identified.aggregateId();
        switch (outcome.decision) {
            case Decision.Rejected<E>(String code, String reason) -> answer(identified,
                    Result.rejected(identified.commandId(), served.name(), id, snapshot.version(), code,
                            Outgoing.brief(String.valueOf(reason))));
            case Decision.Accepted<E>(List<E> events) when events.isEmpty() -> answer(identified,
                    Result.accepted(identified.commandId(), served.name(), id, null, snapshot.version()));
            case Decision.Accepted<E> accepted -> {
                Incoming command = identified.command();
                decided(new Position(reflected().commandsTopicId(), command.offset(), command.epoch()));
                commandHeader = new RecordHeader(Header.COMMAND, identity.header(command.epoch()));
                long first = snapshot.version() + 1;
                for (int i = 0; i < outcome.encoded.size(); i++) {
                    snapshot.advance(outcome.states.get(i), identity, rules.properties().decide().remembered());
                    Outgoing event = event(command, id, snapshot.version(), outcome.encoded.get(i));
                    outgoing.add(event);
                    append(event);
                }
                changed.add(id);
                answer(identified,
                        Result.accepted(identified.commandId(), served.name(), id, first, snapshot.version()));
            }
        }
    }

    /** What the domain made of a command, complete: nothing of it can fail any more. */
    private record Outcome<S, E>(Decision<E> decision, List<S> states, List<Codec.Encoded> encoded) {}

    /** The domain threw. */
    private static final class Fault extends Exception {
        private static final long serialVersionUID = 1L;

        Fault(Throwable cause) {
            super(cause);
        }
    }

    private Outcome<S, E> attempt(C command, Snapshot<S> snapshot, boolean write) throws Fault {
        for (int attempt = 1;; attempt++) {
            try {
                S state = snapshot.state();
                return DomainCode.call(() -> outcome(command, state, write));
            } catch (Throwable e) {
                Throwable fault = DomainFault.of(e);
                if (isDefinite(fault) || attempt >= rules.properties().decide().attempts()) {
                    throw new Fault(fault);
                }
            }
        }
    }

    /** Whether the fault is an exceeded limit: another attempt would fail too, and its message reveals nothing of the domain. */
    private static boolean isDefinite(Throwable fault) {
        return fault instanceof DomainTimeout || fault instanceof DecisionTooLarge;
    }

    private Outcome<S, E> outcome(C command, S state, boolean write) {
        Decider<C, S, E> decider = served.aggregate().decider();
        Decision<E> decision = decider.decide(command, state);
        List<S> states = new ArrayList<>();
        List<Codec.Encoded> encoded = new ArrayList<>();
        if (decision instanceof Decision.Accepted<E>(List<E> events)) {
            S next = state;
            long bytesOfAll = 0;
            if (events.size() > rules.properties().decide().maxEvents()) {
                throw new DecisionTooLarge("The decision has " + events.size()
                        + " events; hive.decide.max-events allows " + rules.properties().decide().maxEvents());
            }
            for (E event : events) {
                next = Objects.requireNonNull(decider.evolve(next, event), "evolve gave null");
                states.add(next);
                Codec.Encoded bytes = served.codec().writeEvent(event);
                if (bytes.payload().length > rules.properties().maxMessage().toBytes()) {
                    throw new DecisionTooLarge("The event " + bytes.type() + " has " + bytes.payload().length
                            + " bytes; hive.max-message allows " + rules.properties().maxMessage());
                }
                bytesOfAll += bytes.payload().length;
                if (bytesOfAll > rules.properties().decide().maxBytes().toBytes()) {
                    throw new DecisionTooLarge("The events of the decision exceed hive.decide.max-bytes ("
                            + rules.properties().decide().maxBytes().toBytes() + " bytes)");
                }
                encoded.add(bytes);
            }
            if (write) {
                served.snapshots().writeState(next);
            }
        }
        return new Outcome<>(Objects.requireNonNull(decision, "decide gave null"), states, encoded);
    }

    private Outgoing event(Incoming command, String id, long version, Codec.Encoded event) {
        return event.into(following(command, events)).with(Header.ID, id + ":" + version)
                .with(Header.SEQUENCE, version);
    }

    private void answer(IdentifiedCommand identified, Result result) {
        Incoming command = identified.command();
        byte[] json = RESULTS.writeValueAsBytes(result);
        outcomes[result.outcome().ordinal()]++;
        outcome(result.outcome().name());
        CommandIdentity identity = identified.answered();
        byte[] replyTo = Outgoing.passedOn(command, Header.REPLY_TO);
        if (replyTo != null) {
            keep(identified, identity, result, json);
            if (identity != null && Arrays.equals(replyTo, here)) {
                own.add(new Answer(identity, result));
            }
        }
        if (commandHeader == null) {
            commandHeader = new RecordHeader(Header.COMMAND,
                    identity == null ? CommandIdentity.header(identified.hash()) : identity.header(-1));
        }
        outgoing.add(following(command, answers)
                .with(Header.ID, result.commandId() + "/" + command.partition().partition() + "/" + command.offset())
                .with(IS_RESULT).with(Header.REPLY_TO, replyTo).payload(json));
    }

    /**
     * Keeps a result that cannot be found otherwise: the aggregate remembers commands that had events. The rejection of a
     * reused id does not replace the first answer.
     */
    private void keep(IdentifiedCommand identified, @Nullable CommandIdentity identity, Result result, byte[] json) {
        if (identity != null && result.firstVersion() == null && !Result.Code.KEY_REUSED.equals(result.code())) {
            results.put(KeptResult.field(identified.aggregateId(), identified.hash()),
                    KeptResult.write(identity.bodyText(), json));
        }
    }

    /** What comes of the command in hand. */
    private Outgoing following(Incoming command, String topic) {
        Outgoing.Following known = following;
        if (known == null) {
            known = Outgoing.following(command, Outgoing.OF_COMMANDS, null);
            following = known;
        }
        return known.to(topic, owned().slot().partition(), Objects.requireNonNull(command.key())).with(source)
                .with(time).with(Objects.requireNonNull(commandHeader))
                .with(Header.SUBJECT, command.key()).with(positionHeader);
    }

    @Override
    public void ended(boolean committed) {
        super.ended(committed);
        if (committed) {
            for (Result.Outcome outcome : Result.Outcome.values()) {
                rules.outcomes().count(served.name(), outcome, outcomes[outcome.ordinal()]);
            }
        }
    }
}
