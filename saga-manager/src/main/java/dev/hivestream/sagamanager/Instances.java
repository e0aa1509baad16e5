package dev.hivestream.sagamanager;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Indexed;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Recorded;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Done;
import dev.hivestream.runtime.saga.HistoryFold;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.util.RawValue;

/** Looks at instances of all partitions, whoever owns them. Thread-safe. */
final class Instances {

    /** What is shown of the present state, of one before, and of all messages together: bytes. */
    private static final int LARGEST_STATE = 1024 * 1024;
    private static final int LARGEST_STATE_AFTER = 16 * 1024;
    private static final int LARGEST_PAGE = 4 * 1024 * 1024;
    /** How many effects of a message are shown, and how many steps. */
    private static final int EFFECTS = 100;
    private static final int STEPS = 100;
    /** What is shown of a text where many instances are listed, in characters. */
    private static final int LONGEST_LISTED = 500;
    private static final int LOADED_AT_ONCE = 20;

    private final ServedSagas sagas;
    private final Topics topics;
    private final Cache cache;
    private final Replay replay;
    private final HiveProperties properties;
    private final Map<String, String> fingerprints = new ConcurrentHashMap<>();

    Instances(ServedSagas sagas, Topics topics, Cache cache, Replay replay, HiveProperties properties) {
        this.sagas = sagas;
        this.topics = topics;
        this.cache = cache;
        this.replay = replay;
        this.properties = properties;
    }

    /** How many instances there are, by status. */
    Map<String, Long> counts(String saga) {
        Map<String, Long> counts = new LinkedHashMap<>();
        ServedSaga.STATUSES.forEach(status -> counts.put(status, 0L));
        eachSlot(saga, (slot, generation) -> ServedSaga.STATUSES
                .forEach(status -> counts.merge(status, cache.count(slot, generation, status), Long::sum)));
        return counts;
    }

    private record Listed(Slot slot, String generation, Indexed entry) {}

    /** The instances of one status, those first that have not changed for longest. */
    List<Map<String, Object>> list(String saga, String status, int limit) {
        ServedSaga<?, ?, ?> served = Objects.requireNonNull(sagas.byName().get(saga));
        List<Listed> stalest = new ArrayList<>();
        eachSlot(saga, (slot, generation) -> {
            cache.lowest(slot, generation, status, Long.MAX_VALUE, limit)
                    .forEach(entry -> stalest.add(new Listed(slot, generation, entry)));
            stalest.sort(Comparator.comparing(one -> Objects.requireNonNull(one.entry.score())));
            stalest.subList(Math.min(limit, stalest.size()), stalest.size()).clear();
        });
        Map<String, Map<String, Object>> described = new HashMap<>();
        stalest.stream().collect(Collectors.groupingBy(Listed::slot)).forEach((slot, entries) -> {
            for (int from = 0; from < entries.size(); from += LOADED_AT_ONCE) {
                List<String> ids = entries.subList(from, Math.min(entries.size(), from + LOADED_AT_ONCE)).stream()
                        .map(one -> one.entry.member()).toList();
                List<@Nullable StoredSnapshot> stored = cache
                        .load(slot, fingerprint(served), entries.getFirst().generation, ids).snapshots();
                for (int i = 0; i < ids.size(); i++) {
                    described.put(ids.get(i), described(ids.get(i),
                            served.snapshots().read(ids.get(i), stored.get(i)).state(), LONGEST_LISTED));
                }
            }
        });
        return stalest.stream().map(one -> Objects.requireNonNull(described.get(one.entry.member()))).toList();
    }

    /** An instance as the cache has it; null if there is none. */
    @Nullable
    Instance<?> find(ServedSaga<?, ?, ?> saga, String id) {
        StoredSnapshot stored = stored(saga, id);
        return stored == null ? null : saga.snapshots().read(id, stored).state();
    }

    private @Nullable StoredSnapshot stored(ServedSaga<?, ?, ?> saga, String id) {
        Slot slot = Slot.of(saga.name(), id, properties.partitions());
        String generation = generation(saga, slot);
        return generation == null
                ? null
                : cache.load(slot, fingerprint(saga), generation, List.of(id)).snapshots().getFirst();
    }

    /**
     * What of an instance's messages is shown, so that an answer has a bound whatever the instance has gone through.
     *
     * @param limit how many, the newest
     * @param before the version of the instance that all of them are below
     * @param states whether the state after each of them is shown, if it is not large
     */
    record Page(int limit, long before, boolean states) {}

    /** A message as JSON, so that its size is known. */
    private record Entry(long version, byte[] json) {}

