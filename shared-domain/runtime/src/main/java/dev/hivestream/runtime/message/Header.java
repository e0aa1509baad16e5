package dev.hivestream.runtime.message;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The names of all record headers: CloudEvents 1.0 in Kafka's binary mode, extensions, and those of dead letters. Values
 * are UTF-8 strings.
 *
 * @see <a href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md">CloudEvents
 *      Kafka Protocol Binding, 1.0.2</a>
 */
public final class Header {

    public static final String SPEC_VERSION = "ce_specversion";
    public static final String ID = "ce_id";
    public static final String TYPE = "ce_type";
    public static final String SOURCE = "ce_source";
    public static final String SUBJECT = "ce_subject";
    public static final String TIME = "ce_time";
    public static final String CONTENT_TYPE = "content-type";

    /** The aggregate's version after the event, from 1. */
    public static final String SEQUENCE = "ce_sequence";
    /** The version of an event's payload; absent means 1. */
    public static final String DATA_VERSION = "ce_dataversion";
    /**
     * Of an event: the {@link Position} of its command. Of a result: the position that a cache which shows it has folded. Of a
     * record of a saga's history: the position up to which its transaction handled the inbox.
     */
    public static final String COMMAND_POSITION = "ce_commandposition";
    /** Of an event and a result: format and identity of the command, and the leader epoch of its record ({@link CommandIdentity}). */
    public static final String COMMAND = "ce_command";
    /** Of a command: the version that the aggregate must have; 0 for one that does not exist yet, * for any that does. */
    public static final String EXPECTED_VERSION = "ce_expectedversion";
    public static final String CORRELATION_ID = "ce_correlationid";
    /** Of an event and a result: the id of the command. */
    public static final String CAUSATION_ID = "ce_causationid";
    /** Of a command and its result: the gateway that waits for the result. */
    public static final String REPLY_TO = "ce_replyto";
    /** Of a command that was put into its owner's partition: the partition that it came from. */
    public static final String FORWARDED_FROM = "ce_forwardedfrom";
    /** Of a command that a saga sent, and of its events and results: {@code <saga>:<saga id>}. */
    public static final String SAGA = "ce_saga";
    /** Of the same: what the saga calls the command. */
    public static final String SAGA_STEP = "ce_sagastep";
    /** Of the same: which copy of the command it is, from 1. */
    public static final String SAGA_ATTEMPT = "ce_sagaattempt";
    /** Of a deadline that is reached: the number of its setting. */
    public static final String SETTING = "ce_setting";
    /** Of a record that says that an instance was parked: source and id of the message that it failed on. */
    public static final String FAILED_ON = "ce_failedon";
    /** Of a record of a saga's history: what the message did, as JSON. */
    public static final String DONE = "ce_done";
    /** Of the same: where the message is in the inbox, {@code <topic id>:<offset>}. */
    public static final String MESSAGE = "ce_message";
    /**
     * Of a message that was held and is put into the inbox again: {@code <version before>:<version>}, the versions at which the
     * history has the one that is put in before it and this one; the first follows the version before it.
     */
    public static final String AGAIN = "ce_again";
    public static final String TRACE_PARENT = "traceparent";
    public static final String TRACE_STATE = "tracestate";

    /** Of a dead letter: why it is one. */
    public static final String DEAD_REASON = "hive_reason";
    /** Of a dead letter: the head of the stack trace, where a bug is the reason. */
    public static final String DEAD_TRACE = "hive_trace";
    /**
     * Of a dead letter: {@code topic/partition/offset} of the original; of an event that waited in vain for a start, of the
     * deadline that ended the wait.
     */
    public static final String DEAD_ORIGIN = "hive_origin";
    /** Of a dead letter without a value: the bytes of the original, which is too large to be copied. */
    public static final String DEAD_OMITTED = "hive_value_omitted";
    /** Of a dead letter: how many of its record's headers were too large to be kept, the largest first. */
    public static final String DEAD_HEADERS_OMITTED = "hive_headers_omitted";
    /** Of a dead letter: the size of its record's key, which was too large to be kept. */
    public static final String DEAD_KEY_OMITTED = "hive_key_omitted";
    /** Of what became of a dead letter, and of a record that is one sent again: {@code topic/partition/offset} of the letter. */
    public static final String LETTER = "hive_letter";

    private Header() {}

    /**
     * The headers of an event that its state depends on. They are written first, so that who folds a log finds them without
     * looking at the others.
     */
    public static final List<String> FOLDED = List.of(TYPE, SEQUENCE, DATA_VERSION, CAUSATION_ID, COMMAND_POSITION,
            COMMAND);

    /** The last header of this name, as text; null if there is none. */
    public static @Nullable String text(Headers headers, String name) {
        org.apache.kafka.common.header.Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    /** The decimal digits of a value from a place on, up to 18 of them, as a number; -1 if it is something else. */
    public static long number(byte[] value, int from) {
        if (value.length == from || value.length - from > 18) {
            return -1;
        }
        long number = 0;
        for (int i = from; i < value.length; i++) {
            int digit = value[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
