package dev.hivestream.local;

/** Something did not start; the message is for the person who started it. */
public final class StartFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** A failure with its explanation. */
    public StartFailure(String message) {
        super(message);
    }

    /** A failure with its explanation and what led to it. */
    public StartFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
