package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.jspecify.annotations.Nullable;

/** Asks the broker about the log. Thread-safe. */
final class Log {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Admin admin;
    private final FoldedLogs logs;

    Log(Admin admin, FoldedLogs logs) {
        this.admin = admin;
        this.logs = logs;
    }

    /** The partition that a slot's cache is the fold of. */
    TopicPartition events(Slot slot) {
        return new TopicPartition(folded(slot).log(), slot.partition());
    }

    private Folded<?, ?> folded(Slot slot) {
        return Objects.requireNonNull(logs.byName().get(slot.aggregate()), slot.aggregate());
    }

    /** Where the log of one slot ends now. */
    long end(Slot slot) {
        return Objects.requireNonNull(ends(List.of(slot)).get(slot));
    }

    /** Where one slot's log ends now for who reads what is committed. */
    long committedEnd(Slot slot) {
        return Objects.requireNonNull(
                offsets(List.of(slot), OffsetSpec.latest(), IsolationLevel.READ_COMMITTED).get(slot)).offset();
    }

    /** Where the log of some slots ends now: behind the last record that was appended, committed or not. */
    Map<Slot, Long> ends(Collection<Slot> slots) {
        Map<Slot, Long> ends = new HashMap<>();
        offsets(slots, OffsetSpec.latest()).forEach((slot, found) -> ends.put(slot, found.offset()));
        return ends;
    }

    /** Where the log of some slots ended at a moment of the past. */
    Map<Slot, Long> ends(Collection<Slot> slots, @Nullable When when) {
        Map<Slot, Long> ends = ends(slots);
        if (when == null) {
            return ends;
        }
        if (when.time() != null) {
            // the first record that is younger
            offsets(slots, OffsetSpec.forTimestamp(when.time().toEpochMilli() + 1)).forEach((slot, found) -> {
                if (found.offset() >= 0) {
                    ends.merge(slot, found.offset(), Math::min);
                }
            });
        } else {
            slots.forEach(slot -> ends.merge(slot,
                    when.offset() != null
                            ? when.offset()
                            : when.offsets().getOrDefault(slot.partition(), Long.MAX_VALUE),
                    Math::min));
        }
        return ends;
    }

    /**
     * The log has a place: what is built as of then is the same whenever that is done.
     *
     * @throws StartRefused if the place is beyond the log's end; an offset of each partition if it is beyond all ends
     */
    void requireReached(Collection<Slot> slots, When when) {
        if (when.time() != null) {
            return;
        }
        Map<Integer, Slot> known = new TreeMap<>();
        slots.forEach(slot -> known.put(slot.partition(), slot));
        Map<Slot, Long> ends = ends(slots);
        when.offsets().forEach((partition, offset) -> {
            Slot slot = known.get(partition);
            if (slot == null) {
                throw new StartRefused("--until names the partition " + partition + ", and there are "
                        + slots.size() + ", from 0 on");
            }
            if (offset > ends.getOrDefault(slot, 0L)) {
                throw new StartRefused("--until is " + offset + " for the partition " + partition + ", and "
                        + events(slot) + " ends at " + ends.get(slot));
            }
        });
        long last = ends.values().stream().mapToLong(Long::longValue).max().orElse(0);
        if (when.offset() != null && when.offset() > last) {
            throw new StartRefused("--until is " + when.offset() + ", and the longest partition of "
                    + events(slots.iterator().next()).topic() + " ends at " + last);
        }
    }

    private Map<Slot, ListOffsetsResultInfo> offsets(Collection<Slot> slots, OffsetSpec spec) {
        return offsets(slots, spec, IsolationLevel.READ_UNCOMMITTED);
    }

    private Map<Slot, ListOffsetsResultInfo> offsets(Collection<Slot> slots, OffsetSpec spec,
            IsolationLevel isolation) {
        Map<TopicPartition, ListOffsetsResultInfo> answer = Topics.offsets(admin,
                slots.stream().map(this::events).toList(), spec, isolation, PATIENCE);
        Map<Slot, ListOffsetsResultInfo> found = new HashMap<>();
        slots.forEach(slot -> found.put(slot, Objects.requireNonNull(answer.get(events(slot)))));
        return found;
    }

    /** Whether a consumer group has members, who own partitions. */
    boolean hasMembers(String group) {
        try {
            return !Objects.requireNonNull(
                    Topics.get(admin.describeConsumerGroups(List.of(group)).all(), PATIENCE).get(group)).members()
                    .isEmpty();
        } catch (GroupIdNotFoundException nobodyYet) {
            return false;
        }
    }
}
