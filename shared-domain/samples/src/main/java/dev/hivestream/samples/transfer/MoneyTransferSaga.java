package dev.hivestream.samples.transfer;

import dev.hivestream.model.Effect;
import dev.hivestream.model.Saga;
import dev.hivestream.model.Signal;
import dev.hivestream.model.Signal.Answer;
import dev.hivestream.model.Signal.Answer.Accepted;
import dev.hivestream.model.Signal.Answer.Failed;
import dev.hivestream.model.Signal.Answer.Rejected;
import dev.hivestream.model.Signal.Answered;
import dev.hivestream.model.Signal.DeadlineReached;
import dev.hivestream.model.Signal.Happened;
import dev.hivestream.model.Steps;
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.transfer.MoneyTransfer.Stage;
import dev.hivestream.samples.transfer.TransferCommand.CompleteTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefundTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefuseTransfer;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves the money of a transfer: out of one account, into the other, one command after the other. Money that cannot be
 * put in goes back.
 *
 * <p>A command whose answer is missing is sent again, the same one; it is never undone, for it may still be accepted. Where
 * a command that cannot be undone is refused, a person has to see to it.
 */
public final class MoneyTransferSaga implements Saga<TransferRequested, MoneyTransfer, Record> {

    /** The deadline for the answer to a command. */
    public static final String ANSWER = "answer";

    static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);
    static final int TRIES = 3;

    @Override
    public String correlate(Happened<TransferRequested> event) {
        return event.id();
    }

    @Override
    public MoneyTransfer initialState() {
        return MoneyTransfer.NONE;
    }

    @Override
    public MoneyTransfer evolve(MoneyTransfer state, Signal<TransferRequested> signal) {
        return switch (signal) {
            case Happened<TransferRequested>(TransferRequested(String from, String to, long amount), _, String id, _) ->
                new MoneyTransfer(Stage.WITHDRAW, id, from, to, amount, 1, Steps.NONE, "");
            case Answered<TransferRequested>(_, Answer answer, _) -> switch (answer) {
                case Accepted _ -> accepted(state);
                case Rejected(String code, _) -> refused(state, code);
                case Failed(String code, _) -> refused(state, code);
            };
            case DeadlineReached<TransferRequested> _ -> state.triedAgain();
        };
    }

    private static MoneyTransfer accepted(MoneyTransfer state) {
        Stage stage = state.stage();
        return switch (stage) {
            case WITHDRAW -> state.having(state.done().and(stage.step())).at(Stage.DEPOSIT);
            case DEPOSIT -> state.having(state.done().and(stage.step())).at(Stage.COMPLETE);
            case REFUND -> state.having(state.done().withoutLast()).at(Stage.MARK_REFUNDED);
            case COMPLETE, REFUSE -> state.at(Stage.COMPLETED);
            case MARK_REFUNDED -> state.at(Stage.COMPENSATED);
            case NONE, STUCK, COMPLETED, COMPENSATED -> state;
        };
    }

    private static MoneyTransfer refused(MoneyTransfer state, String code) {
        Stage stage = state.stage();
        return switch (stage) {
            case WITHDRAW -> state.because(code).at(Stage.REFUSE);
            case DEPOSIT -> state.because(code).at(Stage.REFUND);
            case COMPLETE, REFUSE, REFUND, MARK_REFUNDED -> state.because(stage.step() + ": " + code).at(Stage.STUCK);
            case NONE, STUCK, COMPLETED, COMPENSATED -> state;
        };
    }

    @Override
    public List<Effect<Record>> react(MoneyTransfer state, Signal<TransferRequested> signal) {
        if (signal instanceof DeadlineReached) {
            return again(state);
        }
        return switch (state.stage()) {
            case WITHDRAW -> send(state, state.from(), new Withdraw(state.amount()));
            case DEPOSIT -> send(state, state.to(), new Deposit(state.amount()));
            case COMPLETE -> send(state, state.transfer(), new CompleteTransfer());
            case REFUSE -> send(state, state.transfer(), new RefuseTransfer(state.reason()));
            case REFUND -> undo(state);
            case MARK_REFUNDED -> send(state, state.transfer(), new RefundTransfer(state.reason()));
            case STUCK -> List.of(Effect.cancelDeadline(ANSWER), Effect.overdue(state.reason()));
            case COMPLETED -> List.of(Effect.complete());
            case COMPENSATED -> List.of(Effect.compensated());
            case NONE -> List.of();
        };
    }

    private static List<Effect<Record>> send(MoneyTransfer state, String id, Record command) {
        return List.of(Effect.send(state.stage().step(), id, command), Effect.deadline(ANSWER, ANSWER_WITHIN));
    }

    /** The withdrawal is the only step that is ever undone. */
    private static List<Effect<Record>> undo(MoneyTransfer state) {
        List<Effect<Record>> effects = new ArrayList<>(state.done().undo(
                _ -> Effect.send(state.stage().step(), state.from(), new Deposit(state.amount()))));
        effects.add(Effect.deadline(ANSWER, ANSWER_WITHIN));
        return effects;
    }

    private static List<Effect<Record>> again(MoneyTransfer state) {
        String step = state.stage().step();
        List<Effect<Record>> effects = new ArrayList<>(
                List.of(Effect.sendAgain(step), Effect.deadline(ANSWER, ANSWER_WITHIN)));
        if (state.tries() > TRIES) {
            effects.add(Effect.overdue("No answer to " + step + " after " + TRIES + " tries"));
        }
        return effects;
    }
}
