package dev.hivestream.samples.account;

import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.samples.account.Account.Status;
import dev.hivestream.samples.account.AccountCommand.CloseAccount;
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.OpenAccount;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.account.AccountEvent.AccountClosed;
import dev.hivestream.samples.account.AccountEvent.AccountOpened;
import dev.hivestream.samples.account.AccountEvent.Deposited;
import dev.hivestream.samples.account.AccountEvent.Withdrawn;

/** The rules of an account. */
public final class AccountDecider implements Decider<AccountCommand, Account, AccountEvent> {

    @Override
    public Account initialState() {
        return Account.NONE;
    }

    @Override
    public Decision<AccountEvent> decide(AccountCommand command, Account account) {
        return switch (account.status()) {
            case NOT_OPEN -> command instanceof OpenAccount(String owner)
                    ? Decision.accept(new AccountOpened(owner))
                    : Decision.reject("not-open", "The account is not open");
            case OPEN -> decideOpen(command, account.balance());
            case CLOSED -> Decision.reject("closed", "The account is closed");
        };
    }

    private static Decision<AccountEvent> decideOpen(AccountCommand command, long balance) {
        return switch (command) {
            case OpenAccount _ -> Decision.reject("already-open", "The account is open already");
            case Deposit(long amount, _) when amount <= 0 -> amountNotPositive();
            case Deposit(long amount, _) when amount > Long.MAX_VALUE - balance -> Decision.reject("balance-limit",
                    "The balance would be larger than an account can hold");
            case Deposit(long amount, String memo) -> Decision.accept(new Deposited(amount, memo));
            case Withdraw(long amount) when amount <= 0 -> amountNotPositive();
            case Withdraw(long amount) when amount > balance -> Decision.reject("insufficient-funds",
                    "The balance is " + balance);
            case Withdraw(long amount) -> Decision.accept(new Withdrawn(amount));
            case CloseAccount _ when balance != 0 -> Decision.reject("balance-not-zero", "The balance is " + balance);
            case CloseAccount _ -> Decision.accept(new AccountClosed());
        };
    }

    @Override
    public Account evolve(Account account, AccountEvent event) {
        return switch (event) {
            case AccountOpened(String owner) -> new Account(Status.OPEN, owner, 0);
            case Deposited(long amount, _) -> withBalance(account, Math.addExact(account.balance(), amount));
            case Withdrawn(long amount) -> withBalance(account, Math.subtractExact(account.balance(), amount));
            case AccountClosed _ -> new Account(Status.CLOSED, account.owner(), account.balance());
        };
    }

    private static Account withBalance(Account account, long balance) {
        return new Account(account.status(), account.owner(), balance);
    }

    private static Decision<AccountEvent> amountNotPositive() {
        return Decision.reject("amount-not-positive", "The amount must be greater than zero");
    }
}
