package dev.hivestream.runtime.saga;

import dev.hivestream.model.Effect;
import dev.hivestream.model.EventType;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.domain.DomainCode;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.EventCodec;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.saga.Instance.Best;
import dev.hivestream.runtime.saga.Instance.Status;
import dev.hivestream.runtime.saga.Instance.Step;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;

/**
 * What a message does to an instance. A message of the inbox is {@linkplain #handle handled}: the domain decides what is to
 * be done, and that is recorded. A record of the history is {@linkplain #fold folded}: the domain gives the state only, and
 * what was done stands as it is recorded, whatever this code would do. Thread-safe.
 *
 * @param <E> the events that the saga reacts to
 * @param <S> state
 * @param <C> the commands that it sends
 */
public final class Reactor<E, S, C> {

    /** The deadline at which messages that came early are given up. */
    public static final String EARLY = "hive.early";
    /** What is due, like a deadline, while messages that were held in the history have to be put into the inbox again. */
    public static final String LATER = "hive.held";

    private static final Logger LOG = LoggerFactory.getLogger(Reactor.class);
    private static final ObjectReader RESULTS = Json.TOLERANT.readerFor(Result.class);

    private final SagaType<E, S, C> type;
    private final Limits limits;
    private final Saga<E, S, C> saga;
    private final EventCodec<E> events;
    private final ObjectWriter states;
    private final Map<Class<?>, ObjectWriter> commands = new HashMap<>();

    /**
     * What messages may take.
     *
     * @param longest command that is sent, as JSON, in bytes
     * @param early how many messages of one instance wait for its start
     * @param earlyBytes what these have together, in bytes of their payloads
     * @param earlyKept how long they wait
     * @param held how many messages a parked instance holds itself
     * @param heldBytes what these have together, in bytes of their payloads
     */
    public record Limits(long longest, int early, long earlyBytes, Duration earlyKept, int held, long heldBytes) {

        /** With the defaults; a fold of the past needs none. */
        public static Limits of(long longest) {
            return new Limits(longest, 100, 1024 * 1024, Duration.ofDays(7), 100, 1024 * 1024);
        }
    }

    Reactor(SagaType<E, S, C> type, Limits limits) {
        this.type = type;
        this.limits = limits;
        this.saga = type.saga();
        Map<String, EventType<E>> declared = new HashMap<>();
        type.reactions().forEach((name, reaction) -> declared.put(name, reaction.event()));
        this.events = new EventCodec<>("the saga '" + type.name() + "'", declared);
        this.states = Json.TOLERANT.writerFor(type.stateType());
        type.commands().keySet().forEach(command -> commands.put(command, Json.TOLERANT.writerFor(command)));
    }

    /**
     * A command to be sent.
     *
     * @param type its wire name
     * @param aggregate the aggregate type
     * @param id of the aggregate
     * @param payload JSON
     * @param attempt which copy it is, from 1
     */
    public record Command(String step, String commandId, String type, String aggregate, String id, String payload,
            int attempt) {}

    /**
     * What became of a message.
     *
     * @param done to be recorded; null if the message changed nothing
     * @param parked the reason if the instance was parked by it
     * @param fault what the domain threw then
     * @param expired messages that waited for a start that did not come: nobody handles them
     */
    public record Handled(@Nullable Done done, List<Command> commands, @Nullable String parked,
            @Nullable Throwable fault, List<Received> expired) {

        private static final Handled NOTHING = new Handled(null, List.of(), null, null, List.of());

        /** Whether the instance is another. */
        public boolean changed() {
            return done != null;
        }
    }

    /**
     * The instance that an event is about, by its own account; null if it is none of the saga's business.
     *
     * @throws Malformed if it cannot be read
     */
    public @Nullable String correlate(Received event) throws Malformed {
        return DomainCode.call(() -> saga.correlate(happened(event, Instant.EPOCH)));
    }

