package dev.hivestream.local.faults.saga;

import java.time.Duration;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A version of the code of {@link ApprovedTransfer}. All of it follows from a number. Two versions differ in what they do
 * and in which order; each of them can fold what any of them handled, except those that are meant to fail.
 *
 * @param evolveVersion declared; states differ if it does
 * @param deadlineFirst whether the deadline comes before the command among the effects
 * @param notesBefore how many other commands are sent before the one of a stage
 * @param notesAfter how many are sent after it
 * @param noteOnExpiry whether another command is sent when no answer has come in time
 * @param reminds whether there is a deadline while it waits for the approval
 * @param renamed whether the steps have their later names
 * @param answerWithin how long an answer may take
 * @param failure what it cannot do
 */
public record Code(int evolveVersion, boolean deadlineFirst, int notesBefore, int notesAfter, boolean noteOnExpiry,
        boolean reminds, boolean renamed, Duration answerWithin, Failure failure) {

    /** The system property with the number. */
    public static final String PROPERTY = "faults.saga-code";

    private static final int EVOLVE_VERSIONS = 3;

    /** A bug, which some of the instances run into. */
    public enum Failure {
        NONE, REACT, EVOLVE
    }

    /** The version of a number. */
    public static Code of(int number) {
        var random = new SplittableRandom(number);
        Failure failure = switch (random.nextInt(6)) {
            case 0 -> Failure.REACT;
            case 1 -> Failure.EVOLVE;
            default -> Failure.NONE;
        };
        // instances that one version cannot fold go on with the next one only if that declares another evolve version
        int evolveVersion = failure == Failure.EVOLVE
                ? EVOLVE_VERSIONS + 1 + number
                : 1 + random.nextInt(EVOLVE_VERSIONS);
        return new Code(evolveVersion, random.nextBoolean(), random.nextInt(3), random.nextInt(2),
                random.nextBoolean(), random.nextBoolean(), random.nextBoolean(),
                Duration.ofSeconds(1 + random.nextInt(4)), failure);
    }

    /** What differs between versions, in one line. */
    @Override
    public String toString() {
        return "evolve " + evolveVersion + ", " + notesBefore + (deadlineFirst ? " notes and the deadline" : " notes")
                + " before the command, " + notesAfter + " after" + (noteOnExpiry ? ", one on expiry" : "")
                + (reminds ? ", a reminder" : "") + (renamed ? ", renamed steps" : "") + ", answers within "
                + answerWithin + (isSound() ? "" : ", fails in " + failure.name().toLowerCase(Locale.ROOT));
    }

    /** Whether no instance runs into a bug. */
    public boolean isSound() {
        return failure == Failure.NONE;
    }

    /** Whether the n-th effect of a stage is another command than with that code: what ids were derived from. */
    public boolean shifts(Code other) {
        return index() != other.index();
    }

    private int index() {
        return notesBefore + (deadlineFirst ? 1 : 0);
    }
}
