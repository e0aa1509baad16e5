package dev.hivestream.samples.account;

/** What can happen to an account. Facts only: the balance is what they fold to. */
public sealed interface AccountEvent {

    /** It was opened, with nothing in it. */
    record AccountOpened(String owner) implements AccountEvent {}

    /** Money came in. */
    record Deposited(long amount) implements AccountEvent {}

    /** Money went out. */
    record Withdrawn(long amount) implements AccountEvent {}

    /** It was closed, empty. */
    record AccountClosed() implements AccountEvent {}
}