    /**
     * Handles a message of the inbox.
     *
     * @param snapshot of the instance; changed
     * @param remembered how many causes it remembers
     * @param past whether a version that wrote no history handled the message: then it is given what this code does, as that
     *     version would have been
     * @throws Malformed if the record cannot be read; nothing is changed then
     */
    public Handled handle(Snapshot<Instance<S>> snapshot, String id, Received record, int remembered, boolean past)
            throws Malformed {
        String identity = record.identity();
        long time = record.time().toEpochMilli();
        if (!isKnown(record.type())) {
            throw new Malformed("'" + record.type() + "' is no event of the saga '" + type.name() + "'");
        }
        Instance<S> before = snapshot.state();
        if (snapshot.poison() != null
                || snapshot.versionsOf(identity) != null && record.header(Header.AGAIN) == null) {
            return Handled.NOTHING;
        }
        if (before.isEnded() || !before.hasStarted() && !starts(record) && (past || !concernsWaiting(record, before))) {
            if (events.knows(record.type())) {
                // garbage is told even where it does no harm
                readable(record);
            }
            return Handled.NOTHING;
        }
        Run run = new Run(id, snapshot, null, null);
        if (!run.run(record)) {
            return Handled.NOTHING;
        }
        snapshot.advance(run.instance.changed(time), identity, remembered);
        return new Handled(run.done(), run.sent, run.newlyParked, run.fault, run.expired);
    }

    /** Of one that has not started: an event waits for the start, and a deadline ends the wait. */
    private boolean concernsWaiting(Received record, Instance<S> instance) throws Malformed {
        return events.knows(record.type()) || record.type().equals(Received.DEADLINE)
                && instance.deadlines().containsKey(record.require(Header.SUBJECT));
    }

    /**
     * Folds a record of the history.
     *
     * @param snapshot of the instance; changed
     * @param record the message
     * @param done what it did, as it is recorded
     * @param remembered how many causes it remembers
     * @param differences is given, for people, what was done and what this code would do, where that is not the same; null if
     *     the domain is not to be asked
     * @throws Malformed if the record is none of a history
     */
    public void fold(Snapshot<Instance<S>> snapshot, String id, Received record, Done done, int remembered,
            @Nullable BiConsumer<List<String>, List<String>> differences) throws Malformed {
        Run run = new Run(id, snapshot, done, differences);
        var _ = run.run(record);
        snapshot.advance(run.instance.changed(record.time().toEpochMilli()), record.identity(), remembered);
    }

    /** Other faults than an event that is none wait until the event is of use. */
    private void readable(Received record) throws Malformed {
        try {
            happened(record, record.time());
        } catch (Malformed e) {
            throw e;
        } catch (Throwable e) {
            Throwable fault = DomainFault.of(e);
            LOG.debug("'{}' cannot be read for the saga '{}'", record.type(), type.name(), fault);
        }
    }

    private boolean isKnown(String name) {
        return switch (name) {
            case Received.RESULT, Received.DEADLINE, Received.PARKED, Received.RETRY, Received.SKIP, Received.END ->
                true;
            default -> events.knows(name);
        };
    }

    private boolean starts(Received record) {
        SagaType.Reaction<E> reaction = type.reactions().get(record.type());
        return reaction != null && reaction.starts();
    }

    private Signal.Happened<E> happened(Received record, Instant time) throws Malformed {
        String version = record.header(Header.DATA_VERSION);
        int number = version == null ? 1 : Math.clamp(record.number(Header.DATA_VERSION), 0, Integer.MAX_VALUE);
        E event = DomainCode.call(() -> events.read(record.type(), number, record.payload()));
        return new Signal.Happened<>(event, Objects.requireNonNull(type.reactions().get(record.type())).aggregate(),
                record.require(Header.SUBJECT), time);
    }

    /**
     * The handling of one message and of those that had waited for it; for a message of the past, as its {@link Done} says.
     */
    private final class Run {

        private final String id;
        private final Snapshot<Instance<S>> snapshot;
        private final @Nullable Done past;
        private final @Nullable BiConsumer<List<String>, List<String>> differences;
        private Instance<S> instance;
        private Done.How how = Done.How.HANDLED;
        private final List<Done.Turn> turns = new ArrayList<>();
        private final List<Command> sent = new ArrayList<>();
        private List<Received> expired = List.of();
        private @Nullable String newlyParked;
        private @Nullable Throwable fault;
        /** Of what was done so far, as it is recorded. */
        private long bytes;
        /** Whether a message was left alone that may be handled when the record of this one is written. */
        private boolean full;

