package dev.hivestream.runtime.domain;

/** The fault of a decision that has more events, or larger ones, than the configuration allows. */
public final class DecisionTooLarge extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public DecisionTooLarge(String message) {
        super(message, null, false, true);
    }
}
