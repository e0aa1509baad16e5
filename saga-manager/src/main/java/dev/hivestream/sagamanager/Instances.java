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
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Looks at instances of all partitions, whoever owns them. Thread-safe. */
final class Instances {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final ServedSagas sagas;
    private final Topics topics;
    private final Cache cache;
    private final Replay replay;
    private final Admin admin;
    private final HiveProperties properties;
    private final Map<String, String> fingerprints = new ConcurrentHashMap<>();

    Instances(ServedSagas sagas, Topics topics, Cache cache, Replay replay, Admin admin, HiveProperties properties) {
        this.sagas = sagas;
        this.topics = topics;
        this.cache = cache;
        this.replay = replay;
        this.admin = admin;
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

    /** How an instance stands; null if there is none. */
    @Nullable
    String status(ServedSaga<?, ?, ?> saga, String id) {
        Slot slot = Slot.of(saga.name(), id, properties.partitions());
        String generation = generation(saga, slot);
        StoredSnapshot stored = generation == null
                ? null
                : cache.load(slot, fingerprint(saga), generation, List.of(id)).snapshots().getFirst();
        return stored == null ? null : saga.snapshots().read(id, stored).state().shown();
    }

    /** An instance's messages, with the state after each and what it did; null if there is no such instance. */
    <S> @Nullable Map<String, Object> timeline(ServedSaga<?, S, ?> saga, String id) {
        Slot slot = Slot.of(saga.name(), id, properties.partitions());
        TopicPartition inbox = new TopicPartition(saga.input(), slot.partition());
        long end = Topics.get(admin.listOffsets(Map.of(inbox, OffsetSpec.latest())).partitionResult(inbox), PATIENCE)
                .offset();
        Snapshot<Instance<S>> snapshot = saga.snapshots().read(id, null);
        List<Map<String, Object>> messages = new ArrayList<>();
        replay.read(inbox, 0, end, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (id.equals(Fold.id(record))) {
                    messages.add(entry(saga, id, snapshot, record));
                }
            }
            return true;
        });
        if (messages.isEmpty()) {
            return null;
        }
        Map<String, Object> line = new LinkedHashMap<>(described(id, snapshot.state()));
        line.put("saga", saga.name());
        line.put("state", snapshot.state().state());
        line.put("deadlines", deadlines(snapshot.state()));
        line.put("steps", snapshot.state().steps());
        line.put("messages", messages);
        return line;
    }

    private <S> Map<String, Object> entry(ServedSaga<?, S, ?> saga, String id, Snapshot<Instance<S>> snapshot,
            ConsumerRecord<byte[], byte[]> record) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("offset", record.offset());
        for (String header : List.of(Header.TIME, Header.TYPE, Header.SUBJECT, Header.SAGA_STEP, Header.ID,
                Header.CAUSATION_ID)) {
            String value = Header.text(record.headers(), header);
            if (value != null) {
                entry.put(header.substring("ce_".length()), value);
            }
        }
        entry.put("payload", record.value() == null
                ? ""
                : new String(record.value(), StandardCharsets.UTF_8));
        try {
            Reactor.Handled handled = saga.reactor().handle(snapshot, id,
                    Received.of(record),
                    properties.decide().remembered());
            entry.put("effects", handled.changed()
                    ? handled.effects().stream().map(Object::toString).toList()
                    : List.of("ignored"));
            entry.put("commands", handled.commands());
        } catch (Malformed e) {
            entry.put("effects", List.of("dead-lettered: " + e.getMessage()));
        }
        entry.put("status", snapshot.state().shown());
        entry.put("stateAfter", snapshot.state().state());
        return entry;
    }

    private static Map<String, Object> described(String id, Instance<?> instance) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("id", id);
        one.put("status", instance.shown());
        one.put("started", Instant.ofEpochMilli(instance.started()));
        one.put("changed", Instant.ofEpochMilli(instance.changed()));
        if (instance.parked() != null) {
            one.put("parked", instance.parked());
            one.put("held", instance.held().size());
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
                _ -> saga.fingerprint(topics.requireInbox(saga.name()).events()));
    }
}
