package dev.hivestream.runtime.message;

/**
 * A place in a commands partition. Events carry the position of their command, so the log alone says which commands are
 * decided.
 *
 * @param topicId Kafka's id of the commands topic: offsets of a topic that was deleted and made again start anew, and
 *     must not be compared with those of the old one
 * @param offset of the command in the partition that the event is in too
 */
public record Position(String topicId, long offset) {

    /** Before the first command. */
    public static final Position NONE = new Position("", -1);

    /**
     * Reads what {@link #toString} wrote.
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

    /** Whether a command at {@code other} is at or before this one, in the same topic. */
    public boolean covers(Position other) {
        return topicId.equals(other.topicId) && other.offset <= offset;
    }

    /** The position after an event of the command at {@code next} was folded: the log's later topic wins. */
    public Position advance(Position next) {
        return covers(next) || next.equals(NONE) ? this : next;
    }

    @Override
    public String toString() {
        return topicId + ":" + offset;
    }
}
