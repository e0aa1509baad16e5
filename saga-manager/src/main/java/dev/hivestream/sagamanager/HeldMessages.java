package dev.hivestream.sagamanager;

import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts messages that wait in the history, since their instance held enough when they came, into the inbox again once the
 * instance goes on: some at a time, in order. One that comes twice, or not after the one before it, is ignored by the
 * instance. Thread-safe.
 */
final class HeldMessages {

    private static final Logger LOG = LoggerFactory.getLogger(HeldMessages.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int AT_ONCE = 500;

    private final Inbox inbox;
    private final Replay replay;

    HeldMessages(Inbox inbox, Replay replay) {
        this.inbox = inbox;
        this.replay = replay;
    }

    /** Puts the next ones in, on a thread of its own. */
    void feed(ServedSaga<?, ?, ?> saga, Slot slot, String id, Instance.Later later) {
        Thread.ofVirtual().name("held-messages").start(() -> {
            try {
                put(saga, slot, id, later);
            } catch (ExecutionException | TimeoutException | RuntimeException e) {
                LOG.debug("The messages of {} '{}' that are held could not be put in; tried again", saga.name(), id, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void put(ServedSaga<?, ?, ?> saga, Slot slot, String id, Instance.Later later)
            throws ExecutionException, InterruptedException, TimeoutException {
        TopicPartition history = new TopicPartition(saga.log(), slot.partition());
        List<CompletableFuture<Void>> sent = new ArrayList<>();
        long[] last = {later.fed()};
        replay.readAll(history, records -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                long version = id.equals(Fold.id(record)) ? ServedSaga.heldAt(record) : -1;
                if (version > last[0] && sent.size() < AT_ONCE) {
                    sent.add(inbox.again(saga, id, Received.of(record), last[0] + ":" + version));
                    last[0] = version;
                }
            }
            return sent.size() < AT_ONCE;
        });
        CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
}
