package dev.hivestream.sagamanager;

import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts messages that wait in the history, since their instance held enough when they came, into the inbox again once the
 * instance goes on. Of a slot, one pass over the history at a time serves all instances; it ends at a number of messages or
 * bytes. The next pass begins where it ended, when the instances have handled what it put in. If they do not go on, it begins
 * with the message that each waits for. A message that comes twice, or not after the one before it, is ignored by its instance.
 * Called on one thread; passes run on others.
 */
final class HeldMessages implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HeldMessages.class);
    /** Without progress for that long, what was put in is taken for lost. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** What one pass puts in, but for the last message. */
    private static final int MESSAGES = 500;
    private static final long BYTES = 8L * 1024 * 1024;

    private final Inbox inbox;
    private final Replay replay;
    private final Map<Slot, Feed> feeds = new HashMap<>();
    private volatile boolean closed;

    HeldMessages(Inbox inbox, Replay replay) {
        this.inbox = inbox;
        this.replay = replay;
    }

    /**
     * How far a pass came.
     *
     * @param put the version of the message that was put in last, by instance
     * @param next the offset in the history that it ended before
     */
    private record Reached(Map<String, Long> put, long next) {

        /** Whether all that was put in is handled. An instance that stands still meanwhile goes on later from where it is. */
        boolean isHandled(Map<String, Long> feeding) {
            put.keySet().retainAll(feeding.keySet());
            return put.entrySet().stream()
                    .allMatch(one -> feeding.getOrDefault(one.getKey(), 0L) >= one.getValue());
        }
    }

    /** What is known of one slot between looks. */
    private static final class Feed {
        private Map<String, Long> fed = Map.of();
        private long changed;
        private @Nullable CompletableFuture<Reached> pass;

        private boolean isReading() {
            return pass != null && !pass.isDone();
        }
    }

    /**
     * Puts the next ones in, unless those before are under way.
     *
     * @param feeding the instances whose messages come from the history, with the version of the one that each has handled last
     */
    void feed(ServedSaga<?, ?, ?> saga, Slot slot, Map<String, Long> feeding) {
        if (feeding.isEmpty() && !feeds.containsKey(slot)) {
            return;
        }
        Feed feed = feeds.computeIfAbsent(slot, _ -> new Feed());
        long now = System.nanoTime();
        if (!feeding.equals(feed.fed)) {
            feed.fed = Map.copyOf(feeding);
            feed.changed = now;
        }
        if (feed.isReading()) {
            feed.changed = now;
            return;
        }
        if (feeding.isEmpty()) {
            feeds.remove(slot);
            return;
        }
        long from = 0;
        if (feed.pass != null && now - feed.changed <= PATIENCE.toNanos()) {
            Reached reached = feed.pass.isCompletedExceptionally() ? null : feed.pass.join();
            if (reached == null || !reached.isHandled(feeding)) {
                return;
            }
            from = reached.put.keySet().containsAll(feeding.keySet()) ? reached.next : 0;
        }
        feed.changed = now;
        feed.pass = start(saga, slot, feed.fed, from);
    }

    /** Forgets the slots that are owned here no longer. */
    void keep(Set<Slot> owned) {
        feeds.entrySet().removeIf(one -> !owned.contains(one.getKey()) && !one.getValue().isReading());
    }

    private CompletableFuture<Reached> start(ServedSaga<?, ?, ?> saga, Slot slot, Map<String, Long> feeding,
            long from) {
        CompletableFuture<Reached> pass = new CompletableFuture<>();
        Thread.ofVirtual().name("held-messages-" + slot).start(() -> {
            try {
                pass.complete(put(saga, slot, feeding, from));
            } catch (ExecutionException | TimeoutException | RuntimeException e) {
                LOG.debug("The messages of {} that are held could not be put in; tried again", slot, e);
                pass.completeExceptionally(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                pass.completeExceptionally(e);
            }
        });
        return pass;
    }

    private Reached put(ServedSaga<?, ?, ?> saga, Slot slot, Map<String, Long> feeding, long from)
            throws ExecutionException, InterruptedException, TimeoutException {
        Map<String, Long> last = new HashMap<>(feeding);
        List<CompletableFuture<Void>> sent = new ArrayList<>();
        long[] next = {from};
        long[] bytes = {0};
        replay.readFrom(new TopicPartition(saga.log(), slot.partition()), from, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (closed || sent.size() >= MESSAGES || bytes[0] >= BYTES) {
                    return false;
                }
                next[0] = record.offset() + 1;
                String id = Fold.id(record);
                Long before = id == null ? null : last.get(id);
                long version = before == null ? -1 : ServedSaga.heldAt(record);
                if (id != null && before != null && version > before) {
                    Received message = Received.of(record);
                    sent.add(inbox.again(saga, id, message, before + ":" + version));
                    bytes[0] += bytes(message);
                    last.put(id, version);
                }
            }
            return true;
        });
        CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return new Reached(last, next[0]);
    }

    private static long bytes(Received message) {
        long bytes = message.payload() == null ? 0 : message.payload().length;
        for (String header : message.headers().values()) {
            bytes += header.length();
        }
        return bytes;
    }

    @Override
    public void close() {
        closed = true;
    }
}
