package dev.hivestream.runtime;

import dev.hivestream.model.Effect;
import dev.hivestream.model.EventType;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.ServedSaga;
import java.util.List;

/** A saga that starts when an order is placed and does nothing. */
public final class IdleSaga implements Saga<IdleSaga.Placed, IdleSaga.Nothing, Object> {

    /** An order was placed. */
    public record Placed() {}

    /** Nothing to remember. */
    public record Nothing() {}

    /** The saga under a name that no other test uses, with one partition. */
    public static ServedSaga<Placed, Nothing, Object> named(String name) {
        return ServedSaga.of(SagaType.named(name, new IdleSaga(), Nothing.class)
                .reactsTo("order", true, new EventType<>("placed", Placed.class, 1, List.of())).build(), 1,
                Reactor.Limits.of(1_000));
    }

    @Override
    public String correlate(Signal.Happened<Placed> event) {
        return event.id();
    }

    @Override
    public Nothing initialState() {
        return new Nothing();
    }

    @Override
    public Nothing evolve(Nothing state, Signal<Placed> signal) {
        return state;
    }

    @Override
    public List<Effect<Object>> react(Nothing state, Signal<Placed> signal) {
        return List.of();
    }
}
