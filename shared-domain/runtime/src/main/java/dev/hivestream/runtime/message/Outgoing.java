package dev.hivestream.runtime.message;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaNull;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.GenericMessage;

/** Builds the messages that a batch puts out, each to a topic and a partition of its own choice. Not thread-safe. */
public final class Outgoing {

    private static final String DESTINATION = "spring.cloud.stream.sendto.destination";
    private static final byte[] SPEC_VERSION = utf8("1.0");
    private static final byte[] JSON = utf8("application/json");
    /** What goes from a command to all that follows from it. */
    private static final List<String> PASSED_ON = List.of(Header.TRACE_PARENT, Header.TRACE_STATE, Header.SAGA,
            Header.SAGA_STEP, Header.SAGA_ATTEMPT);
    /** Value, headers and reason of the largest command fit into a dead letter. */
    public static final int DEAD_LETTER_BYTES = 4 * 1024 * 1024;
    private static final int LONGEST_TEXT = 4_000;

    private final Map<String, Object> headers = new HashMap<>();

    private Outgoing(String topic, int partition, byte @Nullable [] key) {
        headers.put(DESTINATION, topic);
        headers.put(KafkaHeaders.PARTITION, partition);
        if (key != null) {
            headers.put(KafkaHeaders.KEY, key);
        }
    }

    /** A record for a topic and a partition. */
    public static Outgoing to(String topic, int partition, byte @Nullable [] key) {
        return new Outgoing(topic, partition, key);
    }

    /** A CloudEvent that follows from a command. */
    public static Outgoing from(Incoming command, String commandId, String topic, int partition, byte[] key) {
        Outgoing message = new Outgoing(topic, partition, key);
        message.headers.put(Header.SPEC_VERSION, SPEC_VERSION);
        message.headers.put(Header.CONTENT_TYPE, JSON);
        message.with(Header.CAUSATION_ID, commandId);
        String correlation = command.header(Header.CORRELATION_ID);
        message.with(Header.CORRELATION_ID, correlation == null ? commandId : correlation);
        PASSED_ON.forEach(name -> message.with(name, command.headers().get(name)));
        return message;
    }

    /** The command again, in the partition of its owner. */
    public static Message<byte[]> forward(Incoming command, int owner) {
        Outgoing message = new Outgoing(command.partition().topic(), owner, command.key()).sentOn(command.headers());
        message.with(Header.FORWARDED_FROM, Integer.toString(command.partition().partition()));
        return message.message(command.payload());
    }

    /** The record as it came, with the reason; its value stays behind if it is too large to be copied. */
    public static Message<byte[]> deadLetter(Incoming record, String reason, @Nullable Throwable fault) {
        return deadLetter(record.partition().topic() + ".dlq", record, reason, fault);
    }

    /** The record as it came, with the reason, in a topic of dead letters. */
    public static Message<byte[]> deadLetter(String topic, Incoming record, String reason, @Nullable Throwable fault) {
        Outgoing message = new Outgoing(topic, record.partition().partition(), record.key())
                .sentOn(record.headers());
        message.with(Header.DEAD_REASON, brief(reason)).with(Header.DEAD_ORIGIN, record.toString());
        if (fault != null) {
            message.with(Header.DEAD_TRACE, trace(fault));
        }
        if (size(record) > DEAD_LETTER_BYTES / 2) {
            return message
                    .with(Header.DEAD_OMITTED, Integer.toString(record.payload() == null ? 0 : record.payload().length))
                    .message(null);
        }
        return message.message(record.payload());
    }

    private static int size(Incoming record) {
        return record.headerBytes() + (record.payload() == null ? 0 : record.payload().length);
    }

    private static String trace(Throwable fault) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = fault; cause != null && text.length() < LONGEST_TEXT; cause = cause.getCause()) {
            text.append(cause == fault ? "" : "Caused by: ").append(brief(cause.toString(), LONGEST_TEXT / 4))
                    .append('\n');
            for (StackTraceElement frame : cause.getStackTrace()) {
                if (text.length() < LONGEST_TEXT) {
                    text.append("  at ").append(frame).append('\n');
                }
            }
        }
        return brief(text.toString());
    }

    /** What comes from outside or from a domain may have any length, and a topic takes no record of any length. */
    public static String brief(String text) {
        return brief(text, LONGEST_TEXT);
    }

    private static String brief(String text, int longest) {
        return text.length() > longest ? text.substring(0, longest) + "…" : text;
    }

    /** The headers of a record that is sent on; they steer nothing. */
    public Outgoing sentOn(Map<String, Object> recordHeaders) {
        headers.put(RawHeaders.SENT_ON, recordHeaders);
        return this;
    }

    /** A header; null leaves it out. */
    public Outgoing with(String name, @Nullable Object value) {
        if (value != null) {
            headers.put(name, value instanceof byte[] bytes ? bytes : utf8(value.toString()));
        }
        return this;
    }

    @SuppressWarnings("unchecked")
    /** The message; null is a tombstone. */
    public Message<byte[]> message(byte @Nullable [] payload) {
        return (Message<byte[]>) (Message<?>) new GenericMessage<Object>(payload == null ? KafkaNull.INSTANCE : payload,
                headers);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
