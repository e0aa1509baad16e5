package dev.hivestream.samples.account;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/** What can be asked of an account. Amounts are in minor units (cents). */
public sealed interface AccountCommand {

    /** Open it, with nothing in it. */
    record OpenAccount(String owner) implements AccountCommand {
        public OpenAccount {
            requireNonNull(owner, "owner");
        }
    }

    /**
     * Put money in.
     *
     * @param memo what it is for, if anybody said so
     */
    record Deposit(long amount, @Nullable String memo) implements AccountCommand {
        public Deposit(long amount) {
            this(amount, null);
        }
    }

    /** Take money out. */
    record Withdraw(long amount) implements AccountCommand {}

    /** Close it, for good. */
    record CloseAccount() implements AccountCommand {}
}
