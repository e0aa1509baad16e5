package dev.hivestream.runtime.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.Made;
import dev.hivestream.model.Effect;
import dev.hivestream.model.EventType;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Malformed;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/**
 * Any saga, any change of its code at any time, any order of messages, transactions that are rolled back, and caches that
 * are lost: what was done stands, and nothing is done again.
 */
class ReactorPropertiesTest {

    private static final int CASES = 1_000;
    private static final int REMEMBERED = 1_000;
    private static final String ID = "i-1";
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final List<String> STEPS = List.of("a", "b", "c");
    private static final List<String> DEADLINES = List.of("x", "y");

    public sealed interface Event {
        record Started(int number) implements Event {}

        record Happened(int number) implements Event {}
    }

    public record Order(int number) {}

    public record Count(List<String> heard) {}

    /** Does what its number makes it do: the same for the same state and signal, something else with another number. */
    private static final class AnySaga implements Saga<Event, Count, Order> {

        private long code;

        private SplittableRandom random(Signal<Event> signal, int heard, int salt) {
            return new SplittableRandom(code * 31 + signal.toString().hashCode() * 17L + heard * 7L + salt);
        }

        @Override
        public String correlate(Signal.Happened<Event> event) {
            return event.id();
        }

        @Override
        public Count initialState() {
            return new Count(List.of());
        }

        @Override
        public Count evolve(Count state, Signal<Event> signal) {
            if (random(signal, 0, 1).nextInt(25) == 0) {
                throw new IllegalStateException("evolve");
            }
            List<String> more = new ArrayList<>(state.heard);
            more.add(signal.getClass().getSimpleName() + code % 3);
            return new Count(more);
        }