        private Run(String id, Snapshot<Instance<S>> snapshot, @Nullable Done past,
                @Nullable BiConsumer<List<String>, List<String>> differences) {
            this.id = id;
            this.snapshot = snapshot;
            this.past = past;
            this.differences = differences;
            this.instance = snapshot.state();
        }

        Done done() {
            return new Done(how, turns, instance.parked(), instance.unsent());
        }

        /** Whether it changed anything. */
        boolean run(Received record) throws Malformed {
            String again = record.header(Header.AGAIN);
            if (again != null) {
                return again(record, again);
            }
            return switch (record.type()) {
                case Received.PARKED -> park(record);
                case Received.RETRY -> retry();
                case Received.SKIP -> skip();
                case Received.END -> end();
                default -> signal(record);
            };
        }

        /**
         * Says, in an inbox of a version that wrote no history, that a record parked it, which newer code may not have done
         * again: then what it sent since that record is not sent.
         */
        private boolean park(Received record) throws Malformed {
            if (past != null) {
                parkAsRecorded(past);
                return true;
            }
            String why = record.require(Header.DEAD_REASON);
            Snapshot.Versions failed = snapshot.versionsOf(record.require(Header.FAILED_ON));
            if (instance.parked() == null) {
                // a record that newer code passes over sent nothing
                instance = instance.parkedByOthers(Outgoing.brief(why),
                        failed == null ? Long.MAX_VALUE : failed.first());
            }
            return true;
        }

        private void parkAsRecorded(Done recorded) {
            if (recorded.parked() != null && instance.parked() == null) {
                instance = instance.parkedByOthers(recorded.parked(),
                        recorded.unsent() == null ? Long.MAX_VALUE : recorded.unsent());
            }
        }

        private boolean retry() throws Malformed {
            Long unsent = instance.unsent();
            List<Instance.Held> waiting = instance.held();
            if (past == null && instance.broken() != null) {
                return false;
            }
            if (instance.parked() == null) {
                List<Done.Act> again = new ArrayList<>();
                instance.steps().forEach((step, command) -> {
                    if (!command.answered()) {
                        again.add(new Done.SentAgain(step));
                    }
                });
                Done.Turn turn = past == null ? new Done.Turn(again, null) : next();
                turns.add(turn);
                act(turn.acts(), snapshot.version() + 1);
            } else if (unsent != null && past == null) {
                // no further copies: their answers are the same whether they are sent here or were by another
                instance.steps().forEach((name, step) -> {
                    if (!step.answered() && step.since() >= unsent) {
                        sent.add(command(name, step));
                    }
                });
            }
            goOnUnparked(waiting);
            return true;
        }

        private boolean skip() throws Malformed {
            if (past == null && (instance.parked() == null || instance.broken() != null)) {
                return false;
            }
            List<Instance.Held> waiting = instance.held();
            // the message that other code failed on is not among them: this code has handled it
            int skipped = Math.min(waiting.size(), instance.unsent() == null ? 1 : 0);
            goOnUnparked(waiting.subList(skipped, waiting.size()));
            return true;
        }

        private boolean end() {
            instance = instance.ended(Status.ENDED);
            return true;
        }

        private void goOnUnparked(List<Instance.Held> waiting) throws Malformed {
            instance = instance.parked(null, List.of());
            goOn(waiting);
            feed();
        }

        private void goOn(List<Instance.Held> waiting) throws Malformed {
            for (int i = 0; i < waiting.size() && !instance.isEnded(); i++) {
                if (past != null && isOver()) {
                    parkAsRecorded(past);
                    instance = instance.held(waiting.subList(i, waiting.size()));
                    return;
                }
                Received held = Received.of(waiting.get(i));
                try {
                    var _ = turn(held);
                } catch (Malformed e) {
                    // it could be read when it came, by other code
                    park(instance, held, e);
                }
                if (full) {
                    // nothing failed: a record has a limit
                    instance = instance
                            .parkedByOthers("What the messages that were held led to fills a record; "
                                    + "a retry goes on with the others", Long.MAX_VALUE)
                            .held(waiting.subList(i, waiting.size()));
                    return;
                }
                if (instance.parked() != null) {
                    holdBehind(waiting.subList(i + 1, waiting.size()));
                    return;
                }
            }
        }

