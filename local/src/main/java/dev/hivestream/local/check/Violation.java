package dev.hivestream.local.check;

/** Something that must not be. */
public record Violation(Kind kind, String what) {

    /** Which invariant it breaks. */
    public enum Kind {
        /** A version of an aggregate is missing in the log. */
        GAP,
        /** A version of an aggregate is in the log again, or after a later one. */
        REPEATED_VERSION,
        /** A command was decided more than once with events. */
        REPEATED_COMMAND,
        /** An event came from a command that nobody sent. */
        UNKNOWN_COMMAND,
        /** An event is not in the partition of its aggregate. */
        WRONG_PARTITION,
        /** A client heard that its command was accepted, and the log has no event of it. */
        LOST_ANSWER,
        /** A client was told other versions than the log has, or of two answers to one command each says something else. */
        WRONG_ANSWER,
        /** A client heard that its command was rejected, and the log has events of it. */
        REJECTED_WITH_EVENTS,
        /** The cache knows versions that the log does not have. */
        CACHE_LEADS,
        /** The cache is not the fold of the log up to its checkpoint. */
        CACHE_DIFFERS,
        /** A checkpoint is beyond the end of the log. */
        CHECKPOINT_BEYOND_LOG
    }

    @Override
    public String toString() {
        return kind + ": " + what;
    }
}
