package dev.hivestream.samples.transfer;

/** What can happen to a transfer. */
public sealed interface TransferEvent {

    /** It was asked for; nothing has moved yet. */
    record TransferRequested(String from, String to, long amount) implements TransferEvent {}

    /** The money has arrived. */
    record TransferCompleted() implements TransferEvent {}

    /** The money is back where it came from. */
    record TransferRefunded(String reason) implements TransferEvent {}

    /** No money has moved. */
    record TransferRefused(String reason) implements TransferEvent {}
}
