package dev.hivestream.samples.transfer;

import dev.hivestream.model.Steps;
import java.util.Locale;

/**
 * How far the money of a transfer has come.
 *
 * @param transfer the transfer's id; empty before
 * @param from the account that pays; empty before
 * @param to the account that gets; empty before
 * @param amount in minor units (cents)
 * @param tries how often the command of the stage was sent
 * @param done the steps that moved money, to be undone if it cannot go on
 * @param reason why it could not go on; empty unless it could not
 */
public record MoneyTransfer(Stage stage, String transfer, String from, String to, long amount, int tries, Steps done,
        String reason) {

    /** What it waits for: the answer to a command, a person, nothing any more. */
    public enum Stage {
        NONE, WITHDRAW, DEPOSIT, COMPLETE, REFUSE, REFUND, MARK_REFUNDED, STUCK, COMPLETED, COMPENSATED;

        /** The step whose command is sent in this stage. */
        String step() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Before the transfer was requested. */
    public static final MoneyTransfer NONE = new MoneyTransfer(Stage.NONE, "", "", "", 0, 0, Steps.NONE, "");

    MoneyTransfer at(Stage next) {
        return new MoneyTransfer(next, transfer, from, to, amount, 1, done, reason);
    }

    MoneyTransfer having(Steps steps) {
        return new MoneyTransfer(stage, transfer, from, to, amount, tries, steps, reason);
    }

    MoneyTransfer because(String why) {
        return new MoneyTransfer(stage, transfer, from, to, amount, tries, done, why);
    }

    MoneyTransfer triedAgain() {
        return new MoneyTransfer(stage, transfer, from, to, amount, tries + 1, done, reason);
    }
}