        private void holdBehind(List<Instance.Held> others) {
            List<Instance.Held> all = new ArrayList<>(instance.held());
            all.addAll(others);
            instance = instance.held(all);
        }

        private boolean signal(Received record) throws Malformed {
            if (past == null
                    ? instance.isStill() && instance.hasStarted()
                    : past.how() == Done.How.HELD || past.how() == Done.How.LATER) {
                return hold(record);
            }
            if (record.type().equals(Received.DEADLINE) && record.require(Header.SUBJECT).equals(EARLY)) {
                return expire(record);
            }
            if (past == null ? !instance.hasStarted() && !starts(record) : past.how() == Done.How.EARLY) {
                return keepEarly(record);
            }
            List<Instance.Held> early = List.of();
            if (!instance.hasStarted()) {
                early = instance.early();
                instance = instance.started(record.time().toEpochMilli(), record.header(Header.CORRELATION_ID))
                        .early(List.of());
                if (!early.isEmpty()) {
                    instance = instance.deadline(EARLY, null);
                }
            }
            if (!turn(record)) {
                return false;
            }
            if (instance.parked() != null) {
                holdBehind(early);
            } else {
                goOn(early);
            }
            return true;
        }

        private boolean hold(Received record) throws Malformed {
            if (past == null) {
                // what cannot be read is told when it comes
                if (events.knows(record.type())) {
                    readable(record);
                } else {
                    var _ = read(record);
                    instance = snapshot.state();
                }
                if (instance.parked() == null) {
                    instance = instance.parkedByOthers(String.valueOf(instance.broken()), Long.MAX_VALUE);
                }
            } else {
                parkAsRecorded(past);
            }
            List<Instance.Held> more = new ArrayList<>(instance.held());
            if (past == null ? instance.later() != null || isFull(more, record) : past.how() == Done.How.LATER) {
                how = Done.How.LATER;
                Instance.Later later = instance.later();
                instance = instance.later(later == null
                        ? new Instance.Later(1, snapshot.version(), false)
                        : new Instance.Later(later.count() + 1, later.fed(), later.feeding()));
                return true;
            }
            how = Done.How.HELD;
            more.add(record.held());
            instance = instance.held(more);
            return true;
        }

        private boolean isFull(List<Instance.Held> waiting, Received record) {
            return waiting.size() >= limits.held || bytes(waiting, record) > limits.heldBytes;
        }

        private static long bytes(List<Instance.Held> waiting, Received record) {
            long bytes = record.payload() == null ? 0 : record.payload().length;
            for (Instance.Held one : waiting) {
                bytes += one.payload() == null ? 0 : one.payload().getBytes(StandardCharsets.UTF_8).length;
            }
            return bytes;
        }

        /** One that was held in the history: they come in order, each after the one before, and may come more than once. */
        private boolean again(Received record, String place) throws Malformed {
            Instance.Later later = instance.later();
            int colon = place.indexOf(':');
            if (later == null || colon < 0
                    || past == null && (instance.broken() != null || !later.feeding()
                            || !place.substring(0, colon).equals("" + later.fed()))) {
                return false;
            }
            long version = number(place.substring(colon + 1));
            instance = instance.parked(null, List.of())
                    .later(later.count() == 1 ? null : new Instance.Later(later.count() - 1, version, false));
            try {
                var _ = turn(record);
            } catch (Malformed e) {
                park(instance, record, e);
            }
            feed();
            return true;
        }

        private static long number(String text) throws Malformed {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw new Malformed("The header " + Header.AGAIN + " is '" + text + "' and not a version", e);
            }
        }

        /** If nothing stands in the way of those that were held in the history: they come before anything else. */
        private void feed() {
            Instance.Later later = instance.later();
            if (later != null && instance.parked() == null && !instance.isEnded()) {
                instance = instance
                        .parkedByOthers("Further messages that were held come from the history", Long.MAX_VALUE)
                        .later(new Instance.Later(later.count(), later.fed(), true));
            }
        }

