package dev.hivestream.samples.transfer;

import dev.hivestream.model.fixture.DeciderFixture;
import dev.hivestream.samples.transfer.Transfer.Status;
import dev.hivestream.samples.transfer.TransferCommand.CompleteTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefundTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefuseTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RequestTransfer;
import dev.hivestream.samples.transfer.TransferEvent.TransferCompleted;
import dev.hivestream.samples.transfer.TransferEvent.TransferRefunded;
import dev.hivestream.samples.transfer.TransferEvent.TransferRefused;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransferDeciderTest {

    private static final TransferRequested REQUESTED = new TransferRequested("ada", "bob", 50);

    private final DeciderFixture<TransferCommand, Transfer, TransferEvent> transfer = DeciderFixture
            .of(new TransferDecider());

    @Test
    void a_transfer_is_requested_and_ends() {
        transfer.givenNothing().when(new RequestTransfer("ada", "bob", 50)).thenEvents(REQUESTED)
                .thenState(new Transfer(Status.REQUESTED, "ada", "bob", 50, ""));
        transfer.given(REQUESTED).when(new CompleteTransfer()).thenEvents(new TransferCompleted())
                .thenState(new Transfer(Status.COMPLETED, "ada", "bob", 50, ""));
        transfer.given(REQUESTED).when(new RefundTransfer("closed")).thenEvents(new TransferRefunded("closed"))
                .thenState(new Transfer(Status.REFUNDED, "ada", "bob", 50, "closed"));
        transfer.given(REQUESTED).when(new RefuseTransfer("closed")).thenEvents(new TransferRefused("closed"))
                .thenState(new Transfer(Status.REFUSED, "ada", "bob", 50, "closed"));
    }

    @Test
    void a_transfer_is_requested_once() {
        transfer.given(REQUESTED).when(new RequestTransfer("ada", "bob", 50)).thenRejected("already-exists");
        transfer.given(REQUESTED, new TransferCompleted()).when(new RequestTransfer("ada", "bob", 50))
                .thenRejected("already-exists");
    }

    @Test
    void an_amount_is_positive_and_goes_to_another_account() {
        for (long amount : new long[]{0, -1, Long.MIN_VALUE}) {
            transfer.givenNothing().when(new RequestTransfer("ada", "bob", amount))
                    .thenRejected("amount-not-positive");
        }
        transfer.givenNothing().when(new RequestTransfer("ada", "ada", 50)).thenRejected("same-account");
    }

    @Test
    void what_was_not_requested_does_not_end() {
        for (TransferCommand command : ends()) {
            transfer.givenNothing().when(command).thenRejected("not-found");
        }
    }

    @Test
    void a_transfer_ends_once_and_says_so_as_often_as_it_is_asked() {
        assertEnds(new TransferCompleted(), new CompleteTransfer(), "already-completed");
        assertEnds(new TransferRefunded("closed"), new RefundTransfer("closed"), "already-refunded");
        assertEnds(new TransferRefused("closed"), new RefuseTransfer("closed"), "already-refused");
    }

    private void assertEnds(TransferEvent end, TransferCommand same, String code) {
        for (TransferCommand command : ends()) {
            var then = transfer.given(REQUESTED, end).when(command);
            if (command.equals(same)) {
                then.thenNothing();
            } else {
                then.thenRejected(code);
            }
        }
    }

    private static List<TransferCommand> ends() {
        return List.of(new CompleteTransfer(), new RefundTransfer("closed"), new RefuseTransfer("closed"));
    }
}
