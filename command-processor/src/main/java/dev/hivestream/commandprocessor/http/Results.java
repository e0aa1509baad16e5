package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.KeptResult;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
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

    private final Cache cache;
    private final States states;
    private final int partitions;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final Semaphore searches = new Semaphore(SEARCHES);

    /** @param consumers give a new consumer: read_committed, no group */
    public Results(Cache cache, States states, HiveProperties properties,
            Supplier<Consumer<byte[], byte[]>> consumers) {
        this.cache = cache;
        this.states = states;
        this.partitions = properties.partitions();
        this.consumers = consumers;
    }

    /** Too many look for results in the topics. */
    static final class Busy extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * What became of a command.
     *
     * @param body the hash of its type and body as text; empty if it is not known
     */
    record Known(Result result, String body) {

        /** Whether the command had this type and body, as far as that is known. */
        boolean isOf(CommandIdentity command) {
            return body.isEmpty() || body.equals(command.bodyText());
        }
    }

    /**
     * The result of a command as Redis has it: among those that are kept, or remembered by the aggregate. Null if it has
     * neither, and while Redis does not answer.
     */
    @Nullable
    Known known(String aggregate, String id, String commandId, CommandHash command) {
        try {
            // first: a command that failed may have been accepted since, as a dead letter that was sent again
            Snapshot.Recalled recalled = states.recalled(aggregate, id, command);
            if (recalled != null) {
                return new Known(Result.accepted(commandId, aggregate, id, recalled.versions().first(),
                        recalled.versions().last()), new CommandIdentity(command, recalled.body(), false).bodyText());
            }
            KeptResult kept = KeptResult.read(cache.result(Slot.of(aggregate, id, partitions),
                    KeptResult.field(id, command)));
            return kept == null ? null : new Known(kept.result(), kept.body());
        } catch (DataAccessException | States.CatchingUp e) {
            LOG.debug("The result of a command cannot be read from the cache", e);
            return null;
        }
    }

    /**
     * The result of a command.
     *
     * @param source of the command
     * @param aggregates the types that are searched
     * @param id narrows the search to one aggregate of each type; null for all
     * @throws Busy if too many search the topics now
     */
    @Nullable
    Result find(String source, String commandId, List<String> aggregates, @Nullable String id) {
        CommandHash command = CommandHash.of(source, commandId);
        if (id != null) {
            for (String aggregate : aggregates) {
                Known known = known(aggregate, id, commandId, command);
                if (known != null) {
                    return known.result();
                }
            }
        }
        if (!searches.tryAcquire()) {
            throw new Busy();
        }
        try {
            Result found = search(slots(aggregates, id), commandId, command, id);
            if (found == null || id != null) {
                return found;
            }
            // the oldest, and perhaps not what became of it in the end: now its aggregate is known
            Known known = known(found.aggregate(), found.id(), commandId, command);
            return known == null ? found : known.result();
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

    /** Results of format 1 do not contain the source of their command. */
    private static boolean isOf(ConsumerRecord<byte[], byte[]> result, String commandId, CommandHash command,
            @Nullable String id) {
        if (id != null && !Arrays.equals(result.key(), id.getBytes(StandardCharsets.UTF_8))) {
            return false;
        }
        org.apache.kafka.common.header.Header identity = result.headers().lastHeader(Header.COMMAND);
        CommandHash found = identity == null ? null : CommandIdentity.readId(identity.value());
        return found == null
                ? commandId.equals(Header.text(result.headers(), Header.CAUSATION_ID))
                : found.equals(command);
    }

    private List<Slot> slots(List<String> aggregates, @Nullable String id) {
        return aggregates.stream().flatMap(name -> id != null
                ? Stream.of(Slot.of(name, id, partitions))
                : IntStream.range(0, partitions).mapToObj(i -> new Slot(name, i))).toList();
    }

    private @Nullable Result search(List<Slot> slots, String commandId, CommandHash command, @Nullable String id) {
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
                    Result found = isOf(result, commandId, command, id) ? read(result.value()) : null;
                    // the answer to another command under a used id is not the result of the first
                    if (found != null && !Result.Code.KEY_REUSED.equals(found.code())) {
                        return found;
                    }
                }
            }
            throw new Busy();
        }
    }
}
