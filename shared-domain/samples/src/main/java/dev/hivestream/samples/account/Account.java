package dev.hivestream.samples.account;

/**
 * An account.
 *
 * @param owner who opened it; empty before
 * @param balance in minor units (cents), never negative
 */
public record Account(Status status, String owner, long balance) {

    /** The stages of an account's life, in order; none comes again. */
    public enum Status {
        NOT_OPEN, OPEN, CLOSED
    }

    /** An account that was not opened yet. */
    public static final Account NONE = new Account(Status.NOT_OPEN, "", 0);
}
