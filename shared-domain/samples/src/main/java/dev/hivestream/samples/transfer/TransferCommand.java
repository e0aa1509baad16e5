package dev.hivestream.samples.transfer;

import static java.util.Objects.requireNonNull;

/** What can be asked of a transfer. All but the first come from {@link MoneyTransferSaga}. */
public sealed interface TransferCommand {

    /** Move an amount, in minor units (cents), from one account to another. */
    record RequestTransfer(String from, String to, long amount) implements TransferCommand {
        public RequestTransfer {
            requireNonNull(from, "from");
            requireNonNull(to, "to");
        }
    }

    /** The money is there. */
    record CompleteTransfer() implements TransferCommand {}

    /** The money was taken and is back where it was. */
    record RefundTransfer(String reason) implements TransferCommand {
        public RefundTransfer {
            requireNonNull(reason, "reason");
        }
    }

    /** The money could not be taken. */
    record RefuseTransfer(String reason) implements TransferCommand {
        public RefuseTransfer {
            requireNonNull(reason, "reason");
        }
    }
}