        private boolean keepEarly(Received record) throws Malformed {
            List<Instance.Held> more = new ArrayList<>(instance.early());
            Done.Turn turn = Done.Turn.NOTHING;
            if (past != null) {
                turn = next();
            } else {
                readable(record);
                requireRoom(more, record);
                if (more.isEmpty()) {
                    turn = new Done.Turn(List.of(
                            new Done.DeadlineSet(EARLY, record.time().plus(limits.earlyKept).toEpochMilli())), null);
                }
                turns.add(turn);
            }
            how = Done.How.EARLY;
            act(turn.acts(), snapshot.version() + 1);
            more.add(record.held());
            instance = instance.early(more);
            return true;
        }

        private void requireRoom(List<Instance.Held> waiting, Received record) throws Malformed {
            if (waiting.size() >= limits.early || bytes(waiting, record) > limits.earlyBytes) {
                throw new Malformed("The instance '" + id + "' has not started, and " + waiting.size()
                        + " messages wait for its start already (hive.saga.early-messages)");
            }
        }

        private boolean expire(Received record) throws Malformed {
            Instance.Deadline pending = instance.deadlines().get(EARLY);
            if (pending == null || pending.setting() != record.number(Header.SETTING)) {
                return false;
            }
            expired = instance.early().stream().map(Received::of).toList();
            instance = instance.early(List.of()).deadline(EARLY, null);
            return true;
        }

        /** Whether the past had no more turns. */
        private boolean isOver() {
            return past != null && turns.size() >= past.turns().size();
        }

        private Done.Turn next() {
            return past == null || isOver() ? Done.Turn.NOTHING : past.turns().get(turns.size());
        }

        /**
         * Handles one message: by the domain, or as it is recorded.
         *
         * @return whether it changed anything
         */
        private boolean turn(Received record) throws Malformed {
            Done.@Nullable Turn recorded = past == null ? null : next();
            Instance<S> before = instance;
            if (recorded != null && recorded.failed() != null) {
                turns.add(recorded);
                instance = before.parked(recorded.failed(), List.of(record.held()));
                return true;
            }
            // one that was held has the version that it had when it came
            Snapshot.Versions held = snapshot.versionsOf(record.identity());
            long version = held == null ? snapshot.version() + 1 : held.first();
            if (recorded != null) {
                turns.add(recorded);
                evolve(record, recorded);
                act(recorded.acts(), version);
                return true;
            }
            try {
                Signal<E> signal = read(record);
                if (signal == null) {
                    turns.add(Done.Turn.NOTHING);
                    return instance != before;
                }
                // what it changes belongs to this run
                List<Done.Act> acts = DomainCode.call(() -> {
                    S next = evolved(signal);
                    // a state that cannot be written is found out here, while its instance can still be parked
                    states.writeValueAsBytes(next);
                    List<Done.Act> wanted = acts(saga.react(next, signal), signal, record);
                    instance = instance.state(next);
                    return wanted;
                });
                requireRecordable(acts);
                turns.add(new Done.Turn(acts, null));
                act(acts, version);
            } catch (Malformed e) {
                throw e;
            } catch (TooMuch e) {
                full = bytes > 0;
                if (full) {
                    instance = before;
                } else {
                    park(before, record, e);
                }
            } catch (Throwable e) {
                park(before, record, DomainFault.of(e));
            }
            return true;
        }

        private S evolved(Signal<E> signal) {
            return Objects.requireNonNull(saga.evolve(instance.state(), signal), "evolve gave null");
        }

        /** Gives the state after a message of the past, if this code can. */
        private void evolve(Received record, Done.Turn recorded) {
            try {
                Signal<E> signal = read(record);
                if (signal != null && instance.broken() == null) {
                    S next = DomainCode.call(() -> evolved(signal));
                    instance = instance.state(next);
                    compare(next, signal, record, recorded);
                }
            } catch (Throwable e) {
                Throwable thrown = DomainFault.of(e);
                LOG.debug("'{}' of the past cannot be folded into the instance '{}' of {}", record.type(), id,
                        type.name(), thrown);
                instance = instance.broken("This code cannot fold '" + record.type()
                        + "', which other code handled: " + thrown);
                if (differences != null) {
                    differences.accept(texts(recorded.acts()), List.of("cannot fold it: " + thrown));
                }
            }
        }

