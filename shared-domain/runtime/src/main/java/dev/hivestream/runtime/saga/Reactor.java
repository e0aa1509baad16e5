package dev.hivestream.runtime.saga;

import dev.hivestream.model.Effect;
import dev.hivestream.model.EventType;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.domain.DomainCode;
import dev.hivestream.runtime.message.EventCodec;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;

/**
 * What a record of the inbox does to an instance. The same whether the record is handled or folded again: only what is
 * done with the commands differs, which are sent or not. Thread-safe.
 *
 * @param <E> the events that the saga reacts to
 * @param <S> state
 * @param <C> the commands that it sends
 */
public final class Reactor<E, S, C> {

    private static final Logger LOG = LoggerFactory.getLogger(Reactor.class);
    private static final ObjectReader RESULTS = Json.TOLERANT.readerFor(Result.class);

    private final SagaType<E, S, C> type;
    private final long longest;
    private final Saga<E, S, C> saga;
    private final EventCodec<E> events;
    private final ObjectWriter states;
    private final Map<Class<?>, ObjectWriter> commands = new HashMap<>();

    /** @param longest command that is sent, as JSON, in bytes */
    Reactor(SagaType<E, S, C> type, long longest) {
        this.type = type;
        this.longest = longest;
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
     * What a record did.
     *
     * @param changed whether the instance is another
     * @param parked the reason if the instance was parked by it
     * @param failedOn source and id of the message that it failed on
     * @param fault what the domain threw then
     * @param effects what was done, for people: {@link Effect}s, or words
     */
    public record Handled(boolean changed, List<Command> commands, @Nullable String parked,
            @Nullable String failedOn, @Nullable Throwable fault,
            List<Object> effects) {

        private static final Handled NOTHING = new Handled(false, List.of(), null, null, null, List.of());
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
     * Handles a record.
     *
     * @param snapshot of the instance; changed
     * @param remembered how many causes it remembers
     * @throws Malformed if the record cannot be read; nothing is changed then
     */
    public Handled handle(Snapshot<Instance<S>> snapshot, String id, Received record, int remembered)
            throws Malformed {
        String cause = record.cause();
        boolean exists = snapshot.version() > 0;
        long time = record.time().toEpochMilli();
        if (!isKnown(record.type())) {
            throw new Malformed("'" + record.type() + "' is no event of the saga '" + type.name() + "'");
        }
        if (snapshot.poison() != null || snapshot.versionsOf(cause) != null) {
            return Handled.NOTHING;
        }
        if (exists ? snapshot.state().isEnded() : !starts(record)) {
            if (events.knows(record.type())) {
                // garbage is told even where it does no harm
                readable(record);
            }
            return Handled.NOTHING;
        }
        Run run = new Run(id, snapshot);
        boolean changed = switch (record.type()) {
            case Received.PARKED -> run.park(record);
            case Received.RETRY -> run.retry();
            case Received.SKIP -> run.skip();
            case Received.END -> run.end();
            default -> run.signal(record);
        };
        if (!changed) {
            return Handled.NOTHING;
        }
        snapshot.advance(run.instance.changed(time, record.header(Header.CORRELATION_ID)), cause, remembered);
        return new Handled(true, run.sent, run.newlyParked, run.failedOn, run.fault,
                run.effects);
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

    /** The handling of one record, and of those that were held. */
    private final class Run {

        private final String id;
        private final Snapshot<Instance<S>> snapshot;
        private Instance<S> instance;
        private final List<Command> sent = new ArrayList<>();
        private final List<Object> effects = new ArrayList<>();
        private @Nullable String newlyParked;
        private @Nullable String failedOn;
        private @Nullable Throwable fault;

        private Run(String id, Snapshot<Instance<S>> snapshot) {
            this.id = id;
            this.snapshot = snapshot;
            this.instance = snapshot.state();
        }

        /**
         * Says that a record parked it, which newer code may not have done again: then what it sent since that record is not
         * sent. Counts as a message either way, so that the fold of the log is the same.
         */
        private boolean park(Received record) throws Malformed {
            String why = record.require(Header.DEAD_REASON);
            Snapshot.Versions failed = snapshot.versionsOf(record.require(Header.FAILED_ON));
            if (instance.parked() == null) {
                // a record that newer code passes over sent nothing
                instance = instance.parkedByOthers(why, failed == null ? Long.MAX_VALUE : failed.first());
            }
            return true;
        }

        private boolean retry() throws Malformed {
            Long unsent = instance.unsent();
            List<Instance.Held> waiting = instance.held();
            if (instance.parked() == null) {
                instance.steps().keySet().forEach(step -> sendAgain(step, snapshot.version() + 1));
            } else if (unsent != null) {
                // no further copies: their answers are the same whether they are sent here or were by another
                instance.steps().forEach((name, step) -> {
                    if (!step.answered() && step.since() >= unsent) {
                        sent.add(command(name, step));
                    }
                });
            }
            instance = instance.parked(null, List.of());
            goOn(waiting);
            return true;
        }

        private boolean skip() throws Malformed {
            if (instance.parked() == null) {
                return false;
            }
            List<Instance.Held> waiting = instance.held();
            // the message that other code failed on is not among them: this code has handled it
            int skipped = instance.unsent() == null ? 1 : 0;
            instance = instance.parked(null, List.of());
            goOn(waiting.subList(skipped, waiting.size()));
            return true;
        }

        private boolean end() {
            effects.add("ended by a person");
            instance = instance.ended(Status.ENDED);
            return true;
        }

        private void goOn(List<Instance.Held> waiting) throws Malformed {
            for (int i = 0; i < waiting.size() && !instance.isEnded(); i++) {
                Received held = Received.of(waiting.get(i));
                try {
                    signal(held);
                } catch (Malformed e) {
                    // it could be read when it came, by other code
                    park(instance, held, e);
                }
                if (instance.parked() != null) {
                    List<Instance.Held> rest = new ArrayList<>(instance.held());
                    rest.addAll(waiting.subList(i + 1, waiting.size()));
                    instance = instance.parked(instance.parked(), rest);
                    return;
                }
            }
        }

        private boolean signal(Received record) throws Malformed {
            if (instance.parked() != null) {
                Instance<S> parked = instance;
                // what cannot be read is told when it comes
                if (events.knows(record.type())) {
                    readable(record);
                } else {
                    read(record);
                }
                List<Instance.Held> more = new ArrayList<>(parked.held());
                more.add(record.held());
                instance = parked.parked(parked.parked(), more);
                effects.add("held");
                return true;
            }
            Instance<S> before = instance;
            int sentBefore = sent.size();
            int effectsBefore = effects.size();
            try {
                Signal<E> signal = read(record);
                if (signal == null) {
                    return !instance.equals(before);
                }
                // what it changes belongs to this run
                DomainCode.call(() -> {
                    react(signal, record);
                    return signal;
                });
            } catch (Malformed e) {
                throw e;
            } catch (Throwable e) {
                Throwable thrown = DomainFault.of(e);
                sent.subList(sentBefore, sent.size()).clear();
                effects.subList(effectsBefore, effects.size()).clear();
                park(before, record, thrown);
            }
            return true;
        }

        private void park(Instance<S> before, Received record, Throwable thrown) throws Malformed {
            fault = thrown;
            failedOn = record.cause();
            newlyParked = "The saga failed on '" + record.type() + "' (" + record.cause() + "): " + thrown;
            effects.add("parked: " + thrown);
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

        private void react(Signal<E> signal, Received record) throws Malformed {
            S next = Objects.requireNonNull(saga.evolve(instance.state(), signal), "evolve gave null");
            // a state that cannot be written is found out here, while its instance can still be parked
            states.writeValueAsBytes(next);
            instance = instance.state(next);
            // one that was held has the version that it had when it came
            Snapshot.Versions held = snapshot.versionsOf(record.cause());
            long version = held == null ? snapshot.version() + 1 : held.first();
            int index = 0;
            Status ending = null;
            for (Effect<C> effect : saga.react(next, signal)) {
                effects.add(effect);
                switch (effect) {
                    case Effect.Send<C>(String step, String target, C command) ->
                        send(step, target, command, commandId(record.cause(), index), version);
                    case Effect.SendAgain<C>(String step) -> sendAgain(step, version);
                    case Effect.SetDeadline<C>(String name, Duration after) ->
                        instance = instance.deadline(declared(name), signal.time().plus(after).toEpochMilli());
                    case Effect.CancelDeadline<C>(String name) -> instance = instance.deadline(declared(name), null);
                    case Effect.Overdue<C>(String reason) -> instance = instance.overdue(reason);
                    case Effect.End<C>(boolean compensated) ->
                        ending = compensated ? Status.COMPENSATED : Status.COMPLETED;
                }
                index++;
            }
            if (ending != null) {
                instance = instance.ended(ending);
            }
        }

        private void send(String step, String target, C command, String commandId, long version) {
            SagaType.Sent<C> declared = type.commands().get(command.getClass());
            if (declared == null) {
                throw new IllegalStateException(command.getClass().getName() + " is not declared as a command of the "
                        + type);
            }
            requireTarget(step, target);
            String payload = Objects.requireNonNull(commands.get(command.getClass())).writeValueAsString(command);
            int bytes = payload.getBytes(StandardCharsets.UTF_8).length;
            if (bytes > longest) {
                throw new IllegalStateException("The command '" + declared.wireName() + "' has " + bytes
                        + " bytes; hive.max-message allows " + longest);
            }
            Step first = new Step(commandId, declared.wireName(), target, payload, 1, version, false, null);
            instance = instance.step(step, first);
            sent.add(command(step, first));
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

        private void sendAgain(String name, long version) {
            Step step = instance.steps().get(name);
            if (step == null || step.answered()) {
                return;
            }
            Step again = step.again(version);
            instance = instance.step(name, again);
            sent.add(command(name, again));
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
