package dev.hivestream.sagamanager;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Indexed;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Done;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.util.RawValue;

/** Looks at instances of all partitions, whoever owns them. Thread-safe. */
final class Instances {

    /** What is shown of the present state, of one before, and of what a message did: bytes, and lines. */
    private static final int LARGEST_STATE = 1024 * 1024;
    private static final int LARGEST_STATE_AFTER = 16 * 1024;
    private static final int EFFECTS = 100;

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

    /** The instances of one status, those first that have not changed for longest. */
    List<Map<String, Object>> list(String saga, String status, int limit) {
        ServedSaga<?, ?, ?> served = Objects.requireNonNull(sagas.byName().get(saga));
        List<Map<String, Object>> found = new ArrayList<>();
        eachSlot(saga, (slot, generation) -> {
            List<String> ids = cache.lowest(slot, generation, status, Long.MAX_VALUE, limit).stream()
                    .map(Indexed::member).toList();
            List<@Nullable StoredSnapshot> stored = cache.load(slot, fingerprint(served), generation, ids).snapshots();
            for (int i = 0; i < ids.size(); i++) {
                found.add(described(ids.get(i), served.snapshots().read(ids.get(i), stored.get(i)).state()));
            }
        });
        found.sort(Comparator.comparing(one -> (Instant) Objects.requireNonNull(one.get("changed"))));
        return found.subList(0, Math.min(limit, found.size()));
    }

    /** An instance as the cache has it; null if there is none. */
    @Nullable
    Instance<?> find(ServedSaga<?, ?, ?> saga, String id) {
        Slot slot = Slot.of(saga.name(), id, properties.partitions());
        String generation = generation(saga, slot);
        StoredSnapshot stored = generation == null
                ? null
                : cache.load(slot, fingerprint(saga), generation, List.of(id)).snapshots().getFirst();
        return stored == null ? null : saga.snapshots().read(id, stored).state();
    }

    /**
     * What of an instance's messages is shown, so that an answer has a bound whatever the instance has gone through.
     *
     * @param limit how many, the newest
     * @param before the version of the instance that all of them are below
     * @param states whether the state after each of them is shown, if it is not large
     */
    record Page(int limit, long before, boolean states) {}

    /** An instance and its messages, newest first, with what each did; null if there is no such instance. */
    <S> @Nullable Map<String, Object> timeline(ServedSaga<?, S, ?> saga, String id, Page page) {
        Slot slot = Slot.of(saga.name(), id, properties.partitions());
        TopicPartition history = new TopicPartition(saga.log(), slot.partition());
        Snapshot<Instance<S>> snapshot = saga.snapshots().read(id, null);
        Deque<Map<String, Object>> messages = new ArrayDeque<>();
        replay.readAll(history, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (id.equals(Fold.id(record))) {
                    long version = snapshot.version();
                    Map<String, Object> entry = entry(saga, snapshot, record, page);
                    if (snapshot.version() > version && snapshot.version() < page.before()) {
                        messages.addFirst(entry);
                        if (messages.size() > page.limit()) {
                            messages.removeLast();
                        }
                    }
                }
            }
            return true;
        });
        if (snapshot.version() == 0) {
            return null;
        }
        Map<String, Object> line = new LinkedHashMap<>(described(id, snapshot.state()));
        line.put("saga", saga.name());
        line.put("version", snapshot.version());
        line.put("state", bounded(snapshot.state().state(), LARGEST_STATE));
        line.put("deadlines", deadlines(snapshot.state()));
        line.put("steps", steps(snapshot.state()));
        line.put("messages", messages);
        if (!messages.isEmpty() && messages.getLast().get("version") instanceof Long oldest && oldest > 1) {
            line.put("older", "?before=" + oldest);
        }
        return line;
    }

    private <S> Map<String, Object> entry(ServedSaga<?, S, ?> saga, Snapshot<Instance<S>> snapshot,
            ConsumerRecord<byte[], byte[]> record, Page page) {
        Map<String, Object> entry = new LinkedHashMap<>();
        List<String> otherwise = new ArrayList<>();
        Done done = saga.fold(snapshot, record, properties.decide().remembered(),
                (recorded, now) -> otherwise.add("This code would do " + now));
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
            entry.put("effects",
                    done.texts().stream().limit(EFFECTS).map(Outgoing::brief).toList());
        }
        if (!otherwise.isEmpty()) {
            entry.put("differences", otherwise.stream().limit(EFFECTS).map(Outgoing::brief).toList());
        }
        entry.put("status", snapshot.state().shown());
        if (page.states()) {
            entry.put("stateAfter", bounded(snapshot.state().state(), LARGEST_STATE_AFTER));
        }
        return entry;
    }

    private static Object bounded(@Nullable Object state, int largest) {
        byte[] json = Json.TOLERANT.writeValueAsBytes(state);
        return json.length > largest
                ? "left out: it has " + json.length + " bytes, and " + largest + " are shown"
                : new RawValue(new String(json, StandardCharsets.UTF_8));
    }

    private static Map<String, Object> steps(Instance<?> instance) {
        Map<String, Object> steps = new LinkedHashMap<>();
        instance.steps().forEach((name, step) -> steps.put(name, bounded(step, LARGEST_STATE_AFTER)));
        return steps;
    }

    private static Map<String, Object> described(String id, Instance<?> instance) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("id", id);
        one.put("status", instance.shown());
        if (!instance.isEnded()) {
            one.put("started", Instant.ofEpochMilli(instance.started()));
        }
        one.put("changed", Instant.ofEpochMilli(instance.changed()));
        if (instance.isStill()) {
            one.put("parked", instance.why());
            Instance.Later later = instance.later();
            one.put("held", instance.held().size() + (later == null ? 0 : later.count()));
        }
        if (!instance.early().isEmpty()) {
            one.put("early", instance.early().size());
        }
        if (instance.overdue() != null) {
            one.put("overdue", instance.overdue());
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
        return fingerprints.computeIfAbsent(saga.name(),
                _ -> saga.fingerprint(topics.requireSaga(saga.name()).events()));
    }
}
