package dev.hivestream.runtime.log;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * An event whose version is not the one after the last version of its aggregate that the log has before it. The log of an
 * aggregate is 1, 2, 3 …, so something else than this system wrote it, or the log lost events.
 *
 * @param kind what is wrong
 * @param topic with {@code partition} and {@code offset}, the place of the event
 * @param id of the aggregate
 * @param version of the event
 * @param after the last version before it
 */
public record VersionViolation(Kind kind, String topic, int partition, long offset, String id, long version,
        long after) {

    /** What is wrong with a version. */
    public enum Kind {
        /** The log has it already, or a later one. */
        REPEATED,
        /** The versions between it and the last one are not in the log. */
        MISSING;

        /** As meters and JSON have it. */
        public String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Compares an event with the last one of its aggregate.
     *
     * @param after the last version before it, 0 if it is the first one
     * @return null if it is the next version
     */
    public static @Nullable VersionViolation of(ConsumerRecord<byte[], byte[]> event, String id, long version,
            long after) {
        if (version == after + 1) {
            return null;
        }
        return new VersionViolation(version <= after ? Kind.REPEATED : Kind.MISSING, event.topic(),
                event.partition(), event.offset(), id, version, after);
    }

    /** One line for people. */
    public String text() {
        String place = topic + "/" + partition + "/" + offset + ": version " + version + " of '" + id + "' ";
        if (kind == Kind.REPEATED) {
            return place + "is repeated after version " + after;
        }
        return place + "follows version " + after + ": " + (version == after + 2
                ? "version " + (after + 1) + " is missing"
                : "versions " + (after + 1) + " to " + (version - 1) + " are missing");
    }

    /** The same for programs. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("kind", kind.wire());
        json.put("topic", topic);
        json.put("partition", partition);
        json.put("offset", offset);
        json.put("id", id);
        json.put("version", version);
        json.put("after", after);
        return json;
    }
}
