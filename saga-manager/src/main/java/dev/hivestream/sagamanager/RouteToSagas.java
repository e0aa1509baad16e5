package dev.hivestream.sagamanager;

import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.owner.Sending;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.springframework.messaging.Message;

/**
 * The router: a batch of events and results in; those that a saga waits for out, into its inbox, in one transaction with
 * the consumer's offsets. What no saga waits for is passed over.
 */
final class RouteToSagas implements Function<Message<List<byte[]>>, List<Message<byte[]>>> {

    private final Router router;

    RouteToSagas(Router router) {
        this.router = router;
    }

    @Override
    public List<Message<byte[]>> apply(Message<List<byte[]>> batch) {
        List<Outgoing> routed = new ArrayList<>();
        for (Incoming record : Incoming.of(batch)) {
            router.route(record, routed);
        }
        return Sending.send(routed);
    }
}
