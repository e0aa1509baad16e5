package dev.hivestream.local.check;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * What one client did to one aggregate, and what it learned. Times are {@link System#nanoTime()} of one process.
 *
 * @param what happened
 * @param commandId empty for a read
 * @param command its name; empty for a read
 * @param body of the command
 * @param expected version, null if any was good enough
 * @param begun before the request went out
 * @param ended after the answer came in; {@link Long#MAX_VALUE} if none did
 * @param first version that the answer names, null if it names none
 * @param version that the answer names
 * @param code of a refusal; empty if there was none
 * @param state of a read
 */
public record Operation(What what, String aggregate, String id, String commandId, String command, String body,
        @Nullable Long expected, long begun, long ended, @Nullable Long first, long version, String code,
        JsonNode state) {

    /** How it went. */
    public enum What {
        /** A command was accepted. */
        ACCEPTED,
        /** A command was refused. */
        REJECTED,
        /** A command may or may not take effect, now or later. */
        UNSURE,
        /** A state was read; version 0: there was none. */
        READ
    }

    /** A read. */
    public static Operation read(String aggregate, String id, long begun, long ended, long version, JsonNode state) {
        return new Operation(What.READ, aggregate, id, "", "", "", null, begun, ended, null, version, "", state);
    }

    /** A command without a definite answer. */
    public static Operation unsure(String aggregate, String id, String commandId, String command, String body,
            @Nullable Long expected, long begun) {
        return new Operation(What.UNSURE, aggregate, id, commandId, command, body, expected, begun, Long.MAX_VALUE,
                null, 0, "", MissingNode.getInstance());
    }

    /** The same command with its answer. */
    public Operation answered(What what, long ended, @Nullable Long first, long version, String code) {
        return new Operation(what, aggregate, id, commandId, command, body, expected, begun, ended, first, version,
                code, state);
    }

    @Override
    public String toString() {
        return what + " " + aggregate + " '" + id + "'"
                + (commandId.isEmpty() ? "" : " " + command + " '" + commandId + "' " + body)
                + (expected == null ? "" : " expecting " + expected)
                + (first == null ? "" : " from " + first) + " version " + version + (code.isEmpty() ? "" : " " + code)
                + (state.isMissingNode() ? "" : " " + state) + " at " + begun / 1_000_000 + "–"
                + (ended == Long.MAX_VALUE ? "" : ended / 1_000_000 + " ms");
    }
}
