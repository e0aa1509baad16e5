package dev.hivestream.sagamanager;

import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.domain.DomainCode;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** Finds out which instance of one saga a record is for. Thread-safe. */
final class Router {

    private static final String TOO_LARGE = "The record exceeds max.message.bytes of the inbox topic";

    private final ServedSaga<?, ?, ?> saga;
    private final int partitions;
    private final ToIntFunction<String> limits;
    private final Clock clock;
    private final SagaMeters meters;

    /** @param limits how many bytes a topic takes in one record */
    Router(ServedSaga<?, ?, ?> saga, int partitions, ToIntFunction<String> limits, Clock clock, SagaMeters meters) {
        this.limits = limits;
        this.saga = saga;
        this.partitions = partitions;
        this.clock = clock;
        this.meters = meters;
    }

    /** The topic that it routes to. */
    String inbox() {
        return saga.input();
    }

    /** Adds what a record makes to {@code routed}; one that is for no instance adds nothing. Never throws. */
    void route(Incoming record, List<Outgoing> routed) {
        String type = record.header(Header.TYPE);
        if (Received.RESULT.equals(type)) {
            ServedSaga.Cause cause = ServedSaga.Cause.of(record.header(Header.SAGA));
            if (cause != null && cause.saga().equals(saga.name())) {
                routed.add(fits(record) ? toInbox(cause.id(), record) : deadLetter(record, TOO_LARGE, null));
            }
        } else if (type != null && saga.type().reactions().containsKey(type)) {
            correlate(record, routed);
        }
    }

    private void correlate(Incoming record, List<Outgoing> routed) {
        DomainCode.about(record + " for the saga '" + saga.name() + "'");
        try {
            if (!fits(record)) {
                throw new Malformed(TOO_LARGE);
            }
            String id = saga.instanceOf(Received.of(record), record.header(Header.SAGA));
            if (id != null) {
                routed.add(toInbox(id, record));
            }
        } catch (Malformed e) {
            routed.add(deadLetter(record, String.valueOf(e.getMessage()), null));
        } catch (Throwable e) {
            Throwable fault = DomainFault.of(e);
            routed.add(deadLetter(record, "The saga '" + saga.name() + "' failed to correlate this event: " + fault,
                    fault));
        }
    }

    /** What somebody else wrote may have any size. */
    private boolean fits(Incoming record) {
        return record.headerBytes() + (record.payload() == null ? 0L : record.payload().length) <= limits
                .applyAsInt(saga.input()) - Outgoing.OVERHEAD_BYTES / 2;
    }

    private Outgoing toInbox(String id, Incoming record) {
        meters.routed(saga.name());
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        Map<String, Object> headers = new HashMap<>(record.headers());
        headers.keySet().removeAll(ServedSaga.NOT_IN_INBOX);
        return Outgoing.to(saga.input(), Slot.partitionOf(key, partitions), key).sentOn(headers)
                .with(Header.TIME, Instant.now(clock)).payload(record.payload());
    }

    private Outgoing deadLetter(Incoming record, String reason, @Nullable Throwable fault) {
        meters.deadLettered(saga.name());
        return Outgoing.deadLetter(Topics.inboxDeadLetters(saga.name()), record, reason, fault);
    }
}
