package dev.hivestream.runtime.letter;

/** Nothing more is done. The message says why, to the person who asked. */
public final class Refused extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The kind of reason. */
    public enum Why {
        /** There is no such thing. */
        UNKNOWN,
        /** It was not asked for as it must be. */
        WRONG,
        /** It makes no sense now. */
        CONFLICT,
        /** The broker is not in a state to answer; ask again. */
        BUSY
    }

    private final Why why;

    Refused(Why why, String message) {
        super(message, null, false, false);
        this.why = why;
    }

    /** The kind of reason. */
    public Why why() {
        return why;
    }
}
