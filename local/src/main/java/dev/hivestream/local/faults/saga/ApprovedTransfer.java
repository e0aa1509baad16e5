package dev.hivestream.local.faults.saga;

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
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.content.ContentCommand.CreateContent;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import dev.hivestream.samples.transfer.TransferCommand.CompleteTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefundTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefuseTransfer;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Moves the money of a transfer once somebody has approved it: a review with the transfer's id, whose events come before
 * those of the transfer or after. What it does besides, and in which order, depends on its {@link Code}.
 */
public final class ApprovedTransfer implements Saga<Record, ApprovedTransfer.State, Record> {

    static final String ANSWER = "answer";
    static final String REMINDER = "reminder";
    /** Begins the steps whose commands move no money, and whose answers change nothing. */
    private static final String NOTE = "note";
    private static final Duration REMINDER_AFTER = Duration.ofSeconds(1);
    private static final String RENAMED = "-money";
    private static final int SPARED = 3;

    /** What it waits for: a decision, the answer to a command, nothing any more. */
    public enum Stage {
        NONE, APPROVAL, WITHDRAW, DEPOSIT, COMPLETE, REFUSE, REFUND, MARK_REFUNDED, STUCK, COMPLETED, COMPENSATED;

        private String step() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * How far the money has come.
     *
     * @param transfer the transfer's id; empty before
     * @param reason why it could not go on; empty unless it could not
     * @param folds messages that were folded, in the way of the declared evolve version
     */
    public record State(Stage stage, String transfer, String from, String to, long amount, String reason,
            long folds) {

        private State at(Stage next) {
            return new State(next, transfer, from, to, amount, reason, folds);
        }

        private State because(String why) {
            return new State(stage, transfer, from, to, amount, why, folds);
        }

        private State folded(int evolveVersion) {
            return new State(stage, transfer, from, to, amount, reason, folds + evolveVersion);
        }
    }

    private final Code code;

    ApprovedTransfer(Code code) {
        this.code = code;
    }

    /** The step of the bank that a step is, whatever the code calls it; empty if it moves no money and ends nothing. */
    public static String original(String step) {
        return step.startsWith(NOTE) ? "" : step.replace(RENAMED, "");
    }

    @Override
    public String correlate(Happened<Record> event) {
        return event.id();
    }

    @Override
    public State initialState() {
        return new State(Stage.NONE, "", "", "", 0, "", 0);
    }

    @Override
    public State evolve(State state, Signal<Record> signal) {
        if (code.failure() == Code.Failure.EVOLVE && signal instanceof Answered && isMet(state)) {
            throw new IllegalStateException("This code cannot fold an answer");
        }
        return next(state, signal).folded(code.evolveVersion());
    }

    /** Not all instances run into a bug. */
    private static boolean isMet(State state) {
        return state.transfer().hashCode() % SPARED == 0;
    }

    private static State next(State state, Signal<Record> signal) {
        return switch (signal) {
            case Happened<Record>(TransferRequested(String from, String to, long amount), _, String id, _) ->
                new State(Stage.APPROVAL, id, from, to, amount, "", state.folds());
            case Happened<Record>(ReviewApproved _, _, _, _) -> state.at(Stage.WITHDRAW);
            case Happened<Record>(ReviewRefused(_, String reason), _, _, _) -> state.because(reason).at(Stage.REFUSE);
            case Answered<Record>(String step, Answer answer, _) when isAwaited(state, step) -> switch (answer) {
                case Accepted _ -> accepted(state);
                case Rejected(String why, _) -> refused(state, why);
                case Failed(String why, _) -> refused(state, why);
            };
            case Happened<Record> _,Answered<Record> _,DeadlineReached<Record> _ -> state;
        };
    }

    private static boolean isAwaited(State state, String step) {
        return original(step).equals(state.stage().step());
    }

