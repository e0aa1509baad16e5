package dev.hivestream.samples.review;

/**
 * How far content has come on its way to be shown.
 *
 * @param content the content's id; empty before
 */
public record Publication(Stage stage, String content) {

    /** What was decided, or that nothing is decided yet, or that nobody did in time. */
    public enum Stage {
        NONE, UNDECIDED, APPROVED, REFUSED, TIMED_OUT
    }

    /** Before the content was created. */
    public static final Publication NONE = new Publication(Stage.NONE, "");

    Publication decided(Stage decision) {
        return stage == Stage.UNDECIDED ? new Publication(decision, content) : this;
    }
}
