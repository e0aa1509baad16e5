package dev.hivestream.runtime.saga;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;

/**
 * What a message did to an instance: the part of a record of the saga's history that is not the message itself. Recorded in
 * the transaction that sends the commands, and never decided again: a fold asks the domain for the state only. Immutable.
 *
 * @param how what became of the message
 * @param turns one for each message that was handled, in order: the message itself, or those that had been held or had come
 *     early
 * @param parked why the instance is parked after it; null if it is not
 * @param unsent as {@link Instance#unsent}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Done(How how, List<Turn> turns, @Nullable String parked, @Nullable Long unsent) {

    /** Names, numbers and punctuation of an act, in bytes. */
    private static final long AROUND = 120;
    private static final ObjectReader READER = Json.TOLERANT.readerFor(Done.class);
    private static final ObjectWriter WRITER = Json.TOLERANT.writerFor(Done.class);

    /** What became of a message. */
    public enum How {
        /** It was handled. */
        HANDLED,
        /** The instance was parked, or this code could not go on with it: the message waits. */
        HELD,
        /** The same, and so many are held already that this one waits in the history only. */
        LATER,
        /** The instance had not started: the message waits for its start. */
        EARLY
    }

    /**
     * The handling of one message.
     *
     * @param acts what was done; nothing if it failed
     * @param failed why the instance was parked by it; null if it was not
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Turn(List<Act> acts, @Nullable String failed) {

        /** Nothing done, nothing failed. */
        static final Turn NOTHING = new Turn(List.of(), null);

        public Turn {
            acts = List.copyOf(acts);
        }
    }

    /** One thing that was done. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "act")
    public sealed interface Act {

        /** The same act, as far as it depends on the saga's code. */
        default Act comparable() {
            return this;
        }

        /** What it takes in a record, at most, in bytes. */
        default long bytes() {
            return AROUND + switch (this) {
                case Sent(String step, String commandId, String type, String to, String payload) ->
                    escaped(step) + escaped(commandId) + escaped(type) + escaped(to) + escaped(payload);
                case SentAgain(String step) -> escaped(step);
                case DeadlineSet(String name, long _) -> escaped(name);
                case DeadlineCancelled(String name) -> escaped(name);
                case Overdue(String reason) -> escaped(reason);
                case Ended _ -> 0;
            };
        }

        /** In one line for people; acts that are {@linkplain #comparable() the same} have the same text. */
        default String text() {
            return switch (this) {
                case Sent(String step, String _, String type, String to, String payload) ->
                    "send " + step + ": " + type + " to '" + to + "' " + payload;
                case SentAgain(String step) -> "send " + step + " again";
                case DeadlineSet(String name, long due) -> "set the deadline " + name + " to "
                        + Instant.ofEpochMilli(due);
                case DeadlineCancelled(String name) -> "cancel the deadline " + name;
                case Overdue(String reason) -> "report overdue: " + reason;
                case Ended(boolean compensated) -> compensated ? "end as compensated" : "end as completed";
            };
        }
    }

    /**
     * A command was sent.
     *
     * @param commandId the same for all copies
     * @param type its wire name
     * @param to the id of the aggregate
     * @param payload JSON
     */
    @JsonTypeName("send")
    public record Sent(String step, String commandId, String type, String to, String payload) implements Act {

        @Override
        public Act comparable() {
            return new Sent(step, "", type, to, payload);
        }
    }

    /** A further copy of a step's command was sent. */
    @JsonTypeName("send-again")
    public record SentAgain(String step) implements Act {}

    /**
     * A deadline was set.
     *
     * @param due in milliseconds
     */
    @JsonTypeName("deadline")
    public record DeadlineSet(String name, long due) implements Act {}

    /** A deadline was cancelled, if it was set. */
    @JsonTypeName("cancel-deadline")
    public record DeadlineCancelled(String name) implements Act {}

    /** A person should look at the instance. */
    @JsonTypeName("overdue")
    public record Overdue(String reason) implements Act {}

    /** The instance came to its end. */
    @JsonTypeName("end")
    public record Ended(boolean compensated) implements Act {}

    public Done {
        turns = List.copyOf(turns);
    }

    /** What a text takes as JSON, at most. */
    private static long escaped(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char one = text.charAt(i);
            bytes += one < ' ' ? 6 : one == '"' || one == '\\' ? 2 : one < 0x80 ? 1 : 3;
        }
        return bytes;
    }

    /** As the history has it. */
    public byte[] bytes() {
        return WRITER.writeValueAsBytes(this);
    }

    /**
     * Reads what {@link #bytes} wrote.
     *
     * @throws Malformed if it is something else
     */
    static Done read(byte[] recorded) throws Malformed {
        try {
            return READER.readValue(recorded);
        } catch (JacksonException e) {
            throw new Malformed("What the message did cannot be read", e);
        }
    }

    /** For people. */
    public List<String> texts() {
        List<String> texts = new ArrayList<>();
        switch (how) {
            case HELD, LATER -> texts.add("held");
            case EARLY -> texts.add("held until the instance starts");
            case HANDLED -> turns.forEach(turn -> {
                turn.acts.forEach(act -> texts.add(act.text()));
                if (turn.failed != null) {
                    texts.add("parked: " + turn.failed);
                }
            });
        }
        return texts;
    }
}
