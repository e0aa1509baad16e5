package dev.hivestream.samples.account;

import dev.hivestream.model.fixture.DeciderFixture;
import dev.hivestream.samples.account.Account.Status;
import dev.hivestream.samples.account.AccountCommand.CloseAccount;
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.OpenAccount;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.account.AccountEvent.AccountClosed;
import dev.hivestream.samples.account.AccountEvent.AccountOpened;
import dev.hivestream.samples.account.AccountEvent.Deposited;
import dev.hivestream.samples.account.AccountEvent.Withdrawn;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountDeciderTest {

    private static final AccountOpened OPENED = new AccountOpened("Ada");

    private final DeciderFixture<AccountCommand, Account, AccountEvent> account = DeciderFixture
            .of(new AccountDecider());

    @Test
    void an_account_lives_through_all_its_commands() {
        account.givenNothing()
                .when(new OpenAccount("Ada")).thenEvents(OPENED).thenState(new Account(Status.OPEN, "Ada", 0))
                .when(new Deposit(50)).thenEvents(new Deposited(50))
                .when(new Withdraw(20)).thenEvents(new Withdrawn(20)).thenState(new Account(Status.OPEN, "Ada", 30))
                .when(new Withdraw(30)).thenEvents(new Withdrawn(30))
                .when(new CloseAccount()).thenEvents(new AccountClosed())
                .thenState(new Account(Status.CLOSED, "Ada", 0));
    }

    @Test
    void an_account_is_never_overdrawn() {
        account.given(OPENED, new Deposited(50)).when(new Withdraw(51)).thenRejected("insufficient-funds")
                .when(new Withdraw(Long.MAX_VALUE)).thenRejected("insufficient-funds")
                .when(new Withdraw(50)).thenEvents(new Withdrawn(50));
    }

    @Test
    void an_amount_is_positive() {
        for (long amount : new long[]{0, -1, Long.MIN_VALUE}) {
            account.given(OPENED).when(new Deposit(amount)).thenRejected("amount-not-positive")
                    .when(new Withdraw(amount)).thenRejected("amount-not-positive");
        }
    }

    @Test
    void a_balance_never_overflows() {
        account.given(OPENED, new Deposited(1)).when(new Deposit(Long.MAX_VALUE)).thenRejected("balance-limit")
                .when(new Deposit(Long.MAX_VALUE - 1)).thenState(new Account(Status.OPEN, "Ada", Long.MAX_VALUE));
    }

    @Test
    void an_account_is_opened_first_and_once() {
        for (AccountCommand command : List.of(new Deposit(1), new Withdraw(1), new CloseAccount())) {
            account.givenNothing().when(command).thenRejected("not-open");
        }
        account.given(OPENED).when(new OpenAccount("Bob")).thenRejected("already-open");
    }

    @Test
    void an_account_with_money_in_it_is_not_closed() {
        account.given(OPENED, new Deposited(1)).when(new CloseAccount()).thenRejected("balance-not-zero");
    }

    @Test
    void a_closed_account_stays_closed() {
        for (AccountCommand command : List.of(new OpenAccount("Ada"), new Deposit(1), new Withdraw(1),
                new CloseAccount())) {
            account.given(OPENED, new AccountClosed()).when(command).thenRejected("closed");
        }
    }
}
