package dev.hivestream.samples.review;

import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.samples.review.Review.Status;
import dev.hivestream.samples.review.ReviewCommand.ApproveReview;
import dev.hivestream.samples.review.ReviewCommand.RefuseReview;
import dev.hivestream.samples.review.ReviewCommand.RequestReview;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import dev.hivestream.samples.review.ReviewEvent.ReviewRequested;

/** The rules of a review: it is requested once and decided once, by somebody, and a refusal has a reason. */
public final class ReviewDecider implements Decider<ReviewCommand, Review, ReviewEvent> {

    @Override
    public Review initialState() {
        return Review.NONE;
    }

    @Override
    public Decision<ReviewEvent> decide(ReviewCommand command, Review review) {
        return switch (review.status()) {
            case NONE -> command instanceof RequestReview
                    ? Decision.accept(new ReviewRequested())
                    : Decision.reject("not-found", "The review does not exist");
            case REQUESTED -> decideRequested(command);
            case APPROVED -> Decision.reject("already-approved", "The review is approved, by " + review.by());
            case REFUSED -> Decision.reject("already-refused", "The review is refused, by " + review.by());
        };
    }

    private static Decision<ReviewEvent> decideRequested(ReviewCommand command) {
        return switch (command) {
            case RequestReview _ -> Decision.reject("already-requested", "The review is requested already");
            case ApproveReview(String by) when by.isBlank() -> reviewerMissing();
            case ApproveReview(String by) -> Decision.accept(new ReviewApproved(by));
            case RefuseReview(String by, _) when by.isBlank() -> reviewerMissing();
            case RefuseReview(_, String reason) when reason.isBlank() ->
                Decision.reject("reason-missing", "A refusal has a reason");
            case RefuseReview(String by, String reason) -> Decision.accept(new ReviewRefused(by, reason));
        };
    }

    private static Decision<ReviewEvent> reviewerMissing() {
        return Decision.reject("reviewer-missing", "A review is decided by somebody");
    }

    @Override
    public Review evolve(Review review, ReviewEvent event) {
        return switch (event) {
            case ReviewRequested _ -> new Review(Status.REQUESTED, "", "");
            case ReviewApproved(String by) -> new Review(Status.APPROVED, by, "");
            case ReviewRefused(String by, String reason) -> new Review(Status.REFUSED, by, reason);
        };
    }
}
