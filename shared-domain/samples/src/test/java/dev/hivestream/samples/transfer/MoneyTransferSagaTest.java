package dev.hivestream.samples.transfer;

import dev.hivestream.model.Effect;
import dev.hivestream.model.Steps;
import dev.hivestream.model.fixture.SagaFixture;
import dev.hivestream.model.fixture.SagaFixture.Then;
import dev.hivestream.samples.SampleDomain;
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.transfer.MoneyTransfer.Stage;
import dev.hivestream.samples.transfer.TransferCommand.CompleteTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefundTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefuseTransfer;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class MoneyTransferSagaTest {

    private static final Duration WITHIN = Duration.ofSeconds(30);
    private static final TransferRequested REQUESTED = new TransferRequested("ada", "bob", 50);

    private final SagaFixture<TransferRequested, MoneyTransfer, Record> transfer = SagaFixture
            .of(SampleDomain.MONEY_TRANSFER);

    @Test
    void money_leaves_one_account_and_comes_to_the_other() {
        requested().thenCorrelatesTo("t-1").thenSends("withdraw", "ada", new Withdraw(50))
                .thenDeadline("answer", WITHIN)
                .whenAccepted("withdraw").thenSends("deposit", "bob", new Deposit(50)).thenDeadline("answer", WITHIN)
                .whenAccepted("deposit").thenSends("complete", "t-1", new CompleteTransfer())
                .thenDeadline("answer", WITHIN)
                .thenState(new MoneyTransfer(Stage.COMPLETE, "t-1", "ada", "bob", 50, 1,
                        new Steps(List.of("withdraw", "deposit")), ""))
                .whenAccepted("complete").then(Effect.complete()).thenCompleted().thenNoDeadline("answer");
    }

    @Test
    void money_that_cannot_be_taken_is_refused() {
        for (Then<TransferRequested, MoneyTransfer, Record> then : List.of(
                requested().whenRejected("withdraw", "insufficient-funds"),
                requested().whenFailed("withdraw", "insufficient-funds"))) {
            then.thenSends("refuse", "t-1", new RefuseTransfer("insufficient-funds")).thenDeadline("answer", WITHIN)
                    .whenAccepted("refuse").then(Effect.complete()).thenCompleted();
        }
    }

    @Test
    void money_that_cannot_be_put_in_goes_back() {
        for (Then<TransferRequested, MoneyTransfer, Record> then : List.of(
                withdrawn().whenRejected("deposit", "closed"), withdrawn().whenFailed("deposit", "closed"))) {
            then.thenSends("refund", "ada", new Deposit(50)).thenDeadline("answer", WITHIN)
                    .whenAccepted("refund").thenSends("mark-refunded", "t-1", new RefundTransfer("closed"))
                    .thenDeadline("answer", WITHIN)
                    .thenState(new MoneyTransfer(Stage.MARK_REFUNDED, "t-1", "ada", "bob", 50, 1, Steps.NONE,
                            "closed"))
                    .whenAccepted("mark-refunded").then(Effect.compensated()).thenCompensated();
        }
    }

    @Test
    void an_answer_that_is_missing_is_asked_for_with_the_same_command_until_it_comes() {
        Then<TransferRequested, MoneyTransfer, Record> third = requested()
                .whenTimePasses(WITHIN).then(Effect.sendAgain("withdraw"), Effect.deadline("answer", WITHIN))
                .whenTimePasses(WITHIN).then(Effect.sendAgain("withdraw"), Effect.deadline("answer", WITHIN))
                .thenActive();

        third.whenTimePasses(WITHIN)
                .then(Effect.sendAgain("withdraw"), Effect.deadline("answer", WITHIN),
                        Effect.overdue("No answer to withdraw after 3 tries"))
                .thenOverdue()
                .whenTimePasses(WITHIN).thenSendsAgain("withdraw").thenOverdue().thenDeadline("answer", WITHIN)
                .whenAccepted("withdraw").thenSends("deposit", "bob", new Deposit(50)).thenActive()
                .whenTimePasses(WITHIN).thenSendsAgain("deposit").thenActive();
    }

    @Test
    void a_missing_answer_is_never_a_reason_to_undo() {
        Duration day = Duration.ofDays(1);

        withdrawn().whenTimePasses(day).thenSendsAgain("deposit").thenOverdue()
                .whenRejected("deposit", "closed").thenSends("refund", "ada", new Deposit(50)).thenActive()
                .whenTimePasses(day).thenSendsAgain("refund").thenOverdue()
                .whenAccepted("refund").whenTimePasses(day).thenSendsAgain("mark-refunded").thenOverdue()
                .whenAccepted("mark-refunded").thenCompensated();
        withdrawn().whenTimePasses(day).whenAccepted("deposit")
                .thenSends("complete", "t-1", new CompleteTransfer())
                .whenTimePasses(day).thenSendsAgain("complete").thenOverdue()
                .whenAccepted("complete").thenCompleted();
    }

    @Test
    void a_deadline_counts_from_the_last_command() {
        requested().whenTimePasses(WITHIN.minusSeconds(1)).thenNothing()
                .whenAccepted("withdraw").thenDeadline("answer", WITHIN)
                .whenTimePasses(WITHIN.minusSeconds(1)).thenNothing()
                .whenTimePasses(Duration.ofSeconds(1)).thenSendsAgain("deposit");
    }

    @Test
    void a_refund_that_is_refused_waits_for_a_person() {
        Then<TransferRequested, MoneyTransfer, Record> refund = withdrawn().whenRejected("deposit", "closed");

        assertStuck(refund.whenRejected("refund", "closed"), "refund: closed");
        assertStuck(refund.whenFailed("refund", "hive.fault"), "refund: hive.fault");
    }

    @Test
    void bookkeeping_that_is_refused_waits_for_a_person() {
        Then<TransferRequested, MoneyTransfer, Record> complete = withdrawn().whenAccepted("deposit");
        Then<TransferRequested, MoneyTransfer, Record> refuse = requested().whenRejected("withdraw", "closed");
        Then<TransferRequested, MoneyTransfer, Record> marking = withdrawn().whenRejected("deposit", "closed")
                .whenAccepted("refund");

        assertStuck(complete.whenRejected("complete", "already-refused"), "complete: already-refused");
        assertStuck(complete.whenFailed("complete", "hive.poisoned"), "complete: hive.poisoned");
        assertStuck(refuse.whenRejected("refuse", "already-completed"), "refuse: already-completed");
        assertStuck(marking.whenRejected("mark-refunded", "not-found"), "mark-refunded: not-found");
    }

    @Test
    void nothing_happens_after_the_end() {
        Then<TransferRequested, MoneyTransfer, Record> completed = withdrawn().whenAccepted("deposit")
                .whenAccepted("complete").thenCompleted();

        completed.when("transfer", "t-1", REQUESTED).thenNothing();
        completed.whenRejected("deposit", "closed").thenNothing();
        completed.whenTimePasses(Duration.ofDays(1)).thenNothing().thenCompleted();
    }

    private static void assertStuck(Then<TransferRequested, MoneyTransfer, Record> then, String reason) {
        then.then(Effect.cancelDeadline("answer"), Effect.overdue(reason)).thenOverdue().thenNoDeadline("answer")
                .whenTimePasses(Duration.ofDays(1)).thenNothing().thenOverdue();
    }

    private Then<TransferRequested, MoneyTransfer, Record> requested() {
        return transfer.when("transfer", "t-1", REQUESTED);
    }

    private Then<TransferRequested, MoneyTransfer, Record> withdrawn() {
        return requested().whenAccepted("withdraw").thenSends("deposit", "bob", new Deposit(50));
    }
}
