package dev.hivestream.samples.review;

import dev.hivestream.model.fixture.DeciderFixture;
import dev.hivestream.samples.review.Review.Status;
import dev.hivestream.samples.review.ReviewCommand.ApproveReview;
import dev.hivestream.samples.review.ReviewCommand.RefuseReview;
import dev.hivestream.samples.review.ReviewCommand.RequestReview;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import dev.hivestream.samples.review.ReviewEvent.ReviewRequested;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReviewDeciderTest {

    private final DeciderFixture<ReviewCommand, Review, ReviewEvent> review = DeciderFixture.of(new ReviewDecider());

    @Test
    void a_review_is_requested_and_decided() {
        review.givenNothing().when(new RequestReview()).thenEvents(new ReviewRequested())
                .thenState(new Review(Status.REQUESTED, "", ""))
                .when(new ApproveReview("Ada")).thenEvents(new ReviewApproved("Ada"))
                .thenState(new Review(Status.APPROVED, "Ada", ""));
        review.given(new ReviewRequested()).when(new RefuseReview("Ada", "Rude"))
                .thenEvents(new ReviewRefused("Ada", "Rude")).thenState(new Review(Status.REFUSED, "Ada", "Rude"));
    }

    @Test
    void what_was_not_requested_is_not_decided() {
        review.givenNothing().when(new ApproveReview("Ada")).thenRejected("not-found")
                .when(new RefuseReview("Ada", "Rude")).thenRejected("not-found");
    }

    @Test
    void a_decision_is_made_by_somebody_and_a_refusal_has_a_reason() {
        review.given(new ReviewRequested()).when(new ApproveReview(" ")).thenRejected("reviewer-missing")
                .when(new RefuseReview("", "Rude")).thenRejected("reviewer-missing")
                .when(new RefuseReview("Ada", " ")).thenRejected("reason-missing");
    }

    @Test
    void a_review_is_requested_once_and_decided_once() {
        review.given(new ReviewRequested()).when(new RequestReview()).thenRejected("already-requested");
        for (ReviewCommand command : List.of(new RequestReview(), new ApproveReview("Bob"),
                new RefuseReview("Bob", "Rude"))) {
            review.given(new ReviewRequested(), new ReviewApproved("Ada")).when(command)
                    .thenRejected("already-approved");
            review.given(new ReviewRequested(), new ReviewRefused("Ada", "Rude")).when(command)
                    .thenRejected("already-refused");
        }
    }
}
