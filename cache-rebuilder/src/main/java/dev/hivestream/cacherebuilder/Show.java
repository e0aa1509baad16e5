package dev.hivestream.cacherebuilder;

import dev.hivestream.cacherebuilder.CommandLine.Misunderstood;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Recorded;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.util.RawValue;

/**
 * The command {@code show}: an aggregate's history, event by event, with the state after each. It keeps the newest of them, up
 * to a number of bytes, and says how to see those before.
 */
final class Show {

    /** What all events that are shown have together; the newest is shown in any case. */
    private static final long LARGEST = 16L * 1024 * 1024;
    /** One long text would otherwise make every line that long. */
    private static final int WIDEST_COLUMN = 100;

    private final FoldedLogs served;
    private final Topics topics;
    private final Replay replay;
    private final Log log;
    private final HiveProperties hive;
    private final RebuilderProperties properties;

    Show(FoldedLogs served, Topics topics, Replay replay, Log log, HiveProperties hive,
            RebuilderProperties properties) {
        this.served = served;
        this.topics = topics;
        this.replay = replay;
        this.log = log;
        this.hive = hive;
        this.properties = properties;
    }

    Outcome run() {
        if (properties.arguments().size() != 2) {
            throw new StartRefused("show wants an aggregate and an id: show account a-1");
        }
        String aggregate = properties.arguments().get(0);
        Folded<?, ?> one = served.byName().get(aggregate);
        if (one == null) {
            throw new Misunderstood("There is no aggregate '" + aggregate + "'; known are "
                    + served.byName().keySet().stream().sorted().toList());
        }
        topics.requireLog(one);
        return show(one, properties.arguments().get(1));
    }

