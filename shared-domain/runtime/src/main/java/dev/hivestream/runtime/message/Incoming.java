package dev.hivestream.runtime.message;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.spi.LoggingEventBuilder;
import org.springframework.messaging.Message;

/**
 * One record of a batch, as it came.
 *
 * @param headers by name; values are bytes
 * @param epoch the leader epoch of the record, or {@link Position#UNKNOWN_EPOCH}
 */
@SuppressWarnings("ArrayRecordComponent")
public record Incoming(TopicPartition partition, long offset, byte @Nullable [] key, Map<String, Object> headers,
        byte @Nullable [] payload, int epoch) {

    private static final List<String> LOGGED = List.of(Header.ID, Header.TYPE, Header.CORRELATION_ID,
            Header.TRACE_PARENT);

    /** In place of an expected version: the aggregate exists, in whatever version. */
    public static final long EXISTS = -1;

    /** A record whose leader epoch is not known. */
    public Incoming(TopicPartition partition, long offset, byte @Nullable [] key, Map<String, Object> headers,
            byte @Nullable [] payload) {
        this(partition, offset, key, headers, payload, -1);
    }

    /** The records of a batch, in order. */
    public static List<Incoming> of(Message<List<byte[]>> batch) {
        return Batch.read(batch, Incoming::new);
    }

    /** A header as text, or null. */
    public @Nullable String header(String name) {
        return headers.get(name) instanceof byte[] value ? new String(value, StandardCharsets.UTF_8) : null;
    }

    /** The version that the command expects of its aggregate: null for any, -1 for any but none. */
    public @Nullable Long expectedVersion() throws Malformed {
        String expected = header(Header.EXPECTED_VERSION);
        try {
            return expected == null
                    ? null
                    : expected.equals("*") ? Long.valueOf(EXISTS) : Long.valueOf(version(expected));
        } catch (NumberFormatException e) {
            throw new Malformed(
                    "The header " + Header.EXPECTED_VERSION + " is '" + expected + "' and neither a version nor *");
        }
    }

    private static long version(String expected) {
        if (expected.isEmpty() || expected.charAt(0) < '0' || expected.charAt(0) > '9') {
            throw new NumberFormatException("A version has digits only");
        }
        return Long.parseLong(expected);
    }

    /** Whether its headers are small enough to be passed on to what follows from it. */
    public boolean hasBoundedHeaders() {
        return headerBytes() <= Outgoing.HEADER_BYTES;
    }

    /** The bytes of the headers, names and values. */
    public int headerBytes() {
        if (headers instanceof HeaderMap map) {
            return map.bytes();
        }
        int bytes = 0;
        for (Map.Entry<String, Object> header : headers.entrySet()) {
            bytes += header.getKey().length() + (header.getValue() instanceof byte[] value ? value.length : 0);
        }
        return bytes;
    }

    /** A line of the log about it, with what finds the others that belong to it. */
    public LoggingEventBuilder about(LoggingEventBuilder line) {
        LoggingEventBuilder told = line;
        for (String name : LOGGED) {
            String value = header(name);
            if (value != null) {
                told = told.addKeyValue(name, Ids.printable(value));
            }
        }
        return told;
    }

    @Override
    public String toString() {
        return partition.topic() + "/" + partition.partition() + "/" + offset;
    }
}
