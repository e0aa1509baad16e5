package dev.hivestream.samples.review;

import static java.util.Objects.requireNonNull;

/** What can be asked of a review. */
public sealed interface ReviewCommand {

    /** Have somebody look at it. */
    record RequestReview() implements ReviewCommand {}

    /** It may be shown, says somebody. */
    record ApproveReview(String by) implements ReviewCommand {
        public ApproveReview {
            requireNonNull(by, "by");
        }
    }

    /** It may not be shown, says somebody. */
    record RefuseReview(String by, String reason) implements ReviewCommand {
        public RefuseReview {
            requireNonNull(by, "by");
            requireNonNull(reason, "reason");
        }
    }
}