    private <S, E> Outcome show(Folded<S, E> one, String id) {
        When at = properties.at() == null ? null : When.parse("at", properties.at());
        Slot slot = Slot.of(one.name(), id, hive.partitions());
        long end = log.end(slot);
        Newest history = new Newest();
        String[] reason = {""};
        boolean[] known = {false};
        Fold<S, E> fold = one.fold(hive.decide().remembered(), (event, same, why, fault) -> reason[0] = why);
        Snapshot<S> snapshot = one.snapshots().read(id, null);
        replay.read(log.events(slot), 0, end, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (!id.equals(Fold.id(record))) {
                    continue;
                }
                if (isLater(record, at)) {
                    known[0] = true;
                    return false;
                }
                if (one.recordsInput() && fold.version(new Recorded(record)) < 0) {
                    // marks how far the inbox was handled
                    continue;
                }
                known[0] = true;
                boolean poisonedBefore = snapshot.poison() != null;
                boolean changed = fold.apply(snapshot, record);
                history.add(entry(one, record, snapshot, changed
                        ? reason[0]
                        : poisonedBefore ? "an event before this one cannot be folded" : "a repeat, passed over"));
            }
            return true;
        });
        if (!known[0]) {
            requireId(id);
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("aggregate", one.name());
        json.put("id", id);
        json.put("slot", slot.toString());
        json.put("version", snapshot.version());
        json.put("state", state(one, snapshot));
        json.put("history", history.entries);
        if (history.older > 0) {
            json.put("older", history.older);
            json.put("olderAt", history.olderAt);
        }
        return new Outcome(Outcome.DONE, json, history.older() + table(one.name(), id, history.entries));
    }

    /** Events that are shown, oldest first. */
    private static final class Newest {
        private final Deque<Map<String, Object>> entries = new ArrayDeque<>();
        private long bytes;
        private long older;
        private String olderAt = "";

        private void add(Map<String, Object> entry) {
            entries.addLast(entry);
            bytes += bytes(entry);
            while (entries.size() > 1 && bytes > LARGEST) {
                Map<String, Object> oldest = entries.removeFirst();
                bytes -= bytes(oldest);
                older++;
                olderAt = text(oldest.get("version"));
            }
        }

        private static long bytes(Map<String, Object> entry) {
            return entry.values().stream().mapToLong(value -> text(value).length()).sum();
        }

        /** Says that some are left out; empty if none are. */
        private String older() {
            return older == 0
                    ? ""
                    : "%,d older ones are left out, since all together have more than %d MB; --at %s shows those%n"
                            .formatted(older, LARGEST >> 20, olderAt);
        }
    }

    /** The log may have ids of format 1 that nothing takes any more; an id that it does not have must be one of today. */
    private static void requireId(String id) {
        try {
            var _ = Ids.require("id", id);
        } catch (Malformed e) {
            throw new StartRefused(e.getMessage() + ". The log has no event of it either");
        }
    }

    private static boolean isLater(ConsumerRecord<byte[], byte[]> record, @Nullable When at) {
        if (at == null) {
            return false;
        }
        if (at.time() != null) {
            return record.timestamp() > at.time().toEpochMilli();
        }
        String version = Header.text(record.headers(), Header.SEQUENCE);
        try {
            return at.offset() != null && version != null && Long.parseLong(version) > at.offset();
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static <S> Map<String, Object> entry(Folded<S, ?> one, ConsumerRecord<byte[], byte[]> record,
            Snapshot<S> after, String remark) {
        Map<String, Object> entry = new LinkedHashMap<>();
        put(entry, "version", Header.text(record.headers(), Header.SEQUENCE));
        put(entry, "time", Instant.ofEpochMilli(record.timestamp()).toString());
        put(entry, "type", Header.text(record.headers(), Header.TYPE));
        put(entry, "command", Header.text(record.headers(), Header.CAUSATION_ID));
        entry.put("offset", record.offset());
        entry.put("event", raw(record.value()));
        String done = Header.text(record.headers(), Header.DONE);
        if (one.recordsInput() && done != null) {
            entry.put("done", raw(done.getBytes(StandardCharsets.UTF_8)));
        }
        entry.put("state", state(one, after));
        if (!remark.isEmpty()) {
            entry.put("remark", remark);
        }
        return entry;
    }

    private static <S> RawValue state(Folded<S, ?> one, Snapshot<S> snapshot) {
        return new RawValue(new String(one.snapshots().writeState(snapshot.state()), StandardCharsets.UTF_8));
    }

    private static void put(Map<String, Object> entry, String name, @Nullable String value) {
        if (value != null) {
            entry.put(name, value);
        }
    }

    /** JSON as it is; anything else as text. */
    private static Object raw(byte @Nullable [] value) {
        if (value == null) {
            return "";
        }
        String text = new String(value, StandardCharsets.UTF_8);
        try {
            Json.TOLERANT.readTree(value);
            return new RawValue(text);
        } catch (JacksonException e) {
            return text;
        }
    }

    private static String table(String aggregate, String id, Collection<Map<String, Object>> history) {
        if (history.isEmpty()) {
            return "The log has no event of " + aggregate + " '" + id + "'" + System.lineSeparator();
        }
        List<String[]> rows = new ArrayList<>();
        boolean isSaga = history.stream().anyMatch(entry -> entry.containsKey("done"));
        rows.add(new String[]{"version", "time", "event", "payload" + (isSaga ? ", and what was done" : ""),
                "state after it"});
        for (Map<String, Object> entry : history) {
            rows.add(new String[]{text(entry.get("version")), text(entry.get("time")), text(entry.get("type")),
                    text(entry.get("event")) + (isSaga ? "  " + text(entry.get("done")) : ""),
                    text(entry.get("state")) + (entry.containsKey("remark") ? "  (" + entry.get("remark") + ")" : "")});
        }
        int[] widths = new int[5];
        rows.forEach(row -> {
            for (int i = 0; i < row.length - 1; i++) {
                widths[i] = Math.min(WIDEST_COLUMN, Math.max(widths[i], row[i].length()));
            }
        });
        StringBuilder table = new StringBuilder();
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                table.append(row[i])
                        .append(i == row.length - 1 ? "" : " ".repeat(Math.max(0, widths[i] - row[i].length()) + 2));
            }
            table.append(System.lineSeparator());
        }
        return table.toString();
    }

    private static String text(@Nullable Object value) {
        return value == null ? "" : value instanceof RawValue raw ? String.valueOf(raw.rawValue()) : value.toString();
    }
}
