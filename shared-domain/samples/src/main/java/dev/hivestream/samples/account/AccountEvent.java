package dev.hivestream.samples.account;

import org.jspecify.annotations.Nullable;

/** What can happen to an account. Facts only: the balance is what they fold to. */
public sealed interface AccountEvent {

    /** It was opened, with nothing in it. */
    record AccountOpened(String owner) implements AccountEvent {}

    /**
     * Money came in.
     *
     * @param memo what it is for, if anybody said so
     */
    record Deposited(long amount, @Nullable String memo) implements AccountEvent {
        public Deposited(long amount) {
            this(amount, null);
        }
    }

    /** Money went out. */
    record Withdrawn(long amount) implements AccountEvent {}

    /** It was closed, empty. */
    record AccountClosed() implements AccountEvent {}
}
