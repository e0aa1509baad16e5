package dev.hivestream.runtime.letter;

import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Outgoing;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** A record of a topic of dead letters: a letter, or what became of one, which stands behind it in its partition. */
final class Letter {

    static final String RESENT = "hive.resent";
    static final String DISCARDED = "hive.discarded";
    private static final List<String> FATES = List.of(RESENT, DISCARDED);
    /** In a list a reason is a line. */
    private static final int LINE = 200;

    private final ConsumerRecord<byte[], byte[]> record;

    Letter(ConsumerRecord<byte[], byte[]> record) {
        this.record = record;
    }

    ConsumerRecord<byte[], byte[]> record() {
        return record;
    }

    Place place() {
        return new Place(record.partition(), record.offset());
    }

    @Nullable
    String header(String name) {
        return Header.text(record.headers(), name);
    }

    @Nullable
    String key() {
        return record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8);
    }

    /**
     * The letter whose fate this is; null of a letter. What was dead-lettered has an origin, whatever other headers its
     * sender gave it.
     */
    @Nullable
    Place fateOf() {
        String letter = header(Header.LETTER);
        String type = header(Header.TYPE);
        String own = record.topic() + "/" + record.partition() + "/";
        if (letter == null || type == null || !FATES.contains(type) || header(Header.DEAD_ORIGIN) != null
                || !letter.startsWith(own)) {
            return null;
        }
        return Place.parse(letter.substring(record.topic().length() + 1));
    }

    /** In a few words. */
    Map<String, Object> summary() {
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("letter", place().toString());
        put(summary, "id", key());
        put(summary, "commandId", header(Header.ID));
        put(summary, "type", header(Header.TYPE));
        put(summary, "saga", header(Header.SAGA));
        summary.put("time", Instant.ofEpochMilli(record.timestamp()).toString());
        put(summary, "origin", header(Header.DEAD_ORIGIN));
        String reason = header(Header.DEAD_REASON);
        put(summary, "reason", reason == null ? null : Outgoing.brief(reason, LINE));
        return summary;
    }

    /** All of it. */
    Map<String, Object> whole() {
        Map<String, Object> whole = summary();
        put(whole, "reason", header(Header.DEAD_REASON));
        put(whole, "trace", header(Header.DEAD_TRACE));
        Map<String, Object> headers = new LinkedHashMap<>();
        record.headers().forEach(header -> {
            if (!header.key().equals(Header.DEAD_REASON) && !header.key().equals(Header.DEAD_TRACE)) {
                put(headers, header.key(), Header.text(record.headers(), header.key()));
            }
        });
        whole.put("headers", headers);
        value(whole);
        return whole;
    }

    /** JSON as it is; other text as text; anything else in Base64. */
    private void value(Map<String, Object> whole) {
        byte[] value = record.value();
        if (value == null) {
            return;
        }
        try {
            whole.put("value", Json.TOLERANT.readTree(value));
        } catch (JacksonException e) {
            String text = new String(value, StandardCharsets.UTF_8);
            if (text.indexOf('\uFFFD') < 0) {
                whole.put("value", text);
            } else {
                whole.put("valueBase64", Base64.getEncoder().encodeToString(value));
            }
        }
    }

    /** What became of a letter. */
    Map<String, Object> fate() {
        Map<String, Object> fate = new LinkedHashMap<>();
        fate.put("action", String.valueOf(header(Header.TYPE)).substring("hive.".length()));
        put(fate, "time", header(Header.TIME));
        try {
            JsonNode told = Json.TOLERANT.readTree(record.value());
            put(fate, "by", told.path("by").stringValue(null));
            put(fate, "why", told.path("why").stringValue(null));
        } catch (JacksonException e) {
            fate.put("remark", "What was told about it cannot be read");
        }
        return fate;
    }

    private static void put(Map<String, Object> map, String name, @Nullable Object value) {
        if (value != null) {
            map.put(name, value);
        }
    }
}
