package dev.hivestream.runtime.owner;

/** A batch cannot be processed now: a partition of it is not running. It is rolled back and comes again. */
public final class NotReady extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** @param message which partition, and why */
    public NotReady(String message) {
        super(message, null, false, false);
    }
}
