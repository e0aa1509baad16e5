package dev.hivestream.local.recorded;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A topic of a recording.
 *
 * @param name of the topic
 * @param id that Kafka gave it; headers of other records refer to it
 * @param configs that were set for it
 * @param ends the offset behind the last record or marker, by partition
 * @param records that were committed, by partition and offset
 */
public record RecordedTopic(String name, String id, Map<String, String> configs, List<Long> ends,
        List<Recorded> records) {

    /**
     * A record of a recorded topic.
     *
     * @param headers name and value, in their order
     */
    public record Recorded(int partition, long offset, long timestamp, @Nullable String key, List<Header> headers,
            @Nullable String value) {

        /** The value of the last header of a name; null if there is none. */
        public @Nullable String header(String name) {
            return headers.stream().filter(header -> header.name.equals(name)).map(Header::value)
                    .reduce(null, (_, last) -> last);
        }
    }

    /** A header of a recorded record. */
    public record Header(String name, @Nullable String value) {}

    /** Reads the line that begins a topic. */
    static RecordedTopic of(JsonNode line) {
        Map<String, String> configs = new TreeMap<>();
        line.path("configs").properties().forEach(config -> configs.put(config.getKey(), config.getValue().asString()));
        List<Long> ends = new ArrayList<>();
        line.path("ends").forEach(end -> ends.add(end.asLong()));
        return new RecordedTopic(line.path("topic").asString(), line.path("topicId").asString(), configs, ends,
                new ArrayList<>());
    }

    /** Reads the line of one of its records. */
    void add(JsonNode line) {
        List<Header> headers = new ArrayList<>();
        line.path("h").forEach(header -> headers.add(new Header(header.path(0).asString(), text(header.path(1)))));
        records.add(new Recorded(line.path("p").asInt(), line.path("o").asLong(), line.path("t").asLong(),
                text(line.path("k")), headers, text(line.path("v"))));
    }

    private static @Nullable String text(JsonNode value) {
        return value.isNull() ? null : value.asString();
    }

    /**
     * Records without a gap between them.
     *
     * @param start the offset of the first of them
     * @param gap how many offsets behind them hold no committed record
     */
    record Run(long start, List<Recorded> records, long gap) {}

    /** The runs of a partition, in order; an empty one begins a partition whose first offset holds no record. */
    List<Run> runs(int partition) {
        List<Run> runs = new ArrayList<>();
        List<Recorded> run = new ArrayList<>();
        long start = 0;
        long next = 0;
        for (Recorded each : records) {
            if (each.partition != partition) {
                continue;
            }
            if (each.offset > next) {
                runs.add(new Run(start, run, each.offset - next));
                run = new ArrayList<>();
                start = each.offset;
            }
            run.add(each);
            next = each.offset + 1;
        }
        runs.add(new Run(start, run, ends.get(partition) - next));
        return runs;
    }

    /** A recorded record for a topic of this name, with the ids of other topics replaced where headers refer to them. */
    ProducerRecord<byte[], byte[]> producerRecord(Recorded recorded, Map<String, String> newIds) {
        var record = new ProducerRecord<byte[], byte[]>(name, recorded.partition, recorded.timestamp,
                bytes(recorded.key),
                bytes(recorded.value));
        for (Header header : recorded.headers) {
            record.headers().add(header.name, bytes(withNewId(header.value, newIds)));
        }
        return record;
    }

    private static @Nullable String withNewId(@Nullable String value, Map<String, String> newIds) {
        if (value == null) {
            return null;
        }
        int colon = value.indexOf(':');
        String id = colon < 0 ? null : newIds.get(value.substring(0, colon));
        return id == null ? value : id + value.substring(colon);
    }

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }
}
