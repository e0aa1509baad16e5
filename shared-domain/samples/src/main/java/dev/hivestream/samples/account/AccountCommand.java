package dev.hivestream.samples.account;

import static java.util.Objects.requireNonNull;

/** What can be asked of an account. Amounts are in minor units (cents). */
public sealed interface AccountCommand {

    /** Open it, with nothing in it. */
    record OpenAccount(String owner) implements AccountCommand {
        public OpenAccount {
            requireNonNull(owner, "owner");
        }
    }

    /** Put money in. */
    record Deposit(long amount) implements AccountCommand {}

    /** Take money out. */
    record Withdraw(long amount) implements AccountCommand {}

    /** Close it, for good. */
    record CloseAccount() implements AccountCommand {}
}
