package dev.hivestream.cacherebuilder;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.model.Domain;
import dev.hivestream.model.Effect;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import java.io.IOException;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;

/** A domain whose sagas handle orders, with the code that tests choose. */
public final class Orders implements Domain {

    /** The code of the sagas. */
    enum Code {
        FIRST,
        /** Charges more and waits longer. */
        OTHER,
        /** Does not know what to do with a note. */
        UNFOLDABLE
    }

    public sealed interface Command {
        record Charge(long amount) implements Command {}
    }

    public sealed interface Event {
        record Placed(long amount) implements Event {}

        record Noted(String text) implements Event {}

        record Paid() implements Event {}
    }

    /** The events of an order. */
    public record Seen(List<String> what) {}

    static final Aggregate<Command, Seen, Event> SHOP = Aggregate.named("shop", new Nothing(), Seen.class)
            .command("charge", Command.Charge.class).event("placed", Event.Placed.class)
            .event("noted", Event.Noted.class).event("paid", Event.Paid.class).build();

    private static final List<String> SAGAS = List.of("order", "damaged", "large", "missing");

    /** The code on the class path. */
    static volatile Code code = Code.FIRST;

    static SagaType<Event, Seen, Command> saga(String name, Code code) {
        return SagaType.named(name, new Handles(code), Seen.class).startsOn(SHOP, Event.Placed.class)
                .reactsTo(SHOP, Event.Noted.class, Event.Paid.class).sends(SHOP, Command.Charge.class).deadline("late")
                .evolveVersion(code.ordinal() + 1).build();
    }

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of(SHOP);
    }

    @Override
    public List<SagaType<?, ?, ?>> sagas() {
        List<SagaType<?, ?, ?>> sagas = new ArrayList<>();
        SAGAS.forEach(name -> sagas.add(saga(name, code)));
        return sagas;
    }

    private record Handles(Code code) implements Saga<Event, Seen, Command> {

        @Override
        public String correlate(Signal.Happened<Event> event) {
            return event.id();
        }

        @Override
        public Seen initialState() {
            return new Seen(List.of());
        }

        @Override
        public Seen evolve(Seen state, Signal<Event> signal) {
            List<String> more = new ArrayList<>(state.what());
            more.add(switch (signal) {
                case Signal.Happened<Event>(Event.Noted(String _), _, _, _) when code == Code.UNFOLDABLE ->
                    throw new IllegalStateException("no notes");
                case Signal.Happened<Event>(Event.Noted(String text), _, _, _) -> text;
                case Signal.Happened<Event> happened -> happened.event().getClass().getSimpleName();
                case Signal.DeadlineReached<Event> reached -> reached.name();
                case Signal.Answered<Event> answered -> answered.step();
            });
            return new Seen(more);
        }

        @Override
        public List<Effect<Command>> react(Seen state, Signal<Event> signal) {
            boolean isOther = code == Code.OTHER;
            return switch (signal) {
                case Signal.Happened<Event>(Event.Placed(long amount), _, _, _) ->
                    List.of(Effect.send("charge", "bank", new Command.Charge(isOther ? amount + 1 : amount)),
                            Effect.deadline("late", Duration.ofMinutes(isOther ? 20 : 10)));
                case Signal.Happened<Event>(Event.Paid(), _, _, _) -> List.of(Effect.complete());
                default -> List.of();
            };
        }
    }

    /** Nothing is decided here: the tests write the histories. */
    private static final class Nothing implements Decider<Command, Seen, Event> {
        @Override
        public Seen initialState() {
            return new Seen(List.of());
        }

        @Override
        public Decision<Event> decide(Command command, Seen state) {
            return Decision.accept();
        }

        @Override
        public Seen evolve(Seen state, Event event) {
            return state;
        }
    }

    /** Finds this domain and no other. */
    static ClassLoader loader() {
        return new ClassLoader(Orders.class.getClassLoader()) {
            @Override
            public Enumeration<URL> getResources(String name) throws IOException {
                return name.equals("META-INF/services/" + Domain.class.getName())
                        ? Collections.enumeration(List.of(Orders.class.getResource("/orders/" + name)))
                        : super.getResources(name);
            }
        };
    }
}
