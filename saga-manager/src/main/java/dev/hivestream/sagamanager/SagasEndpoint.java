package dev.hivestream.sagamanager;

import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;

/**
 * {@code /actuator/sagas}: how many instances there are, by saga and status; {@code …/<saga>?status=parked} lists those,
 * stalest first; {@code …/<saga>/<id>} is the time line of one; a POST to {@code …/<saga>/<id>/retry}, {@code skip} or
 * {@code end} puts what a person wants into its inbox.
 */
@WebEndpoint(id = "sagas")
public final class SagasEndpoint {

    private static final int LISTED = 100;
    private static final Map<String, String> ACTIONS = Map.of("retry", Received.RETRY, "skip", Received.SKIP, "end",
            Received.END);

    private static final Set<String> ENDS = Set.of("completed", "compensated", "ended");

    private final ServedSagas sagas;
    private final Instances instances;
    private final Inbox inbox;

    SagasEndpoint(ServedSagas sagas, Instances instances, Inbox inbox) {
        this.sagas = sagas;
        this.instances = instances;
        this.inbox = inbox;
    }

    /** Counts by saga and status. */
    @ReadOperation
    public Map<String, Map<String, Long>> counts() {
        Map<String, Map<String, Long>> counts = new LinkedHashMap<>();
        sagas.byName().keySet().stream().sorted().forEach(name -> counts.put(name, instances.counts(name)));
        return counts;
    }

    /** The instances of a saga of one status, stalest first. */
    @ReadOperation
    public WebEndpointResponse<Object> list(@Selector String saga, @Nullable String status, @Nullable Integer limit) {
        if (!sagas.byName().containsKey(saga)) {
            return unknown(saga);
        }
        String wanted = status == null ? "active" : status;
        if (!ServedSaga.STATUSES.contains(wanted)) {
            return new WebEndpointResponse<>(Map.of("detail", "There is no status '" + wanted + "'; known are "
                    + ServedSaga.STATUSES), WebEndpointResponse.STATUS_BAD_REQUEST);
        }
        return new WebEndpointResponse<>(instances.list(saga, wanted, limit == null ? LISTED : limit));
    }

    /** One instance's time line. */
    @ReadOperation
    public WebEndpointResponse<Object> timeline(@Selector String saga, @Selector String id) {
        ServedSaga<?, ?, ?> served = sagas.byName().get(saga);
        if (served == null) {
            return unknown(saga);
        }
        Map<String, Object> line = instances.timeline(served, id);
        return line == null
                ? new WebEndpointResponse<>(Map.of("detail", "There is no instance '" + id + "' of " + saga),
                        WebEndpointResponse.STATUS_NOT_FOUND)
                : new WebEndpointResponse<>(line);
    }

    /** Lets a parked instance go on, skip the message that it failed on, or end. */
    @WriteOperation
    public WebEndpointResponse<Object> act(@Selector String saga, @Selector String id, @Selector String action)
            throws InterruptedException {
        ServedSaga<?, ?, ?> served = sagas.byName().get(saga);
        if (served == null) {
            return unknown(saga);
        }
        String type = ACTIONS.get(action);
        if (type == null) {
            return new WebEndpointResponse<>(Map.of("detail", "There is no action '" + action
                    + "'; known are retry, skip and end"), WebEndpointResponse.STATUS_BAD_REQUEST);
        }
        String before = instances.status(served, id);
        if (before == null) {
            return new WebEndpointResponse<>(Map.of("detail", "There is no instance '" + id + "' of " + saga),
                    WebEndpointResponse.STATUS_NOT_FOUND);
        }
        if ((action.equals("skip") && !before.equals("parked")) || ENDS.contains(before)) {
            return new WebEndpointResponse<>(Map.of("detail", "The instance '" + id + "' is " + before
                    + (action.equals("skip") ? ", not parked: there is nothing to skip" : ": it has come to its end")),
                    409);
        }
        try {
            inbox.put(served, id, type, UUID.randomUUID().toString(), Map.of()).get(15, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            return new WebEndpointResponse<>(Map.of("detail", "The broker did not take it: " + e.getMessage()), 503);
        }
        return new WebEndpointResponse<>(Map.of("saga", saga, "id", id, "action", action, "statusBefore", before), 202);
    }

    private WebEndpointResponse<Object> unknown(String saga) {
        return new WebEndpointResponse<>(Map.of("detail", "There is no saga '" + saga + "'; known are "
                + sagas.byName().keySet().stream().sorted().toList()), WebEndpointResponse.STATUS_NOT_FOUND);
    }
}
