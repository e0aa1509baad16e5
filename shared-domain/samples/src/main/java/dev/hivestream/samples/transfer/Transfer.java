package dev.hivestream.samples.transfer;

/**
 * A transfer: what was asked for, and what became of it. The money itself is moved by {@link MoneyTransferSaga}.
 *
 * @param from the account that pays; empty before
 * @param to the account that gets; empty before
 * @param amount in minor units (cents)
 * @param reason why it was refunded or refused; empty unless it was
 */
public record Transfer(Status status, String from, String to, long amount, String reason) {

    /** The stages of a transfer's life: none, then requested, then one of the others. */
    public enum Status {
        NONE, REQUESTED, COMPLETED, REFUNDED, REFUSED
    }

    /** A transfer that was not requested yet. */
    public static final Transfer NONE = new Transfer(Status.NONE, "", "", 0, "");
}