        private void compare(S next, Signal<E> signal, Received record, Done.Turn recorded) {
            if (differences == null) {
                return;
            }
            List<String> now;
            try {
                List<Done.Act> acts = DomainCode.call(() -> acts(saga.react(next, signal), signal, record));
                if (comparable(acts).equals(comparable(recorded.acts()))) {
                    return;
                }
                now = texts(acts);
            } catch (Throwable e) {
                now = List.of("fails: " + DomainFault.of(e));
            }
            differences.accept(texts(recorded.acts()), now);
        }

        private static List<Done.Act> comparable(List<Done.Act> acts) {
            return acts.stream().map(Done.Act::comparable).toList();
        }

        private static List<String> texts(List<Done.Act> acts) {
            return acts.stream().map(Done.Act::text).toList();
        }

        private void park(Instance<S> before, Received record, Throwable thrown) throws Malformed {
            fault = thrown;
            newlyParked = Outgoing
                    .brief("The saga failed on '" + record.type() + "' (" + record.cause() + "): " + thrown);
            turns.add(new Done.Turn(List.of(), newlyParked));
            instance = before.parked(newlyParked, List.of(record.held()));
        }

        private @Nullable Signal<E> read(Received record) throws Malformed {
            Instant time = record.time();
            switch (record.type()) {
                case Received.RESULT -> {
                    return answer(record, time);
                }
                case Received.DEADLINE -> {
                    String name = record.require(Header.SUBJECT);
                    long setting = record.number(Header.SETTING);
                    Instance.Deadline pending = instance.deadlines().get(name);
                    if (pending == null || pending.setting() != setting) {
                        return null;
                    }
                    instance = instance.deadline(name, null);
                    return new Signal.DeadlineReached<>(name, time);
                }
                default -> {
                    Signal.Happened<E> happened = happened(record, time);
                    instance = instance.overdue(null);
                    return happened;
                }
            }
        }

        /** A copy's result is the answer when it is the last copy: they are decided in the order in which they were sent. */
        private @Nullable Signal<E> answer(Received record, Instant time) throws Malformed {
            Result result = result(record);
            String name = record.require(Header.SAGA_STEP);
            long attempt = record.number(Header.SAGA_ATTEMPT);
            Step step = instance.steps().get(name);
            if (step == null || step.answered() || !step.commandId().equals(result.commandId())) {
                return null;
            }
            Best best = better(step.best(), new Best(result.outcome().name(), result.code(), result.reason()));
            if (attempt < step.attempt()) {
                instance = instance.step(name, step.heard(best));
                return null;
            }
            instance = instance.overdue(null).step(name, step.answered(best));
            return new Signal.Answered<>(name, switch (Result.Outcome.valueOf(best.outcome())) {
                case accepted -> new Signal.Answer.Accepted();
                case rejected -> new Signal.Answer.Rejected(String.valueOf(best.code()), best.reason());
                case failed -> new Signal.Answer.Failed(String.valueOf(best.code()), best.reason());
            }, time);
        }

        /** What effects come to: checked, and complete. */
        private List<Done.Act> acts(List<Effect<C>> effects, Signal<E> signal, Received record) throws Malformed {
            List<Done.Act> acts = new ArrayList<>();
            Done.@Nullable Ended end = null;
            int index = 0;
            for (Effect<C> effect : effects) {
                switch (effect) {
                    case Effect.Send<C>(String step, String target, C command) ->
                        acts.add(sent(step, target, command, commandId(record.cause(), index)));
                    case Effect.SendAgain<C>(String step) -> acts.add(new Done.SentAgain(step));
                    case Effect.SetDeadline<C>(String name, Duration after) ->
                        acts.add(new Done.DeadlineSet(declared(name), signal.time().plus(after).toEpochMilli()));
                    case Effect.CancelDeadline<C>(String name) -> acts.add(new Done.DeadlineCancelled(declared(name)));
                    case Effect.Overdue<C>(String reason) -> acts.add(new Done.Overdue(Outgoing.brief(reason)));
                    case Effect.End<C>(boolean compensated) -> end = new Done.Ended(compensated);
                }
                index++;
            }
            if (end != null) {
                acts.add(end);
            }
            return acts;
        }

