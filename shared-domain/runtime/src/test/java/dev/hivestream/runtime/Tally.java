package dev.hivestream.runtime;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;

/** Adds up, and throws when it is to fold 13. */
public final class Tally implements Decider<Tally.Add, Tally.Total, Tally.Event> {

    /** What it can be asked. */
    public record Add(long amount) {}

    /** What it folds to. */
    public record Total(long sum, String note) {}

    /** What can happen to it. */
    public sealed interface Event {}

    /** An amount came in; version 1 called it {@code number}. */
    public record Added(long amount) implements Event {}

    /** A note was written. */
    public record Noted(String note) implements Event {}

    /** The aggregate under a name that no other test uses. */
    public static Aggregate<Add, Total, Event> named(String name) {
        return Aggregate.named(name, new Tally(), Total.class).command("add", Add.class)
                .event("added", Added.class, payload -> {
                    payload.put("amount", payload.remove("number"));
                    return payload;
                }).event("noted", Noted.class).build();
    }

    @Override
    public Total initialState() {
        return new Total(0, "");
    }

    @Override
    public Decision<Event> decide(Add command, Total state) {
        return Decision.accept(new Added(command.amount()));
    }

    @Override
    public Total evolve(Total state, Event event) {
        return switch (event) {
            case Added(long amount) when amount == 13 -> throw new IllegalStateException("thirteen");
            case Added(long amount) -> new Total(state.sum() + amount, state.note());
            case Noted(String note) -> new Total(state.sum(), note);
        };
    }
}
