package dev.hivestream.sagamanager;

import dev.hivestream.runtime.domain.BatchTooLarge;
import dev.hivestream.runtime.domain.DomainThreads;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.owner.Sending;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.springframework.messaging.Message;

/**
 * The router of one saga: a batch of events and results in; those that the saga waits for out, into its inbox, in one
 * transaction with the consumer's offsets. Other records are skipped.
 */
final class RouteToSaga implements Function<Message<List<byte[]>>, List<Message<byte[]>>> {

    private final Router router;
    private final DomainThreads threads;
    private final Duration longest;
    private final ToIntFunction<String> limits;
    private final CommittedInboxes inboxes;

    /**
     * With what it has in common with other batches.
     *
     * @param longest how long a batch may take
     * @param limits how many bytes a topic takes in one record
     */
    RouteToSaga(Router router, DomainThreads threads, Duration longest, ToIntFunction<String> limits,
            CommittedInboxes inboxes) {
        this.router = router;
        this.inboxes = inboxes;
        this.limits = limits;
        this.threads = threads;
        this.longest = longest;
    }

    @Override
    public List<Message<byte[]>> apply(Message<List<byte[]>> batch) {
        threads.endIfTooMany();
        List<Incoming> records = Incoming.of(batch);
        long began = System.nanoTime();
        List<Outgoing> all = threads.run(() -> {
            List<Outgoing> routed = new ArrayList<>();
            for (Incoming record : records) {
                router.route(record, routed);
            }
            return routed;
        }, () -> {
            if (System.nanoTime() - began > longest.toNanos()) {
                throw new BatchTooLarge("Routing a batch of " + records.size() + " records took longer than " + longest
                        + ", the limit of a transaction");
            }
        });
        inboxes.await(router.inbox(), all);
        return Sending.send(all, limits);
    }
}
