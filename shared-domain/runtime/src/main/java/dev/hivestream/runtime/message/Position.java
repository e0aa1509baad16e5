package dev.hivestream.runtime.message;

/**
 * A place in a partition of a commands topic or an inbox. Events carry the position of their command, and a saga's history
 * that of its messages, so the log alone says what is handled.
 *
 * @param topicId Kafka's id of the commands topic: offsets of a topic that was deleted and made again start anew, and
 *     must not be compared with those of the old one
 * @param offset of the command in the partition that the event is in too
 * @param epoch leader epoch of the command's record, or {@link #UNKNOWN_EPOCH}. Where the topic is truncated, other commands
 *     take the offsets of those that were lost, in a later epoch
 * @param past in an inbox: the messages before this offset were handled by a version that wrote no history, and are being
 *     recorded now; 0 if there are none left
 */
public record Position(String topicId, long offset, int epoch, long past) {

    /** Stands for a leader epoch that is not known. */
    public static final int UNKNOWN_EPOCH = -1;

    /** Before the first command. */
    public static final Position NONE = new Position("", -1);

    /** A place of which the leader epoch is not known. */
    public Position(String topicId, long offset) {
        this(topicId, offset, UNKNOWN_EPOCH);
    }

    /** A place before which nothing has to be recorded. */
    public Position(String topicId, long offset, int epoch) {
        this(topicId, offset, epoch, 0);
    }

    /**
     * Reads what {@link #toString} wrote, which has no epoch.
     *
     * @throws IllegalArgumentException if it is something else
     */
    public static Position parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("'" + text + "' is not a position, <topic id>:<offset>");
        }
        int second = text.indexOf(':', colon + 1);
        return new Position(text.substring(0, colon),
                Long.parseLong(text.substring(colon + 1, second < 0 ? text.length() : second)), UNKNOWN_EPOCH,
                second < 0 ? 0 : Long.parseLong(text.substring(second + 1)));
    }

    /** The same place, with this leader epoch. */
    public Position at(int leaderEpoch) {
        return leaderEpoch == epoch ? this : new Position(topicId, offset, leaderEpoch, past);
    }

    /**
     * Whether a command at {@code other} is at or before this one, in the same topic, and was not put there after the topic
     * was truncated: along a partition epochs never fall, so one in a later epoch than this place was appended after it.
     */
    public boolean covers(Position other) {
        return reaches(other.topicId, other.offset, other.epoch);
    }

    /** As {@link #covers(Position)}. */
    public boolean reaches(String otherTopicId, long otherOffset, int otherEpoch) {
        return topicId.equals(otherTopicId) && otherOffset <= offset && !(epoch >= 0 && otherEpoch > epoch);
    }

    /** Whether it is the same place, as far as the epochs are known. */
    public boolean isSame(Position other) {
        return topicId.equals(other.topicId) && offset == other.offset
                && (epoch == other.epoch || epoch < 0 || other.epoch < 0);
    }

    /** The position after an event of the command at {@code next} was folded: the log's later topic wins. */
    public Position advance(Position next) {
        return covers(next) || next.equals(NONE) ? this : next;
    }

    /** As records and checkpoints have it: {@code <topic id>:<offset>}, with {@code :<past>} if there is such a past. */
    @Override
    public String toString() {
        return topicId + ":" + offset + (past > 0 ? ":" + past : "");
    }
}
