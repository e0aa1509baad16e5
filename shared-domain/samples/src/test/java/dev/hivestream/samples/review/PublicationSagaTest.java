package dev.hivestream.samples.review;

import dev.hivestream.model.Effect;
import dev.hivestream.model.fixture.SagaFixture;
import dev.hivestream.model.fixture.SagaFixture.Then;
import dev.hivestream.samples.SampleDomain;
import dev.hivestream.samples.content.ContentCommand.DisableContent;
import dev.hivestream.samples.content.ContentCommand.EnableContent;
import dev.hivestream.samples.content.ContentEvent.ContentCreated;
import dev.hivestream.samples.review.Publication.Stage;
import dev.hivestream.samples.review.ReviewCommand.RequestReview;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PublicationSagaTest {

    private static final Duration WITHIN = Duration.ofHours(48);
    private static final ReviewApproved APPROVED = new ReviewApproved("Ada");
    private static final ReviewRefused REFUSED = new ReviewRefused("Ada", "Rude");

    private final SagaFixture<Record, Publication, Record> publication = SagaFixture.of(SampleDomain.PUBLICATION);

    @Test
    void new_content_is_reviewed() {
        created().thenCorrelatesTo("c-1").thenSends("request", "c-1", new RequestReview())
                .thenDeadline("decision", WITHIN).thenState(new Publication(Stage.UNDECIDED, "c-1"))
                .whenAccepted("request").thenNothing().thenDeadline("decision", WITHIN);
    }

    @Test
    void approved_content_is_enabled() {
        Then<Record, Publication, Record> approved = created().whenAccepted("request")
                .when("review", "c-1", APPROVED).thenCorrelatesTo("c-1")
                .thenSends("enable", "c-1", new EnableContent()).thenNoDeadline("decision");

        approved.whenAccepted("enable").then(Effect.complete()).thenCompleted();
        approved.whenRejected("enable", "already-enabled").thenCompleted();
        approved.whenTimePasses(WITHIN).thenNothing();
    }

    @Test
    void refused_content_is_disabled() {
        Then<Record, Publication, Record> refused = created().whenAccepted("request")
                .when("review", "c-1", REFUSED)
                .thenSends("disable", "c-1", new DisableContent()).thenNoDeadline("decision");

        refused.whenAccepted("disable").thenCompleted();
        refused.whenRejected("disable", "already-disabled").then(Effect.complete()).thenCompleted();
    }

    @Test
    void content_that_nobody_decides_about_is_disabled() {
        created().whenAccepted("request").whenTimePasses(WITHIN.minusSeconds(1)).thenNothing()
                .whenTimePasses(Duration.ofSeconds(1)).thenSends("disable", "c-1", new DisableContent())
                .thenState(new Publication(Stage.TIMED_OUT, "c-1"))
                .whenRejected("disable", "already-disabled").thenCompleted();
    }

    @Test
    void a_decision_that_comes_too_late_changes_nothing() {
        Then<Record, Publication, Record> disabling = created().whenTimePasses(WITHIN);
        Then<Record, Publication, Record> disabled = disabling.whenAccepted("disable").thenCompleted();

        disabling.when("review", "c-1", APPROVED).thenNothing().thenState(new Publication(Stage.TIMED_OUT, "c-1"));
        disabling.when("review", "c-1", REFUSED).thenNothing();
        disabled.when("review", "c-1", APPROVED).thenNothing().thenCompleted();
    }

    @Test
    void a_review_that_cannot_be_requested_ends_at_the_deadline() {
        created().whenRejected("request", "already-requested").thenNothing().thenActive()
                .whenTimePasses(WITHIN).thenSends("disable", "c-1", new DisableContent());
    }

    @Test
    void an_answer_to_the_request_may_come_after_the_decision() {
        created().when("review", "c-1", APPROVED).thenSends("enable", "c-1", new EnableContent())
                .whenAccepted("request").thenNothing().thenActive()
                .whenAccepted("enable").thenCompleted();
    }

    @Test
    void a_review_without_new_content_is_none_of_its_business() {
        publication.when("review", "c-1", APPROVED).thenNothing().thenState(Publication.NONE);
    }

    private Then<Record, Publication, Record> created() {
        return publication.when("content", "c-1", new ContentCreated("Hello", false));
    }
}
