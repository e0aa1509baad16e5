package dev.hivestream.runtime.message;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.function.ToIntFunction;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.RecordBatch;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaNull;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.GenericMessage;

/** A record that a batch puts out, to a topic and a partition of its own choice. Not thread-safe. */
public final class Outgoing {

    private static final String DESTINATION = "spring.cloud.stream.sendto.destination";
    /** The version of CloudEvents. */
    public static final RecordHeader SPEC_VERSION = new RecordHeader(Header.SPEC_VERSION, utf8("1.0"));
    private static final RecordHeader JSON = new RecordHeader(Header.CONTENT_TYPE, utf8("application/json"));
    /** What goes from a command to all that follows from it. */
    public static final List<String> OF_COMMANDS = List.of(Header.TRACE_PARENT, Header.TRACE_STATE, Header.SAGA,
            Header.SAGA_STEP, Header.SAGA_ATTEMPT);
    /** What goes from any record to all that follows from it. */
    public static final List<String> OF_ALL = List.of(Header.TRACE_PARENT, Header.TRACE_STATE);
    /** Value, headers and reason of the largest command fit into a dead letter. */
    public static final int DEAD_LETTER_BYTES = 4 * 1024 * 1024;
    /** What a topic must take beside the largest value: key, headers, and what Kafka adds. */
    public static final int OVERHEAD_BYTES = 64 * 1024;
    /** The limit for the headers of a command. */
    public static final int HEADER_BYTES = 16 * 1024;
    /**
     * The limit for the value of each header that is passed on. The headers that the runtime makes itself are shorter, and all
     * of them together stay far below {@link #HEADER_BYTES}: a command that follows from events never exceeds that.
     */
    public static final int PASSED_ON_BYTES = 1024;
    /** The headers of the original that a dead letter keeps at any rate. */
    private static final Set<String> KEPT_IN_LETTERS = Set.of(Header.ID, Header.TYPE, Header.SOURCE, Header.SUBJECT,
            Header.SAGA, Header.SAGA_STEP, Header.SAGA_ATTEMPT);
    private static final int LONGEST_TEXT = 4_000;

    private final String topic;
    private final int partition;
    private byte @Nullable [] key;
    private RecordHeader[] headers = new RecordHeader[20];
    private int count;
    /** So many of them, the first ones, are {@link Header#FOLDED}. */
    private int folded;
    private Map<String, Object> sentOn = Map.of();
    private byte @Nullable [] payload;
    private boolean dead;
    private @Nullable Future<RecordMetadata> sent;

    private Outgoing(String topic, int partition, byte @Nullable [] key) {
        this.topic = topic;
        this.partition = partition;
        this.key = key;
    }

    /** A record for a topic and a partition. */
    public static Outgoing to(String topic, int partition, byte @Nullable [] key) {
        return new Outgoing(topic, partition, key);
    }

    /**
     * What all CloudEvents that follow from a record have in common.
     *
     * @param cause the record
     * @param passedOn the names of headers that they get from it
     * @param correlation if it has none itself; null: its own id
     */
    public static Following following(Incoming cause, List<String> passedOn, @Nullable String correlation) {
        Object id = passedOn(cause, Header.ID);
        Object told = passedOn(cause, Header.CORRELATION_ID);
        if (told == null && correlation != null) {
            byte[] other = utf8(correlation);
            told = isPassedOn(other) ? other : null;
        }
        Outgoing common = new Outgoing("", 0, null).with(Header.CAUSATION_ID, id).with(SPEC_VERSION).with(JSON)
                .with(Header.CORRELATION_ID, told != null ? told : id);
        for (String name : passedOn) {
            common.with(name, passedOn(cause, name));
        }
        return new Following(common);
    }

    /** The value of a header, if it is short enough to be passed on, however large others are; otherwise null. */
    public static byte @Nullable [] passedOn(Incoming cause, String name) {
        return cause.headers().get(name) instanceof byte[] value && isPassedOn(value) ? value : null;
    }

    private static boolean isPassedOn(byte[] value) {
        return value.length <= PASSED_ON_BYTES;
    }

    /** Makes CloudEvents that follow from one record. */
    public static final class Following {
        private final Outgoing common;

        private Following(Outgoing common) {
            this.common = common;
        }

        /** One of them. */
        public Outgoing to(String topic, int partition, byte[] key) {
            Outgoing record = new Outgoing(topic, partition, key);
            System.arraycopy(common.headers, 0, record.headers, 0, common.count);
            record.count = common.count;
            record.folded = common.folded;
            return record;
        }
    }

    /** The command again, in the partition of its owner. */
    public static Outgoing forward(Incoming command, int owner) {
        return new Outgoing(command.partition().topic(), owner, command.key()).sentOn(command.headers())
                .with(Header.FORWARDED_FROM, Integer.toString(command.partition().partition()))
                .payload(command.payload());
    }

    /** The record as it came, with the reason; its value stays behind if it is too large to be copied. */
    public static Outgoing deadLetter(Incoming record, String reason, @Nullable Throwable fault) {
        return deadLetter(record.partition().topic() + ".dlq", record, reason, fault);
    }

    /**
     * The record as it came, with the reason, in a topic of dead letters; {@link #fit} leaves out of it what the topic does
     * not take.
     */
    public static Outgoing deadLetter(String topic, Incoming record, String reason, @Nullable Throwable fault) {
        Outgoing dead = new Outgoing(topic, record.partition().partition(), record.key())
                .sentOn(record.headers());
        dead.with(Header.DEAD_REASON, brief(reason)).with(Header.DEAD_ORIGIN, record.toString());
        if (fault != null) {
            dead.with(Header.DEAD_TRACE, trace(fault));
        }
        dead.dead = true;
        if (size(record) > DEAD_LETTER_BYTES / 2) {
            return dead.with(Header.DEAD_OMITTED, record.payload() == null ? 0 : record.payload().length);
        }
        return dead.payload(record.payload());
    }

