package dev.hivestream.samples.transfer;

import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.samples.transfer.Transfer.Status;
import dev.hivestream.samples.transfer.TransferCommand.CompleteTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefundTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefuseTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RequestTransfer;
import dev.hivestream.samples.transfer.TransferEvent.TransferCompleted;
import dev.hivestream.samples.transfer.TransferEvent.TransferRefunded;
import dev.hivestream.samples.transfer.TransferEvent.TransferRefused;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.util.Locale;

/** The rules of a transfer: it is requested once and ends once. */
public final class TransferDecider implements Decider<TransferCommand, Transfer, TransferEvent> {

    @Override
    public Transfer initialState() {
        return Transfer.NONE;
    }

    @Override
    public Decision<TransferEvent> decide(TransferCommand command, Transfer transfer) {
        return switch (command) {
            case RequestTransfer _ when transfer.status() != Status.NONE ->
                Decision.reject("already-exists", "The transfer exists already");
            case RequestTransfer(_, _, long amount) when amount <= 0 ->
                Decision.reject("amount-not-positive", "The amount must be greater than zero");
            case RequestTransfer(String from, String to, _) when from.equals(to) ->
                Decision.reject("same-account", "Money is not transferred from an account to itself");
            case RequestTransfer(String from, String to, long amount) ->
                Decision.accept(new TransferRequested(from, to, amount));
            case CompleteTransfer _ -> end(transfer.status(), Status.COMPLETED, new TransferCompleted());
            case RefundTransfer(String reason) ->
                end(transfer.status(), Status.REFUNDED, new TransferRefunded(reason));
            case RefuseTransfer(String reason) -> end(transfer.status(), Status.REFUSED, new TransferRefused(reason));
        };
    }

    private static Decision<TransferEvent> end(Status status, Status end, TransferEvent event) {
        if (status == end) {
            return Decision.accept();
        }
        return switch (status) {
            case NONE -> Decision.reject("not-found", "The transfer does not exist");
            case REQUESTED -> Decision.accept(event);
            case COMPLETED, REFUNDED, REFUSED -> {
                String ended = status.name().toLowerCase(Locale.ROOT);
                yield Decision.reject("already-" + ended, "The transfer is " + ended);
            }
        };
    }

    @Override
    public Transfer evolve(Transfer transfer, TransferEvent event) {
        return switch (event) {
            case TransferRequested(String from, String to, long amount) ->
                new Transfer(Status.REQUESTED, from, to, amount, "");
            case TransferCompleted _ -> ended(transfer, Status.COMPLETED, "");
            case TransferRefunded(String reason) -> ended(transfer, Status.REFUNDED, reason);
            case TransferRefused(String reason) -> ended(transfer, Status.REFUSED, reason);
        };
    }

    private static Transfer ended(Transfer transfer, Status status, String reason) {
        return new Transfer(status, transfer.from(), transfer.to(), transfer.amount(), reason);
    }
}
