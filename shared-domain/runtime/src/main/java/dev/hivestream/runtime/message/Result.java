package dev.hivestream.runtime.message;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * What became of a command; the value of a record in the results topic.
 *
 * @param commandId the command's id
 * @param aggregate the aggregate type
 * @param id the aggregate id
 * @param outcome accepted, rejected by a rule, or failed (a bug, or a message that cannot be read)
 * @param firstVersion of the first event, where there are events
 * @param version of the aggregate after the command; absent where the command was never decided
 * @param code what clients branch on: the domain's, or one of {@link Code}; absent if accepted
 * @param reason what a person reads; absent if accepted
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Result(String commandId, String aggregate, String id, Outcome outcome, @Nullable Long firstVersion,
        @Nullable Long version, @Nullable String code, @Nullable String reason) {

    /** How a command ended. */
    public enum Outcome {
        accepted, rejected, failed
    }

    /** The reason of {@link Code#KEY_REUSED}. */
    public static final String KEY_REUSED = "This id was already used by the same sender for a command with another type or "
            + "body; use a new id for each command";

    /** The codes that no domain can use, for it has no dot in its codes. */
    public static final class Code {
        /** Rejected: the aggregate has another version than the command expects. */
        public static final String EXPECTED_VERSION = "hive.expected-version";
        /** Rejected: another command of the same sender has this id. */
        public static final String KEY_REUSED = "hive.idempotency-key-reused";
        /** Failed: the message cannot be read. */
        public static final String MALFORMED = "hive.malformed";
        /** Failed: the domain threw. */
        public static final String FAULT = "hive.fault";
        /** Failed: a dead letter of a saga's command that was sent again. */
        public static final String ANSWERED = "hive.answered";
        /** Failed: a further copy of a saga's command whose first one the aggregate no longer remembers. */
        public static final String FORGOTTEN = "hive.forgotten";
        /** Failed: an event of the aggregate in the log cannot be read or folded. */
        public static final String POISONED = "hive.poisoned";

        private Code() {}
    }

    public static Result accepted(String commandId, String aggregate, String id, @Nullable Long firstVersion,
            long version) {
        return new Result(commandId, aggregate, id, Outcome.accepted, firstVersion, version, null, null);
    }

    public static Result rejected(String commandId, String aggregate, String id, long version, String code,
            String reason) {
        return new Result(commandId, aggregate, id, Outcome.rejected, null, version, code, reason);
    }

    public static Result failed(String commandId, String aggregate, String id, String code, String reason) {
        return new Result(commandId, aggregate, id, Outcome.failed, null, null, code, reason);
    }
}