    /** An instance and its messages, newest first, with what each did; null if there is no such instance. */
    <S> @Nullable Map<String, Object> timeline(ServedSaga<?, S, ?> saga, String id, Page page) {
        Slot slot = Slot.of(saga.name(), id, properties.partitions());
        TopicPartition history = new TopicPartition(saga.log(), slot.partition());
        Snapshot<Instance<S>> snapshot = saga.snapshots().read(id, null);
        HistoryFold<S> fold = saga.history(properties.decide().remembered());
        long first = first(saga, id, page);
        Deque<Entry> entries = new ArrayDeque<>();
        long[] bytes = {0};
        replay.readAll(history, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (!id.equals(Fold.id(record))) {
                    continue;
                }
                Recorded recorded = new Recorded(record);
                long version = recorded.versionOr(-1);
                if (version < first || version >= page.before() || version <= snapshot.version()) {
                    fold.apply(snapshot, recorded);
                    continue;
                }
                Entry entry = new Entry(version, entry(fold, snapshot, recorded, page));
                if (snapshot.version() == version) {
                    entries.addFirst(entry);
                    bytes[0] += entry.json.length;
                }
                while (entries.size() > page.limit() || entries.size() > 1 && bytes[0] > LARGEST_PAGE) {
                    bytes[0] -= entries.removeLast().json.length;
                }
            }
            return true;
        });
        if (snapshot.version() == 0) {
            return null;
        }
        Instance<S> instance = snapshot.state();
        Map<String, Object> line = new LinkedHashMap<>(described(id, instance, Integer.MAX_VALUE));
        line.put("saga", saga.name());
        line.put("version", snapshot.version());
        line.put("state", bounded(instance.state(), LARGEST_STATE));
        line.put("deadlines", deadlines(instance));
        line.put("steps", steps(instance));
        if (instance.steps().size() > STEPS) {
            line.put("olderSteps", instance.steps().size() - STEPS);
        }
        line.put("messages", entries.stream().map(one -> raw(one.json)).toList());
        if (!entries.isEmpty() && entries.getLast().version > 1) {
            line.put("older", "?before=" + entries.getLast().version);
        }
        return line;
    }

    /** The version below which no message comes onto the page; the cache says how far the instance is, or has gone beyond. */
    private long first(ServedSaga<?, ?, ?> saga, String id, Page page) {
        if (page.before() < Long.MAX_VALUE) {
            return page.before() - page.limit();
        }
        StoredSnapshot stored = stored(saga, id);
        return stored == null ? 0 : saga.snapshots().read(id, stored).version() + 1 - page.limit();
    }

    private <S> byte[] entry(HistoryFold<S> fold, Snapshot<Instance<S>> snapshot, Recorded recorded, Page page) {
        ConsumerRecord<byte[], byte[]> record = recorded.record();
        Map<String, Object> entry = new LinkedHashMap<>();
        List<String> otherwise = new ArrayList<>();
        Done done = fold.apply(snapshot, recorded,
                (_, now) -> (now.isEmpty() ? List.of("nothing") : now).stream().limit(EFFECTS - otherwise.size())
                        .forEach(text -> otherwise.add(Outgoing.brief(text))));
        entry.put("version", snapshot.version());
        entry.put("offset", record.offset());
        for (String header : List.of(Header.MESSAGE, Header.TIME, Header.TYPE, Header.SUBJECT, Header.SAGA_STEP,
                Header.ID, Header.CAUSATION_ID)) {
            String value = Header.text(record.headers(), header);
            if (value != null) {
                entry.put(header.substring("ce_".length()), Outgoing.brief(value));
            }
        }
        entry.put("payload", record.value() == null
                ? ""
                : Outgoing.brief(new String(record.value(), StandardCharsets.UTF_8)));
        if (done != null) {
            entry.put("effects", done.texts().stream().limit(EFFECTS).map(Outgoing::brief).toList());
        }
        if (!otherwise.isEmpty()) {
            entry.put("differences", otherwise);
        }
        entry.put("status", snapshot.state().shown());
        if (page.states()) {
            entry.put("stateAfter", bounded(snapshot.state().state(), LARGEST_STATE_AFTER));
        }
        return Json.TOLERANT.writeValueAsBytes(entry);
    }

    private static RawValue raw(byte[] json) {
        return new RawValue(new String(json, StandardCharsets.UTF_8));
    }

    private static Object bounded(@Nullable Object state, int largest) {
        byte[] json = Json.TOLERANT.writeValueAsBytes(state);
        return json.length > largest
                ? "left out: it has " + json.length + " bytes, and " + largest + " are shown"
                : raw(json);
    }

    private static Map<String, Object> steps(Instance<?> instance) {
        Map<String, Object> steps = new LinkedHashMap<>();
        instance.steps().entrySet().stream().skip(Math.max(0, instance.steps().size() - STEPS)).forEach(
                one -> steps.put(Outgoing.brief(one.getKey()), bounded(one.getValue(), LARGEST_STATE_AFTER)));
        return steps;
    }

    private static Map<String, Object> described(String id, Instance<?> instance, int longest) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("id", id);
        one.put("status", instance.shown());
        if (instance.hasStarted() && !instance.isEnded()) {
            one.put("started", Instant.ofEpochMilli(instance.started()));
        }
        one.put("changed", Instant.ofEpochMilli(instance.changed()));
        if (instance.isStill()) {
            one.put("parked", Outgoing.brief(String.valueOf(instance.why()), longest));
            Instance.Later later = instance.later();
            one.put("held", instance.held().size() + (later == null ? 0 : later.count()));
        }
        if (!instance.early().isEmpty()) {
            one.put("early", instance.early().size());
        }
        if (instance.overdue() != null) {
            one.put("overdue", Outgoing.brief(instance.overdue(), longest));
        }
        return one;
    }

    private static Map<String, Instant> deadlines(Instance<?> instance) {
        Map<String, Instant> deadlines = new LinkedHashMap<>();
        instance.deadlines().forEach((name, deadline) -> deadlines.put(name, Instant.ofEpochMilli(deadline.due())));
        return deadlines;
    }

    /** Does something with a slot. */
    private interface EachSlot {
        void look(Slot slot, String generation);
    }

    private void eachSlot(String saga, EachSlot each) {
        ServedSaga<?, ?, ?> served = Objects.requireNonNull(sagas.byName().get(saga));
        for (int partition = 0; partition < properties.partitions(); partition++) {
            Slot slot = new Slot(saga, partition);
            String generation = generation(served, slot);
            if (generation != null) {
                each.look(slot, generation);
            }
        }
    }

    private @Nullable String generation(ServedSaga<?, ?, ?> saga, Slot slot) {
        return cache.load(slot, fingerprint(saga), "", List.of()).active();
    }

    private String fingerprint(ServedSaga<?, ?, ?> saga) {
        return fingerprints.computeIfAbsent(saga.name(), _ -> saga.fingerprint(topics.logId(saga)));
    }
}
