package dev.hivestream.runtime.saga;

import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.domain.SlowFolds;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Recorded;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Slot;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds an inbox into instances, with sending suppressed. A record that cannot be read, or came to another partition
 * than its instance's, was dead-lettered when it came, and is passed over. Thread-safe.
 */
final class InboxFold<S> implements Fold<Instance<S>, Received> {

    private static final Logger LOG = LoggerFactory.getLogger(InboxFold.class);

    private final Reactor<?, S, ?> reactor;
    private final int partitions;
    private final int remembered;

    InboxFold(Reactor<?, S, ?> reactor, int partitions, int remembered) {
        this.reactor = reactor;
        this.partitions = partitions;
        this.remembered = remembered;
    }

    @Override
    public boolean apply(Snapshot<Instance<S>> snapshot, Recorded record) {
        SlowFolds.SHARED.begin(record.record());
        try {
            ConsumerRecord<byte[], byte[]> inboxed = record.record();
            String id = Ids.requireRecorded("key", inboxed.key());
            return Slot.partitionOf(inboxed.key(), partitions) == inboxed.partition()
                    && reactor.handle(snapshot, id, Received.of(inboxed), remembered).changed();
        } catch (Malformed e) {
            LOG.debug("{}/{}/{} is passed over: {}", record.record().topic(), record.record().partition(),
                    record.record().offset(), e.getMessage());
            return false;
        } finally {
            SlowFolds.SHARED.end();
        }
    }

    @Override
    public Received read(ConsumerRecord<byte[], byte[]> record) {
        return Received.of(record);
    }
}