        private Done.Sent sent(String step, String target, C command, String commandId) {
            SagaType.Sent<C> declared = type.commands().get(command.getClass());
            if (declared == null) {
                throw new IllegalStateException(command.getClass().getName() + " is not declared as a command of the "
                        + type);
            }
            requireTarget(step, target);
            String payload = Objects.requireNonNull(commands.get(command.getClass())).writeValueAsString(command);
            int length = payload.getBytes(StandardCharsets.UTF_8).length;
            if (length > limits.longest) {
                throw new IllegalStateException("The command '" + declared.wireName() + "' has " + length
                        + " bytes; hive.max-message allows " + limits.longest);
            }
            return new Done.Sent(step, commandId, declared.wireName(), target, payload);
        }

        private void requireRecordable(List<Done.Act> acts) {
            long more = 0;
            for (Done.Act act : acts) {
                more += act.bytes();
            }
            long allowed = Topics.doneBytes(limits.longest);
            if (bytes + more > allowed) {
                throw new TooMuch("What was done for one message takes " + more + " bytes in the history; " + allowed
                        + " are allowed");
            }
            bytes += more;
        }

        /** A fold has to send what was sent in format 1; its receiver refuses what is an id no more, and answers. */
        private static void requireTarget(String step, String target) {
            try {
                Ids.requireText("id of the aggregate", target);
            } catch (Malformed e) {
                throw new IllegalStateException("The command of the step '" + step + "' has no valid target. "
                        + e.getMessage(), e);
            }
        }

        /** Does it; of the past, nothing is sent. */
        private void act(List<Done.Act> acts, long version) {
            for (Done.Act act : acts) {
                switch (act) {
                    case Done.Sent(String step, String commandId, String wireName, String to, String payload) -> {
                        Step first = new Step(commandId, wireName, to, payload, 1, version, false, null);
                        instance = instance.step(step, first);
                        sent.add(command(step, first));
                    }
                    case Done.SentAgain(String name) -> {
                        Step step = instance.steps().get(name);
                        if (step != null && !step.answered()) {
                            Step again = step.again(version);
                            instance = instance.step(name, again);
                            sent.add(command(name, again));
                        }
                    }
                    case Done.DeadlineSet(String name, long due) -> instance = instance.deadline(name, due);
                    case Done.DeadlineCancelled(String name) -> instance = instance.deadline(name, null);
                    case Done.Overdue(String reason) -> instance = instance.overdue(reason);
                    case Done.Ended(boolean compensated) ->
                        instance = instance.ended(compensated ? Status.COMPENSATED : Status.COMPLETED);
                }
            }
        }

        private static Command command(String name, Step step) {
            return new Command(name, step.commandId(), step.type(),
                    step.type().substring(0, step.type().indexOf('.')), step.id(), step.payload(), step.attempt());
        }

        private String declared(String deadline) {
            if (!type.deadlines().contains(deadline)) {
                throw new IllegalStateException("'" + deadline + "' is not declared as a deadline of the " + type);
            }
            return deadline;
        }

        private String commandId(String cause, int index) {
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256")
                        .digest((type.name() + "|" + id + "|" + index + "|" + cause).getBytes(StandardCharsets.UTF_8));
                return type.name() + "-" + HexFormat.of().formatHex(digest, 0, 16);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("Every Java platform has SHA-256", e);
            }
        }
    }

    /** What was done for a message does not fit into its record. */
    private static final class TooMuch extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private TooMuch(String message) {
            super(message);
        }
    }

    private static Best better(@Nullable Best before, Best now) {
        return before == null || rank(now) < rank(before) ? now : before;
    }

    private static int rank(Best best) {
        return Result.Outcome.valueOf(best.outcome()).ordinal();
    }

    private static Result result(Received record) throws Malformed {
        try {
            Result result = record.payload() == null ? null : RESULTS.<Result>readValue(record.payload());
            if (result == null) {
                throw new Malformed("The result has no body");
            }
            return result;
        } catch (JacksonException e) {
            throw new Malformed("The result cannot be read", e);
        }
    }
}
