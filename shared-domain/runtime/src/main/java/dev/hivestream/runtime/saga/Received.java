package dev.hivestream.runtime.saga;

import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Outgoing;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** A message of an inbox, as far as a saga depends on it. Not thread-safe. */
public final class Received {

    /** The types of records that are no events. */
    public static final String RESULT = "hive.result";
    public static final String DEADLINE = "hive.deadline";
    public static final String PARKED = "hive.parked";
    public static final String RETRY = "hive.retry";
    public static final String SKIP = "hive.skip";
    public static final String END = "hive.end";
    /** In a history: a batch of the inbox was handled and changed nothing. */
    public static final String HANDLED = "hive.handled";

    /** What is kept of a record's headers. */
    private static final List<String> KEPT = List.of(Header.TYPE, Header.SOURCE, Header.ID, Header.SUBJECT,
            Header.TIME, Header.DATA_VERSION, Header.CORRELATION_ID, Header.CAUSATION_ID, Header.SAGA_STEP,
            Header.SAGA_ATTEMPT, Header.SETTING, Header.AGAIN, Header.LETTER, Header.FAILED_ON, Header.DEAD_REASON,
            Header.TRACE_PARENT,
            Header.TRACE_STATE);

    private final Map<String, String> headers;
    private final byte @Nullable [] payload;
    private @Nullable Instant time;

    /** @param headers those that a saga's fold depends on, and those that go from a cause to what follows from it */
    public Received(Map<String, String> headers, byte @Nullable [] payload) {
        this.headers = headers;
        this.payload = payload;
    }

    /** A record of the log. */
    public static Received of(ConsumerRecord<byte[], byte[]> record) {
        return kept(name -> Header.text(record.headers(), name), record.value());
    }

    /** A record of a batch. */
    public static Received of(Incoming record) {
        return kept(record::header, record.payload());
    }

    /** Puts into a record what a fold needs of a message, as {@link #of(ConsumerRecord)} reads it. */
    public static void copy(Incoming message, Outgoing record) {
        for (String name : KEPT) {
            record.with(name, message.headers().get(name));
        }
        record.payload(message.payload());
    }

    private static Received kept(Function<String, @Nullable String> header, byte @Nullable [] payload) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (String name : KEPT) {
            String value = header.apply(name);
            if (value != null) {
                headers.put(name, value);
            }
        }
        return new Received(headers, payload);
    }

    static Received of(Instance.Held held) {
        return new Received(held.headers(),
                held.payload() == null ? null : held.payload().getBytes(StandardCharsets.UTF_8));
    }

    Instance.Held held() {
        return new Instance.Held(new HashMap<>(headers),
                payload == null ? null : new String(payload, StandardCharsets.UTF_8));
    }

    /** By name: those that a saga's fold depends on, and those that go from a cause to what follows from it. */
    public Map<String, String> headers() {
        return headers;
    }

    /** JSON; null if the record has none. */
    public byte @Nullable [] payload() {
        return payload;
    }

    /** Its wire name. */
    public String type() {
        return headers.getOrDefault(Header.TYPE, "");
    }

    @Nullable
    String header(String name) {
        return headers.get(name);
    }

    /** Source and id: what follows from it is identified by them. */
    String cause() throws Malformed {
        return require(Header.SOURCE) + "|" + require(Header.ID);
    }

    /** What makes it the same message when it comes again. A dead letter that is sent again is another, but only once. */
    String identity() throws Malformed {
        String letter = headers.get(Header.LETTER);
        return letter == null ? cause() : cause() + "|" + letter;
    }

    /** When it was put into the inbox. */
    Instant time() throws Malformed {
        Instant known = time;
        if (known == null) {
            known = parsed(require(Header.TIME));
            time = known;
        }
        return known;
    }

    private static Instant parsed(String time) throws Malformed {
        try {
            Instant parsed = Instant.parse(time);
            // the far ends of what an Instant can be are no number of milliseconds
            var _ = parsed.toEpochMilli();
            return parsed;
        } catch (DateTimeException | ArithmeticException e) {
            throw new Malformed("The header " + Header.TIME + " is '" + time + "' and not a time");
        }
    }

    long number(String name) throws Malformed {
        String value = require(name);
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new Malformed("The header " + name + " is '" + value + "' and not a number");
        }
    }

    String require(String name) throws Malformed {
        String value = headers.get(name);
        if (value == null) {
            throw new Malformed("The header " + name + " is missing");
        }
        return value;
    }
}
