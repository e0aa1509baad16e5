package dev.hivestream.runtime.message;

/**
 * A place in a commands partition. Events carry the position of their command, so the log alone says which commands are
 * decided.
 *
 * @param topicId Kafka's id of the commands topic: offsets of a topic that was deleted and made again start anew, and
 *     must not be compared with those of the old one
 * @param offset of the command in the partition that the event is in too
 * @param epoch leader epoch of the command's record, or {@link #UNKNOWN_EPOCH}. Where the topic is truncated, other commands
 *     take the offsets of those that were lost, in a later epoch
 */
public record Position(String topicId, long offset, int epoch) {

    /** Stands for a leader epoch that is not known. */
    public static final int UNKNOWN_EPOCH = -1;

    /** Before the first command. */
    public static final Position NONE = new Position("", -1);

    /** A place of which the leader epoch is not known. */
    public Position(String topicId, long offset) {
        this(topicId, offset, UNKNOWN_EPOCH);
    }

    /**
     * Reads what {@link #toString} wrote, which has no epoch.
     *
     * @throws IllegalArgumentException if it is something else
     */
    public static Position parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("'" + text + "' is not a command position, <topic id>:<offset>");
        }
        return new Position(text.substring(0, colon), Long.parseLong(text.substring(colon + 1)));
    }

    /** The same place, with this leader epoch. */
    public Position at(int leaderEpoch) {
        return leaderEpoch == epoch ? this : new Position(topicId, offset, leaderEpoch);
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

    /** As events and checkpoints have it: {@code <topic id>:<offset>}. */
    @Override
    public String toString() {
        return topicId + ":" + offset;
    }
}
