package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.ServedAggregates;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import tools.jackson.core.JacksonException;

/** Finds the result of a command: kept in Redis for a while, else in the results topics. Thread-safe. */
public final class Results {

    private static final Logger LOG = LoggerFactory.getLogger(Results.class);
    private static final Duration SEARCH = Duration.ofSeconds(10);
    private static final int SEARCHES = 4;

    private final ServedAggregates served;
    private final Cache cache;
    private final int partitions;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final Semaphore searches = new Semaphore(SEARCHES);

    /** @param consumers give a new consumer: read_committed, no group */
    public Results(ServedAggregates served, Cache cache, HiveProperties properties,
            Supplier<Consumer<byte[], byte[]>> consumers) {
        this.served = served;
        this.cache = cache;
        this.partitions = properties.partitions();
        this.consumers = consumers;
    }

    /** Too many look for results in the topics. */
    static final class Busy extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** The kept result of a command to one aggregate, if it was to this one. */
    @Nullable
    Result kept(String aggregate, String id, String commandId) {
        Result result = read(cache.result(Slot.of(aggregate, id, partitions), commandId));
        return result != null && result.id().equals(id) ? result : null;
    }

    /**
     * The result of a command.
     *
     * @param aggregate narrows the search to one type; null for all
     * @param id narrows it to one partition; null for all
     * @throws Busy if too many search the topics now
     */
    @Nullable
    Result find(String commandId, @Nullable String aggregate, @Nullable String id) {
        List<Slot> slots = slots(aggregate, id);
        try {
            for (Slot slot : slots) {
                Result kept = read(cache.result(slot, commandId));
                if (kept != null) {
                    return kept;
                }
            }
        } catch (DataAccessException e) {
            LOG.debug("Redis does not answer; the results topics are searched", e);
        }
        if (!searches.tryAcquire()) {
            throw new Busy();
        }
        try {
            return search(slots, commandId);
        } finally {
            searches.release();
        }
    }

    /** What is no result was put there by somebody else, and is none. */
    private static @Nullable Result read(byte @Nullable [] json) {
        try {
            return json == null ? null : Json.TOLERANT.readValue(json, Result.class);
        } catch (JacksonException e) {
            LOG.debug("It is no result", e);
            return null;
        }
    }

    private List<Slot> slots(@Nullable String aggregate, @Nullable String id) {
        if (aggregate != null && id != null) {
            return List.of(Slot.of(aggregate, id, partitions));
        }
        Stream<String> aggregates = aggregate != null
                ? Stream.of(aggregate)
                : served.byName().keySet().stream().sorted();
        return aggregates.flatMap(name -> IntStream.range(0, partitions).mapToObj(i -> new Slot(name, i))).toList();
    }

    private @Nullable Result search(List<Slot> slots, String commandId) {
        long deadline = System.nanoTime() + SEARCH.toNanos();
        try (Consumer<byte[], byte[]> results = consumers.get()) {
            List<TopicPartition> all = slots.stream()
                    .map(slot -> new TopicPartition(Topics.results(slot.aggregate()), slot.partition())).toList();
            results.assign(all);
            results.seekToBeginning(all);
            Map<TopicPartition, Long> ends = new HashMap<>(results.endOffsets(all));
            while (System.nanoTime() < deadline) {
                ends.entrySet().removeIf(end -> results.position(end.getKey()) >= end.getValue());
                if (ends.isEmpty()) {
                    return null;
                }
                for (ConsumerRecord<byte[], byte[]> result : results.poll(Duration.ofMillis(200))) {
                    Result found = commandId.equals(Header.text(result.headers(), Header.CAUSATION_ID))
                            ? read(result.value())
                            : null;
                    if (found != null) {
                        return found;
                    }
                }
            }
            throw new Busy();
        }
    }
}
