package dev.hivestream.runtime.domain;

/** A batch takes more time or memory than one transaction has. It is rolled back and comes again, record by record. */
public final class BatchTooLarge extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public BatchTooLarge(String message) {
        super(message, null, false, false);
    }
}
