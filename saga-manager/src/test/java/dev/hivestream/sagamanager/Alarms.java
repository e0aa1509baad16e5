package dev.hivestream.sagamanager;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.model.Domain;
import dev.hivestream.model.Effect;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A domain of clocks, and a saga that rings them: with deadlines, with a bug, and with other code that tests switch on and off. */
public final class Alarms implements Domain {

    /** Whether the saga throws when it hears of {@link Event.Dropped}. */
    static volatile boolean broken;
    /** What it says then. */
    static volatile String complaint = "a bug";
    /** Whether the saga rings many bells for each {@link Event.Noted}, each under another step. */
    static volatile boolean busy;
    /** Whether the saga is another version of itself, which rings at once and at other times, and does not end. */
    static volatile boolean reworked;

    public sealed interface Command {
        record Ring(List<String> heard) implements Command {}
    }

    public sealed interface Event {
        /** Starts an alarm that rings so many milliseconds later. */
        record Wound(long millis) implements Event {}

        /** Rings so many milliseconds later than now. */
        record Snoozed(long millis) implements Event {}

        record Stopped() implements Event {}

        record Dropped() implements Event {}

        record Noted(String text) implements Event {}

        record Finished() implements Event {}
    }

    /** What was heard of. */
    public record Heard(List<String> what) {}

    static final Aggregate<Command, Heard, Event> CLOCK = Aggregate.named("clock", new Nothing(), Heard.class)
            .command("ring", Command.Ring.class).event("wound", Event.Wound.class)
            .event("snoozed", Event.Snoozed.class).event("stopped", Event.Stopped.class)
            .event("dropped", Event.Dropped.class).event("noted", Event.Noted.class)
            .event("finished", Event.Finished.class).build();

    static final SagaType<Event, Heard, Command> ALARM = alarm("alarm");

    private static SagaType<Event, Heard, Command> alarm(String name) {
        return SagaType.named(name, new Rings(), Heard.class)
                .startsOn(CLOCK, Event.Wound.class)
                .reactsTo(CLOCK, Event.Snoozed.class, Event.Stopped.class, Event.Dropped.class, Event.Noted.class,
                        Event.Finished.class)
                .sends(CLOCK, Command.Ring.class).deadline("ring").build();
    }

    /** A domain with two sagas that react to the same events. */
    public static final class Two implements Domain {

        @Override
        public List<Aggregate<?, ?, ?>> aggregates() {
            return List.of(CLOCK);
        }

        @Override
        public List<SagaType<?, ?, ?>> sagas() {
            return List.of(alarm("first-alarm"), alarm("second-alarm"));
        }
    }

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of(CLOCK);
    }

    @Override
    public List<SagaType<?, ?, ?>> sagas() {
        return List.of(ALARM);
    }

    private static final class Rings implements Saga<Event, Heard, Command> {
        @Override
        public String correlate(Signal.Happened<Event> event) {
            return event.id();
        }

        @Override
        public Heard initialState() {
            return new Heard(List.of());
        }

        @Override
        public Heard evolve(Heard state, Signal<Event> signal) {
            List<String> more = new ArrayList<>(state.what());
            switch (signal) {
                case Signal.Happened<Event>(Event.Dropped _, _, _, _) when broken ->
                    throw new IllegalStateException(complaint);
                case Signal.Happened<Event>(Event.Noted(String text), _, _, _) -> more.add(text);
                case Signal.Happened<Event> happened -> more.add(happened.event().getClass().getSimpleName());
                case Signal.DeadlineReached<Event> reached -> more.add(reached.name());
                case Signal.Answered<Event> answered -> more.add(answered.step());
            }
            return new Heard(more);
        }

        @Override
        public List<Effect<Command>> react(Heard state, Signal<Event> signal) {
            return reworked ? reworked(state, signal) : original(state, signal);
        }

        private static List<Effect<Command>> reworked(Heard state, Signal<Event> signal) {
            return switch (signal) {
                case Signal.Happened<Event> happened -> List.of(Effect.deadline("ring", Duration.ofMillis(1)),
                        Effect.send("reworked", happened.id(), new Command.Ring(state.what())));
                case Signal.DeadlineReached<Event> _ -> List.of(
                        Effect.send("again", "bell", new Command.Ring(state.what())));
                case Signal.Answered<Event> _ -> List.of();
            };
        }

        private static List<Effect<Command>> original(Heard state, Signal<Event> signal) {
            return switch (signal) {
                case Signal.Happened<Event>(Event.Wound(long millis), _, _, _) ->
                    List.of(Effect.deadline("ring", Duration.ofMillis(millis)));
                case Signal.Happened<Event>(Event.Snoozed(long millis), _, _, _) ->
                    List.of(Effect.deadline("ring", Duration.ofMillis(millis)));
                case Signal.Happened<Event>(Event.Stopped _, _, _, _) -> List.of(Effect.cancelDeadline("ring"));
                case Signal.Happened<Event>(Event.Finished _, String _, String id, _) ->
                    List.of(Effect.send("last", id, new Command.Ring(state.what())), Effect.complete());
                case Signal.Happened<Event>(Event.Dropped _, String _, String id, _) ->
                    List.of(Effect.send("dropped", id, new Command.Ring(state.what())));
                case Signal.DeadlineReached<Event> _ -> List.of(
                        Effect.send("ring", "bell", new Command.Ring(state.what())));
                case Signal.Happened<Event>(Event.Noted(String text), _, _, _) when busy -> busy(state, text);
                default -> List.of();
            };
        }
    }

    private static List<Effect<Command>> busy(Heard state, String text) {
        List<Effect<Command>> effects = new ArrayList<>();
        for (int bell = 0; bell < 60; bell++) {
            effects.add(Effect.send("ring-s" + state.what().size() + "-b" + bell, "bell" + bell,
                    new Command.Ring(List.of(text))));
        }
        return effects;
    }

    /** Nobody decides here: the tests write the events. */
    private static final class Nothing implements Decider<Command, Heard, Event> {
        @Override
        public Heard initialState() {
            return new Heard(List.of());
        }

        @Override
        public Decision<Event> decide(Command command, Heard state) {
            return Decision.accept();
        }

        @Override
        public Heard evolve(Heard state, Event event) {
            return state;
        }
    }

    /** Finds this domain and no other. */
    static ClassLoader loader() {
        return loader("alarms");
    }

    /** Finds the domain {@link Two} and no other. */
    static ClassLoader loaderOfTwo() {
        return loader("two-alarms");
    }

    private static ClassLoader loader(String folder) {
        return new ClassLoader(Alarms.class.getClassLoader()) {
            @Override
            public java.util.Enumeration<java.net.URL> getResources(String name) throws java.io.IOException {
                return name.equals("META-INF/services/" + Domain.class.getName())
                        ? Collections.enumeration(List.of(Alarms.class.getResource("/" + folder + "/" + name)))
                        : super.getResources(name);
            }
        };
    }
}
