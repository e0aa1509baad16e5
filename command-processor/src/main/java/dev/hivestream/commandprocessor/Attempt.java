package dev.hivestream.commandprocessor;

import dev.hivestream.commandprocessor.http.Reflections;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.HiveProperties.LockScope;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.ServedAggregates;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Guard;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.Appended;
import dev.hivestream.runtime.owner.Ownership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.messaging.Message;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * One attempt to decide a batch, bound to the listener's transaction: it ends with it, whichever way. Belongs to the
 * poll thread.
 */
final class Attempt implements TransactionSynchronization {

    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);

    /**
     * What every attempt works with.
     *
     * @param longest how long it may take
     */
    record Parts(ServedAggregates served, Ownership ownership, Guard guard, Cache cache, Appended appended,
            Reflections reflections, HiveProperties properties, Part.Rules rules,
            Duration longest) {}

    private final Parts with;
    private final Map<TopicPartition, Part<?, ?, ?>> parts = new LinkedHashMap<>();
    private Guard.@Nullable Held held;
    private boolean committing;
    private boolean committed;
    private final List<TopicPartition> unwritten = new ArrayList<>();
    private long since = System.nanoTime();

    private Attempt(Parts with) {
        this.with = with;
    }

    /**
     * Joins the listener's transaction.
     *
     * @throws dev.hivestream.runtime.owner.NotReady if a partition is not caught up
     */
    static Attempt join(Parts with, List<Incoming> commands) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            throw new IllegalStateException("Commands are decided in a Kafka transaction only; set "
                    + "spring.cloud.stream.kafka.binder.transaction.transaction-id-prefix");
        }
        Attempt attempt = new Attempt(with);
        TransactionSynchronizationManager.registerSynchronization(attempt);
        for (Incoming command : commands) {
            attempt.parts.computeIfAbsent(command.partition(), attempt::use).add(command);
        }
        with.rules().outcomes().batch(commands.size());
        return attempt;
    }

    private Part<?, ?, ?> use(TopicPartition partition) {
        Served<?, ?, ?> served = Objects.requireNonNull(
                with.served().byName().get(Topics.aggregateOf(partition.topic())), partition.topic());
        return new Part<>(served, with.ownership().use(partition), with.rules());
    }

    /** Takes the guard's locks. */
    void guard() {
        List<String> keys = new ArrayList<>();
        for (Part<?, ?, ?> part : parts.values()) {
            Slot slot = part.owned().slot();
            if (with.properties().lock().scope() == LockScope.PARTITION) {
                keys.add(slot.toString());
            } else {
                part.ids().forEach(id -> keys.add(slot.aggregate() + ":" + id));
            }
        }
        held = with.guard().lock(keys);
        since = with.rules().outcomes().step("guard", since);
    }

    /** Reads the cache; a partition whose watermark is not the one expected is closed and caught up before it is decided. */
    void load() {
        boolean all = true;
        for (Map.Entry<TopicPartition, Part<?, ?, ?>> part : parts.entrySet()) {
            if (!part.getValue().load(with.cache())) {
                with.ownership().doubt(part.getKey(), "the stored watermark is not the one expected");
                all = false;
            }
        }
        since = with.rules().outcomes().step("load", since);
        if (!all) {
            parts.values().forEach(part -> part.owned().reflected());
        }
    }

    /** Decides every command; gives what is to be sent. */
    List<Message<byte[]>> decide() {
        List<Message<byte[]>> messages = new ArrayList<>();
        for (Part<?, ?, ?> part : parts.values()) {
            try {
                part.decide();
            } catch (SnapshotCodec.Unreadable damage) {
                part.damaged(with.ownership(), damage);
                throw damage;
            }
            messages.addAll(part.messages());
            Objects.requireNonNull(held).renewIfDue();
        }
        since = with.rules().outcomes().step("decide", since);
        return messages;
    }

    @Override
    public void beforeCommit(boolean readOnly) {
        Objects.requireNonNull(held, "no guard was taken").requireValid(with.longest());
        since = with.rules().outcomes().step("send", since);
        committing = true;
    }

    /** The cache follows the log. Nothing here may throw: the batch is committed. */
    @Override
    public void afterCommit() {
        committed = true;
        since = with.rules().outcomes().step("commit", since);
        for (Map.Entry<TopicPartition, Part<?, ?, ?>> part : parts.entrySet()) {
            try {
                writeBack(part.getKey(), part.getValue());
            } catch (RuntimeException | Error e) {
                LOG.warn("The cache of {} could not be written after a commit; it is caught up: {}", part.getKey(),
                        e.toString());
                unwritten.add(part.getKey());
            }
        }
        since = with.rules().outcomes().step("write-back", since);
    }

    private void writeBack(TopicPartition commands, Part<?, ?, ?> part) {
        Slot slot = part.owned().slot();
        long next = with.appended().next(new TopicPartition(Topics.events(slot.aggregate()), slot.partition()));
        if (part.writeBack(with.cache(), next)) {
            with.reflections().advanced(slot, part.owned().reflected().watermark());
        } else {
            with.rules().outcomes().overtaken(slot.aggregate());
            with.ownership().doubt(commands, "the cache was changed while a batch was committed");
        }
    }

    /** Nothing here may throw either. */
    @Override
    public void afterCompletion(int status) {
        if (held != null) {
            held.release();
        }
        if (committing && !committed) {
            parts.keySet()
                    .forEach(partition -> with.ownership().doubt(partition, "the outcome of a commit is not known"));
        }
        unwritten.forEach(partition -> with.ownership().doubt(partition, "its cache could not be written"));
        parts.values().forEach(part -> with.ownership().release(part.owned()));
        with.rules().outcomes().step("release", since);
    }
}
