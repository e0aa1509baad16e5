package dev.hivestream.samples.review;

/**
 * What a person thinks of content. Its id is the content's.
 *
 * @param by who decided; empty before
 * @param reason why it was refused; empty unless it was
 */
public record Review(Status status, String by, String reason) {

    /** The stages of a review: none, then requested, then one of the others. */
    public enum Status {
        NONE, REQUESTED, APPROVED, REFUSED
    }

    /** A review that was not requested yet. */
    public static final Review NONE = new Review(Status.NONE, "", "");
}