    private static State accepted(State state) {
        return switch (state.stage()) {
            case WITHDRAW -> state.at(Stage.DEPOSIT);
            case DEPOSIT -> state.at(Stage.COMPLETE);
            case REFUND -> state.at(Stage.MARK_REFUNDED);
            case COMPLETE, REFUSE -> state.at(Stage.COMPLETED);
            case MARK_REFUNDED -> state.at(Stage.COMPENSATED);
            case NONE, APPROVAL, STUCK, COMPLETED, COMPENSATED -> state;
        };
    }

    private static State refused(State state, String why) {
        return switch (state.stage()) {
            case WITHDRAW -> state.because(why).at(Stage.REFUSE);
            case DEPOSIT -> state.because(why).at(Stage.REFUND);
            case COMPLETE, REFUSE, REFUND, MARK_REFUNDED ->
                state.because(state.stage().step() + ": " + why).at(Stage.STUCK);
            case NONE, APPROVAL, STUCK, COMPLETED, COMPENSATED -> state;
        };
    }

    @Override
    public List<Effect<Record>> react(State state, Signal<Record> signal) {
        if (code.failure() == Code.Failure.REACT && state.stage() == Stage.DEPOSIT && isMet(state)) {
            throw new IllegalStateException("This code cannot deposit");
        }
        return switch (signal) {
            case DeadlineReached<Record>(String name, _) -> expired(state, name);
            case Answered<Record>(String step, _, _) when step.startsWith(NOTE) -> List.of();
            case Happened<Record> _,Answered<Record> _ -> entered(state);
        };
    }

    private List<Effect<Record>> entered(State state) {
        return switch (state.stage()) {
            case NONE -> List.of();
            case APPROVAL -> code.reminds() ? List.of(Effect.deadline(REMINDER, REMINDER_AFTER)) : List.of();
            case WITHDRAW -> sends(state, state.from(), new Withdraw(state.amount()));
            case DEPOSIT -> sends(state, state.to(), new Deposit(state.amount()));
            case COMPLETE -> sends(state, state.transfer(), new CompleteTransfer());
            case REFUSE -> sends(state, state.transfer(), new RefuseTransfer(state.reason()));
            case REFUND -> sends(state, state.from(), new Deposit(state.amount()));
            case MARK_REFUNDED -> sends(state, state.transfer(), new RefundTransfer(state.reason()));
            case STUCK -> List.of(Effect.cancelDeadline(ANSWER), Effect.overdue(state.reason()));
            case COMPLETED -> List.of(Effect.complete());
            case COMPENSATED -> List.of(Effect.compensated());
        };
    }

    private List<Effect<Record>> sends(State state, String to, Record command) {
        String step = state.stage().step();
        List<Effect<Record>> effects = new ArrayList<>();
        for (int i = 0; i < code.notesBefore(); i++) {
            effects.add(note(state, step + "-before" + i));
        }
        Effect<Record> deadline = Effect.deadline(ANSWER, code.answerWithin());
        if (code.deadlineFirst()) {
            effects.add(deadline);
        }
        effects.add(Effect.send(code.renamed() ? step + RENAMED : step, to, command));
        if (!code.deadlineFirst()) {
            effects.add(deadline);
        }
        for (int i = 0; i < code.notesAfter(); i++) {
            effects.add(note(state, step + "-after" + i));
        }
        return effects;
    }

    private static Effect<Record> note(State state, String about) {
        return Effect.send(NOTE + "-" + about, state.transfer() + "-" + about, new CreateContent(about));
    }

    /** No answer in time is none: the same command is sent again, under the name that the code had that sent it. */
    private List<Effect<Record>> expired(State state, String deadline) {
        if (deadline.equals(REMINDER)) {
            return state.stage() == Stage.APPROVAL ? List.of(note(state, REMINDER)) : List.of();
        }
        String step = state.stage().step();
        List<Effect<Record>> effects = new ArrayList<>(List.of(Effect.sendAgain(step), Effect.sendAgain(step + RENAMED),
                Effect.deadline(ANSWER, code.answerWithin())));
        if (code.noteOnExpiry()) {
            effects.addFirst(note(state, step + "-expired"));
        }
        return effects;
    }
}
