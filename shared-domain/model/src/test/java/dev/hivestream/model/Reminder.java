package dev.hivestream.model;

import dev.hivestream.model.Signal.Answer.Accepted;
import dev.hivestream.model.Signal.Answered;
import dev.hivestream.model.Signal.DeadlineReached;
import dev.hivestream.model.Signal.Happened;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Has an order packed, reminds who has not paid it, and unpacks it in the end. Its state counts signals. */
public class Reminder implements Saga<Record, Integer, Record> {

    public record Placed(String item) {}

    public record Paid() {}

    public record Pack(String item) {}

    public record Unpack() {}

    public record Mail(String text) {}

    private static final Aggregate<Record, Integer, Record> ORDER = Aggregate
            .named("order", new Idle(), Integer.class)
            .command("place", Mail.class)
            .event("placed", Placed.class)
            .event("paid", Paid.class)
            .build();

    private static final Aggregate<Record, Integer, Record> STORE_ROOM = Aggregate
            .named("store-room", new Idle(), Integer.class)
            .command("pack", Pack.class)
            .command("unpack", Unpack.class)
            .event("packed", Placed.class)
            .build();

    public static SagaType<Record, Integer, Record> type(Saga<Record, Integer, Record> saga) {
        return SagaType.named("reminder", saga, Integer.class)
                .startsOn(ORDER, Placed.class)
                .reactsTo(ORDER, Paid.class)
                .sends(STORE_ROOM, Pack.class, Unpack.class)
                .deadline("payment")
                .deadline("patience")
                .build();
    }

    @Override
    public @Nullable String correlate(Happened<Record> event) {
        return event.id().startsWith("test") ? null : event.id();
    }

    @Override
    public Integer initialState() {
        return 0;
    }

    @Override
    public Integer evolve(Integer state, Signal<Record> signal) {
        return state + 1;
    }

    @Override
    public List<Effect<Record>> react(Integer state, Signal<Record> signal) {
        return switch (signal) {
            case Happened<Record>(Placed(String item), _, _, _) -> List.of(
                    Effect.send("pack", "store-1", new Pack(item)), Effect.deadline("payment", Duration.ofDays(1)),
                    Effect.deadline("patience", Duration.ofDays(3)));
            case Happened<Record> _ ->
                List.of(Effect.cancelDeadline("payment"), Effect.cancelDeadline("patience"), Effect.complete());
            case Answered<Record>(var step, Accepted _, _) when step.equals("unpack") -> List.of(Effect.compensated());
            case Answered<Record> _ -> List.of();
            case DeadlineReached<Record>(String name, _) when name.equals("payment") -> List.of(
                    Effect.overdue("Not paid"), Effect.sendAgain("pack"),
                    Effect.deadline("payment", Duration.ofDays(1)));
            case DeadlineReached<Record> _ -> List.of(Effect.cancelDeadline("payment"),
                    Effect.send("unpack", "store-1", new Unpack()));
        };
    }

    private static final class Idle implements Decider<Record, Integer, Record> {

        @Override
        public Integer initialState() {
            return 0;
        }

        @Override
        public Decision<Record> decide(Record command, Integer state) {
            return Decision.accept();
        }

        @Override
        public Integer evolve(Integer state, Record event) {
            return state;
        }
    }
}