        @Override
        public List<Effect<Order>> react(Count state, Signal<Event> signal) {
            SplittableRandom random = random(signal, state.heard.size(), 2);
            List<Effect<Order>> effects = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                effects.add(switch (random.nextInt(12)) {
                    case 0, 1, 2, 3 -> Effect.send(STEPS.get(random.nextInt(3)), "t-" + random.nextInt(3),
                            new Order(random.nextInt(5)));
                    case 4, 5 -> Effect.sendAgain(STEPS.get(random.nextInt(3)));
                    case 6, 7 ->
                        Effect.deadline(DEADLINES.get(random.nextInt(2)), Duration.ofSeconds(random.nextInt(9)));
                    case 8 -> Effect.cancelDeadline(DEADLINES.get(random.nextInt(2)));
                    case 9 -> Effect.overdue("so");
                    case 10 -> random.nextInt(4) == 0 ? Effect.complete() : Effect.overdue("again");
                    default -> {
                        if (random.nextInt(3) == 0) {
                            throw new IllegalStateException("react");
                        }
                        yield Effect.compensated();
                    }
                });
            }
            // hardly anything would happen if most sagas ended at once
            return effects.stream().filter(effect -> !(effect instanceof Effect.End<Order>) || random.nextInt(8) == 0)
                    .toList();
        }
    }

    /** One instance from its first message on. */
    private static final class Life {

        private final Made made;
        private final AnySaga saga = new AnySaga();
        private final ServedSaga<Event, Count, Order> served = ServedSaga.of(
                SagaType.named("any", saga, Count.class)
                        .reactsTo("thing", true, new EventType<>("started", Event.Started.class, 1, List.of()))
                        .reactsTo("thing", false, new EventType<>("happened", Event.Happened.class, 1, List.of()))
                        .sends("thing", "order", Order.class).deadline("x").deadline("y").build(),
                4, new Reactor.Limits(1_000, 5, 10_000, Duration.ofDays(1), 3, 10_000));
        private final List<ConsumerRecord<byte[], byte[]>> history = new ArrayList<>();
        private final Map<String, List<Reactor.Command>> sent = new LinkedHashMap<>();
        private final Set<String> copies = new HashSet<>();
        private Snapshot<Instance<Count>> live = served.snapshots().read(ID, null);
        private int number;

        Life(Made made) {
            this.made = made;
            saga.code = made.number();
        }

        void run() throws Malformed {
            for (int i = 5 + made.below(40); i > 0; i--) {
                switch (made.below(10)) {
                    case 0 -> {
                        saga.code = made.number();
                        refold(false);
                    }
                    case 1 -> refold(true);
                    default -> {
                        Received message = message();
                        if (made.oneIn(6)) {
                            // rolled back: it comes again, to the same code or to other
                            attempt(message);
                            if (made.oneIn(3)) {
                                saga.code = made.number();
                                refold(false);
                            }
                        }
                        handle(message);
                    }
                }
            }
            refold(true);
            goesOnOrSaysWhy();
        }

        private void attempt(Received message) {
            try {
                var _ = served.reactor().handle(live.copy(), ID, message, REMEMBERED, false);
            } catch (Malformed e) {
                assertThat(live.state().early()).as("a dead letter").hasSize(5);
            }
        }

        private void handle(Received message) throws Malformed {
            Reactor.Handled handled;
            try {
                handled = served.reactor().handle(live, ID, message, REMEMBERED, false);
            } catch (Malformed e) {
                assertThat(live.state().early()).as("a dead letter").hasSize(5);
                return;
            }
            Done done = handled.done();
            if (done == null) {
                assertThat(handled.commands()).isEmpty();
                return;
            }
            history.add(record(live.version(), message, done.bytes()));
            for (Reactor.Command command : handled.commands()) {
                assertThat(copies.add(command.commandId() + "#" + command.attempt())).as("%s is sent once", command)
                        .isTrue();
                List<Reactor.Command> same = sent.computeIfAbsent(command.commandId(), _ -> new ArrayList<>());
                same.forEach(one -> assertThat(command.payload()).as("a copy").isEqualTo(one.payload()));
                assertThat(command.attempt()).isEqualTo(same.size() + 1);
                same.add(command);
            }
        }

        /** The cache is lost, or belonged to other code. */
        private void refold(boolean sameCode) throws Malformed {
            Snapshot<Instance<Count>> folded = served.snapshots().read(ID, null);
            for (ConsumerRecord<byte[], byte[]> record : history) {
                var _ = served.fold(REMEMBERED, Replay.Poisoned.KEEP_OUT).apply(folded, record);
            }
            assertThat(folded.poison()).isNull();
            assertThat(folded.version()).isEqualTo(live.version());
            assertThat(withoutCode(folded.state())).isEqualTo(withoutCode(live.state()));
            if (sameCode && live.state().broken() == null) {
                // what live code has folded since the last change of it, too
                assertThat(folded.state()).isEqualTo(live.state());
            }
            live = folded;
        }

        /** What does not depend on the code that folds it. */
        private static List<Object> withoutCode(Instance<Count> instance) {
            return List.of(String.valueOf(instance.later()), instance.status(), String.valueOf(instance.parked()),
                    String.valueOf(instance.overdue()),
                    instance.held(), instance.early(), instance.steps(), instance.deadlines(), instance.settings(),
                    instance.started());
        }

        /** Messages that were held are put in again, as long as nothing fails, and all of them are handled. */
        private void feed() throws Malformed {
            for (Instance.Later later = live.state().later(); later != null && later.feeding()
                    && live.state().broken() == null; later = live.state()
                            .later()) {
                long before = later.count();
                handle(waiting(later.fed()).getFirst());
                Instance.Later now = live.state().later();
                assertThat(now == null ? 0 : now.count()).isEqualTo(live.state().isEnded() ? 0 : before - 1);
            }
        }

        private void goesOnOrSaysWhy() throws Malformed {
            feed();
            Instance<Count> instance = live.state();
            if (instance.isEnded() || !instance.hasStarted()) {
                return;
            }
            if (instance.parked() == null) {
                assertThat(instance.held()).isEmpty();
                assertThat(instance.later()).isNull();
            }
            long version = live.version();
            handle(event("happened"));
            assertThat(live.version()).as("it heard of it").isEqualTo(version + 1);
        }

        private Received message() {
            List<Received> possible = new ArrayList<>(List.of(event("started"), event("happened"), event("happened"),
                    person(made.oneOf(Received.RETRY, Received.RETRY, Received.SKIP))));
            if (made.oneIn(40)) {
                possible.add(person(Received.END));
            }
            live.state().deadlines().forEach((name, deadline) -> possible
                    .add(with(record(Received.DEADLINE, name, "{}"), Header.SETTING,
                            "" + (deadline.setting() - made.below(2)))));
            sent.forEach((commandId, commands) -> {
                Reactor.Command command = made.oneOf(commands);
                String outcome = made.oneOf("accepted", "rejected", "failed");
                possible.add(with(with(record(Received.RESULT, command.id(), "{\"commandId\":\"" + commandId
                        + "\",\"aggregate\":\"thing\",\"id\":\"t\",\"outcome\":\"" + outcome + "\""
                        + (outcome.equals("accepted") ? "" : ",\"code\":\"no\",\"reason\":\"so\"") + "}"),
                        Header.SAGA_STEP, command.step()), Header.SAGA_ATTEMPT, "" + command.attempt()));
            });
            Instance.Later later = live.state().later();
            if (later != null && later.feeding()) {
                List<Received> waiting = waiting(later.fed());
                // in order, more than once, or not after the one before it
                possible.clear();
                possible.add(waiting.getFirst());
                possible.add(waiting.getLast());
                possible.add(event("happened"));
            }
            return made.oneOf(possible);
        }

        private List<Received> waiting(long fed) {
            List<Received> waiting = new ArrayList<>();
            long before = fed;
            for (ConsumerRecord<byte[], byte[]> record : history) {
                long version = ServedSaga.heldAt(record);
                if (version > before) {
                    waiting.add(with(Received.of(record), Header.AGAIN, before + ":" + version));
                    before = version;
                }
            }
            return waiting;
        }

        private Received event(String type) {
            return record("thing." + type, ID, "{\"number\":" + made.below(9) + "}");
        }

        private Received person(String what) {
            return record(what, ID, "{}");
        }

        private Received record(String type, String subject, String json) {
            number++;
            return new Received(Map.of(Header.TYPE, type, Header.SOURCE, "/s", Header.ID, "id-" + number,
                    Header.SUBJECT, subject, Header.TIME, START.plusSeconds(number).toString()),
                    json.getBytes(StandardCharsets.UTF_8));
        }

        private static Received with(Received record, String header, String value) {
            Map<String, String> headers = new LinkedHashMap<>(record.headers());
            headers.put(header, value);
            return new Received(headers, record.payload());
        }

        private static ConsumerRecord<byte[], byte[]> record(long version, Received message, byte[] done) {
            ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("any.history", 0, version,
                    ID.getBytes(StandardCharsets.UTF_8), message.payload());
            message.headers().forEach(
                    (name, value) -> record.headers().add(name, value.getBytes(StandardCharsets.UTF_8)));
            record.headers().add(Header.SEQUENCE, ("" + version).getBytes(StandardCharsets.UTF_8));
            record.headers().add(Header.DONE, done);
            return record;
        }
    }

    @Test
    void what_was_done_stands_whatever_the_code_becomes() {
        Made.cases(CASES, made -> {
            try {
                new Life(made).run();
            } catch (Malformed e) {
                throw new AssertionError(e);
            }
        });
    }
}
