package dev.hivestream.sagamanager;

import dev.hivestream.runtime.Limit;
import dev.hivestream.runtime.saga.Instance;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;
import org.springframework.dao.DataAccessException;

/**
 * {@code /actuator/sagas}: how many instances there are, by saga and status; {@code …/<saga>?status=parked} lists those,
 * stalest first; {@code …/<saga>/<id>} is the timeline of one; a POST to {@code …/<saga>/<id>/retry}, {@code skip} or
 * {@code end} puts what a person wants into its inbox, with who ({@code by}) and {@code why}. 503: Redis or the broker does not answer.
 */
@WebEndpoint(id = "sagas")
public final class SagasEndpoint {

    private static final int LISTED = 100;
    private static final int PAGE = 50;
    private static final int LONGEST_PAGE = 200;
    private static final int LONGEST_TEXT = 1_000;
    private static final Map<String, String> ACTIONS = Map.of("retry", Received.RETRY, "skip", Received.SKIP, "end",
            Received.END);

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
    public WebEndpointResponse<Object> counts() {
        return unlessAway(() -> {
            Map<String, Map<String, Long>> counts = new LinkedHashMap<>();
            sagas.byName().keySet().stream().sorted().forEach(name -> counts.put(name, instances.counts(name)));
            return new WebEndpointResponse<>(counts);
        });
    }

    /** The instances of a saga of one status, stalest first. */
    @ReadOperation
    public WebEndpointResponse<Object> list(@Selector String saga, @Nullable String status, @Nullable Integer limit) {
        if (!sagas.byName().containsKey(saga)) {
            return unknown(saga);
        }
        String wanted = status == null ? "active" : status;
        if (!ServedSaga.STATUSES.contains(wanted)) {
            return problem(400, "There is no status '" + wanted + "'; known are " + ServedSaga.STATUSES);
        }
        int most = limit == null ? LISTED : limit;
        String invalid = Limit.problem(most);
        if (invalid != null) {
            return problem(400, invalid);
        }
        return unlessAway(() -> new WebEndpointResponse<>(instances.list(saga, wanted, most)));
    }

    /** One instance's timeline: its newest messages, or those before a version of it. */
    @ReadOperation
    public WebEndpointResponse<Object> timeline(@Selector String saga, @Selector String id, @Nullable Integer limit,
            @Nullable Long before, @Nullable Boolean states) {
        ServedSaga<?, ?, ?> served = sagas.byName().get(saga);
        if (served == null) {
            return unknown(saga);
        }
        if (limit != null && (limit < 1 || limit > LONGEST_PAGE)) {
            return problem(400, "The limit is " + limit + "; it must be 1 to " + LONGEST_PAGE);
        }
        if (before != null && before < 1) {
            return problem(400, "'before' is " + before + "; it must be 1 or more");
        }
        Instances.Page page = new Instances.Page(limit == null ? PAGE : limit, before == null ? Long.MAX_VALUE : before,
                Boolean.TRUE.equals(states));
        return unlessAway(() -> {
            Map<String, Object> line = instances.timeline(served, id, page);
            return line == null ? unknown(saga, id) : new WebEndpointResponse<>(line);
        });
    }

    /** Lets a parked instance go on, skip the message that it failed on, or end. */
    @WriteOperation
    public WebEndpointResponse<Object> act(@Selector String saga, @Selector String id, @Selector String action,
            @Nullable String by, @Nullable String why) {
        ServedSaga<?, ?, ?> served = sagas.byName().get(saga);
        if (served == null) {
            return unknown(saga);
        }
        String type = ACTIONS.get(action);
        if (type == null) {
            return problem(400, "There is no action '" + action + "'; known are retry, skip and end");
        }
        for (String text : new String[]{by, why}) {
            if (text != null && text.length() > LONGEST_TEXT) {
                return problem(400, "'by' and 'why' may have " + LONGEST_TEXT + " characters each, and one has "
                        + text.length());
            }
        }
        Map<String, String> person = new LinkedHashMap<>();
        if (by != null) {
            person.put("by", by);
        }
        if (why != null) {
            person.put("why", why);
        }
        return unlessAway(() -> act(served, id, action, type, person));
    }

    private WebEndpointResponse<Object> act(ServedSaga<?, ?, ?> saga, String id, String action, String type,
            Map<String, String> person) {
        Instance<?> instance = instances.find(saga, id);
        if (instance == null || !instance.hasStarted()) {
            return unknown(saga.name(), id);
        }
        String before = instance.shown();
        if (instance.broken() != null && !action.equals("end")) {
            return problem(409, "The instance '" + id + "' cannot go on with this code: " + instance.broken()
                    + ". Deploy code that can, with another evolveVersion, or end the instance");
        }
        if ((action.equals("skip") && !before.equals("parked")) || ServedSaga.FINISHED.contains(before)) {
            return problem(409, "The instance '" + id + "' is " + before
                    + (action.equals("skip") ? ", not parked: there is nothing to skip" : ": it has come to its end"));
        }
        try {
            inbox.put(saga, id, type, UUID.randomUUID().toString(), Map.of(), person).get(15, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return problem(503, "The broker did not take it: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return problem(503, "This instance is being stopped");
        }
        return new WebEndpointResponse<>(
                Map.of("saga", saga.name(), "id", id, "action", action, "statusBefore", before), 202);
    }

    private static WebEndpointResponse<Object> unlessAway(Supplier<WebEndpointResponse<Object>> answer) {
        try {
            return answer.get();
        } catch (DataAccessException e) {
            return problem(503, "Redis does not answer: " + e.getMessage());
        } catch (KafkaException e) {
            return problem(503, "The broker does not answer: " + e.getMessage());
        }
    }

    private static WebEndpointResponse<Object> unknown(String saga, String id) {
        return problem(404, "There is no instance '" + id + "' of " + saga);
    }

    private WebEndpointResponse<Object> unknown(String saga) {
        return problem(404, "There is no saga '" + saga + "'; known are "
                + sagas.byName().keySet().stream().sorted().toList());
    }

    private static WebEndpointResponse<Object> problem(int status, String detail) {
        return new WebEndpointResponse<>(Map.of("detail", detail), status);
    }
}