    /**
     * Shortens a dead letter to the limit of its topic: it omits the value first, then an oversized key, then the largest
     * headers of the original record. Headers say what was omitted. Other records are not changed.
     *
     * @param limits the largest record of a topic in bytes, as Kafka counts them
     */
    public Outgoing fit(ToIntFunction<String> limits) {
        if (!dead) {
            return this;
        }
        int limit = limits.applyAsInt(topic);
        if (bytes() > limit && payload != null) {
            with(Header.DEAD_OMITTED, payload.length);
            payload = null;
        }
        if (bytes() > limit && key != null && key.length > HEADER_BYTES) {
            // no aggregate has such a key
            with(Header.DEAD_KEY_OMITTED, key.length);
            key = null;
        }
        int over = bytes() - limit;
        if (over > 0 && !sentOn.isEmpty()) {
            omitHeaders(over);
        }
        return this;
    }

    private void omitHeaders(int over) {
        Map<String, Object> left = new LinkedHashMap<>(sentOn);
        List<Map.Entry<String, Object>> largest = new ArrayList<>(left.entrySet());
        largest.removeIf(header -> KEPT_IN_LETTERS.contains(header.getKey())
                && header.getValue() instanceof byte[] value && isPassedOn(value));
        largest.sort(Comparator.comparingInt((Map.Entry<String, Object> header) -> size(header)).reversed());
        // the header that says so takes some too
        int surplus = over + 2 * Header.DEAD_HEADERS_OMITTED.length();
        int omitted = 0;
        for (Map.Entry<String, Object> header : largest) {
            if (surplus <= 0) {
                break;
            }
            surplus -= size(header);
            left.remove(header.getKey());
            omitted++;
        }
        sentOn = left;
        with(Header.DEAD_HEADERS_OMITTED, omitted);
    }

    private static int size(Map.Entry<String, Object> header) {
        return header.getKey().length() + (header.getValue() instanceof byte[] value ? value.length : 0);
    }

    /** At most so many bytes in a batch of Kafka's. */
    private int bytes() {
        ProducerRecord<byte[], byte[]> record = record();
        return AbstractRecords.estimateSizeInBytesUpperBound(RecordBatch.CURRENT_MAGIC_VALUE, CompressionType.NONE,
                record.key(), record.value(), record.headers().toArray());
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

    /** No longer than that, but for the sign that says so. */
    public static String brief(String text, int longest) {
        return text.length() > longest ? text.substring(0, longest) + "…" : text;
    }

    /** The headers of a record that is sent on; its own take their place. */
    public Outgoing sentOn(Map<String, Object> recordHeaders) {
        sentOn = recordHeaders;
        return this;
    }

    /** Another header; null leaves it out. */
    public Outgoing with(String name, @Nullable Object value) {
        return value == null
                ? this
                : with(new RecordHeader(name, value instanceof byte[] bytes ? bytes : utf8(value.toString())));
    }

    /** Another header, which many records may share. What a fold needs comes first. */
    public Outgoing with(RecordHeader header) {
        if (count == headers.length) {
            headers = Arrays.copyOf(headers, count * 2);
        }
        int at = Header.FOLDED.contains(header.key()) ? folded++ : count;
        System.arraycopy(headers, at, headers, at + 1, count - at);
        headers[at] = header;
        count++;
        return this;
    }

    /** The value; null is a tombstone, as is none at all. */
    public Outgoing payload(byte @Nullable [] value) {
        payload = value;
        return this;
    }

    /** Where it goes. */
    public TopicPartition partition() {
        return new TopicPartition(topic, partition);
    }

    /** The bytes of its value. */
    public int payloadBytes() {
        return payload == null ? 0 : payload.length;
    }

    /** As a client of Kafka sends it. What a fold needs comes first of its own headers. */
    public ProducerRecord<byte[], byte[]> record() {
        RecordHeader[] own = Arrays.copyOf(headers, count);
        if (sentOn.isEmpty()) {
            return new ProducerRecord<>(topic, partition, null, key, payload, new RecordHeaders(own));
        }
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, partition, key, payload);
        RawHeaders.write(sentOn, List.of(own), record.headers());
        return record;
    }

    /** It was given to a producer. */
    public void sent(Future<RecordMetadata> acknowledged) {
        sent = acknowledged;
    }

    /**
     * Where in its partition it is; known when the transaction that it was sent in is committed.
     *
     * @return -1 if that is not known
     */
    public long offset() {
        Future<RecordMetadata> acknowledged = sent;
        return acknowledged != null && acknowledged.state() == Future.State.SUCCESS
                ? acknowledged.resultNow().offset()
                : -1;
    }

    /** As a binding sends it: {@link RawHeaders} makes the same record of it. */
    @SuppressWarnings("unchecked")
    public Message<byte[]> message() {
        Map<String, Object> all = new HashMap<>();
        for (int i = 0; i < count; i++) {
            all.put(headers[i].key(), headers[i].value());
        }
        all.put(DESTINATION, topic);
        all.put(KafkaHeaders.PARTITION, partition);
        if (key != null) {
            all.put(KafkaHeaders.KEY, key);
        }
        if (!sentOn.isEmpty()) {
            all.put(RawHeaders.SENT_ON, sentOn);
        }
        return (Message<byte[]>) (Message<?>) new GenericMessage<Object>(payload == null ? KafkaNull.INSTANCE : payload,
                all);
    }

    /** A header's value. */
    public static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
