package dev.hivestream.local.check;

/**
 * An event as the log has it. Headers that are missing are empty, a missing version is 0.
 *
 * @param id of the aggregate
 * @param commandId of the command that it came from
 * @param commandPosition where that command stands in its topic
 * @param payload as text
 */
public record Event(String aggregate, int partition, long offset, String id, long version, String type,
        String commandId, String commandPosition, String payload) {

    /** {@code account:3}, as the keys of the cache name it. */
    public String slot() {
        return aggregate + ":" + partition;
    }

    @Override
    public String toString() {
        return aggregate + " '" + id + "' version " + version + " at " + partition + "/" + offset;
    }
}
