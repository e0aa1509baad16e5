package dev.hivestream.samples.review;

import dev.hivestream.model.Effect;
import dev.hivestream.model.Saga;
import dev.hivestream.model.Signal;
import dev.hivestream.model.Signal.Answered;
import dev.hivestream.model.Signal.DeadlineReached;
import dev.hivestream.model.Signal.Happened;
import dev.hivestream.samples.content.ContentCommand.DisableContent;
import dev.hivestream.samples.content.ContentCommand.EnableContent;
import dev.hivestream.samples.content.ContentEvent.ContentCreated;
import dev.hivestream.samples.review.Publication.Stage;
import dev.hivestream.samples.review.ReviewCommand.RequestReview;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import java.time.Duration;
import java.util.List;

/**
 * Has new content reviewed, and shows it when it is approved. Content that is refused, or that nobody decides about in
 * time, is hidden; a decision that comes too late changes nothing.
 */
public final class PublicationSaga implements Saga<Record, Publication, Record> {

    /** The deadline for the decision. */
    public static final String DECISION = "decision";

    private static final String REQUEST = "request";
    private static final String ENABLE = "enable";
    private static final String DISABLE = "disable";

    private final Duration reviewWithin;

    /**
     * The saga.
     *
     * @param reviewWithin how long the decision may take; where it is changed, a rebuild applies it to content that is
     *     undecided too
     */
    public PublicationSaga(Duration reviewWithin) {
        this.reviewWithin = reviewWithin;
    }

    @Override
    public String correlate(Happened<Record> event) {
        return event.id();
    }

    @Override
    public Publication initialState() {
        return Publication.NONE;
    }

    @Override
    public Publication evolve(Publication state, Signal<Record> signal) {
        return switch (signal) {
            case Happened<Record>(ContentCreated _, _, String id, _) -> new Publication(Stage.UNDECIDED, id);
            case Happened<Record>(ReviewApproved _, _, _, _) -> state.decided(Stage.APPROVED);
            case Happened<Record>(ReviewRefused _, _, _, _) -> state.decided(Stage.REFUSED);
            case DeadlineReached<Record> _ -> state.decided(Stage.TIMED_OUT);
            case Happened<Record> _,Answered<Record> _ -> state;
        };
    }

    @Override
    public List<Effect<Record>> react(Publication state, Signal<Record> signal) {
        Stage stage = state.stage();
        return switch (signal) {
            case Happened<Record>(ContentCreated _, _, _, _) -> List.of(
                    Effect.send(REQUEST, state.content(), new RequestReview()),
                    Effect.deadline(DECISION, reviewWithin));
            case Happened<Record>(ReviewApproved _, _, _, _) when stage == Stage.APPROVED -> List.of(
                    Effect.cancelDeadline(DECISION), Effect.send(ENABLE, state.content(), new EnableContent()));
            case Happened<Record>(ReviewRefused _, _, _, _) when stage == Stage.REFUSED -> List.of(
                    Effect.cancelDeadline(DECISION), Effect.send(DISABLE, state.content(), new DisableContent()));
            case DeadlineReached<Record> _ when stage == Stage.TIMED_OUT ->
                List.of(Effect.send(DISABLE, state.content(), new DisableContent()));
            case Answered<Record>(String step, _, _) when !step.equals(REQUEST) -> List.of(Effect.complete());
            case Happened<Record> _,DeadlineReached<Record> _,Answered<Record> _ -> List.of();
        };
    }
}
