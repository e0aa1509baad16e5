package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Deadlines, parked instances and what people do about them, on a real broker and a real Redis. */
class SagaManagerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Manager manager;
    private static Clocks clocks;

    @BeforeAll
    static void start() {
        manager = Manager.start(LocalStack.shared());
        clocks = new Clocks(LocalStack.shared());
    }

    @AfterAll
    static void stop() {
        clocks.close();
        manager.close();
    }

    @Test
    void a_deadline_fires_once_and_not_before_its_time_and_soon_after_it() throws Exception {
        String id = Clocks.id();
        long set = clocks.send("clock.events", id, "clock.wound", "{\"millis\":1500}", "ce_correlationid", "corr-" + id)
                .get().timestamp();
        String cancelled = Clocks.id();
        clocks.happen(cancelled, "wound", "{\"millis\":1000}").get();
        clocks.happen(cancelled, "stopped", "{}").get();
        String moved = Clocks.id();
        clocks.happen(moved, "wound", "{\"millis\":1000}").get();
        long snoozed = clocks.happen(moved, "snoozed", "{\"millis\":3000}").get().timestamp();

        await().atMost(PATIENCE).until(() -> !clocks.sent(id).isEmpty() && !clocks.sent(moved).isEmpty());
        assertThat(clocks.sent(id)).hasSize(1);
        assertThat(clocks.sent(id).getFirst().time() - set).isGreaterThanOrEqualTo(1_500);
        assertThat(clocks.sent(id).getFirst().correlation()).as("what a deadline causes").isEqualTo("corr-" + id);
        assertThat(clocks.sent(moved)).hasSize(1);
        assertThat(clocks.sent(moved).getFirst().time() - snoozed).isGreaterThanOrEqualTo(3_000);
        System.out.printf("  late by %d and %d ms%n", clocks.sent(id).getFirst().time() - set - 1_500,
                clocks.sent(moved).getFirst().time() - snoozed - 3_000);
        assertThat(clocks.sent(cancelled)).isEmpty();
        assertThat(manager.json("/actuator/sagas/alarm/" + cancelled).path("deadlines").size()).isZero();
    }

    @Test
    void a_deadline_that_comes_due_while_nobody_is_there_fires_after_the_start_even_if_the_cache_is_gone()
            throws Exception {
        String id = Clocks.id();
        clocks.happen(id, "wound", "{\"millis\":2500}").get();
        await().atMost(PATIENCE)
                .until(() -> manager.get("/actuator/sagas/alarm/" + id).body().contains("\"ring\":\"2"));
        manager.close();
        LocalStack.shared().redis().call("FLUSHALL");
        assertThat(clocks.sent(id)).isEmpty();
        manager = Manager.start(LocalStack.shared());
        await().atMost(PATIENCE).until(() -> !clocks.sent(id).isEmpty());
        assertThat(clocks.sent(id)).hasSize(1);
    }

    @Test
    void who_asks_while_redis_does_not_answer_is_told_so() throws Exception {
        String id = Clocks.id();
        clocks.happen(id, "wound", "{\"millis\":3600000}").get();
        await().atMost(PATIENCE).until(() -> ids("active").contains(id));
        LocalStack.shared().redis().call("CLIENT", "PAUSE", "8000");
        for (String path : List.of("", "/alarm?status=parked")) {
            HttpResponse<String> answer = manager.get("/actuator/sagas" + path);
            assertThat(answer.statusCode()).as(path).isEqualTo(503);
            assertThat(answer.body()).contains("Redis does not answer");
        }
        assertThat(manager.post("/actuator/sagas/alarm/" + id + "/end").statusCode()).isEqualTo(503);
        await().atMost(PATIENCE).until(() -> ids("active").contains(id));
    }

    @Test
    void one_that_throws_is_parked_and_goes_on_in_order_after_the_fix() throws Exception {
        Alarms.broken = true;
        String id = Clocks.id();
        String other = Clocks.id();
        Clocks.await(List.of(clocks.happen(id, "wound", "{\"millis\":3600000}"), clocks.happen(id, "dropped", "{}"),
                clocks.happen(id, "noted", "{\"text\":\"one\"}"), clocks.happen(id, "noted", "{\"text\":\"two\"}"),
                clocks.happen(other, "wound", "{\"millis\":3600000}"), clocks.happen(other, "finished", "{}")));
        await().atMost(PATIENCE).until(() -> clocks.sent(other).size() == 1);
        await().atMost(PATIENCE).until(() -> ids("parked").contains(id));
        JsonNode parked = manager.json("/actuator/sagas/alarm/" + id);
        assertThat(parked.path("parked").asString()).contains("a bug").contains("clock.dropped");
        await().atMost(PATIENCE).until(() -> manager.json("/actuator/sagas/alarm/" + id).path("held").asInt() == 3);
        assertThat(manager.json("/actuator/sagas/alarm/" + id + "?states=true").path("messages").toString())
                .contains("\"effects\":[\"held\"]").contains("stateAfter");
        assertThat(clocks.sent(id)).isEmpty();

        // not mended yet: parked again, nothing lost
        assertThat(act(id, "retry").statusCode()).isEqualTo(202);
        await().atMost(PATIENCE).until(() -> manager.json("/actuator/sagas/alarm/" + id).path("messages").toString()
                .contains("hive.retry"));
        await().atMost(PATIENCE).until(() -> ids("parked").contains(id));

        Alarms.broken = false;
        assertThat(act(id, "retry").statusCode()).isEqualTo(202);
        await().atMost(PATIENCE).until(() -> clocks.sent(id).size() == 1);
        clocks.happen(id, "finished", "{}").get();
        await().atMost(PATIENCE).until(() -> clocks.sent(id).size() == 2);
        assertThat(clocks.sent(id).getLast().command().path("heard").toString())
                .isEqualTo("[\"Wound\",\"Dropped\",\"one\",\"two\",\"Finished\"]");
        await().atMost(PATIENCE).until(() -> ids("completed").contains(id));
        assertThat(act(id, "retry").statusCode()).isEqualTo(409);
        JsonNode line = manager.json("/actuator/sagas/alarm/" + id);
        assertThat(line.path("status").asString()).isEqualTo("completed");
    }

    @Test
    void a_person_skips_a_message_or_ends_an_instance() throws Exception {
        Alarms.broken = true;
        String skipped = Clocks.id();
        String ended = Clocks.id();
        for (String id : List.of(skipped, ended)) {
            Clocks.await(List.of(clocks.happen(id, "wound", "{\"millis\":3600000}"),
                    clocks.happen(id, "dropped", "{}"), clocks.happen(id, "noted", "{\"text\":\"one\"}")));
        }
        await().atMost(PATIENCE).until(() -> ids("parked").containsAll(List.of(skipped, ended)));
        assertThat(act(skipped, "skip").statusCode()).isEqualTo(202);
        assertThat(act(ended, "end").statusCode()).isEqualTo(202);
        await().atMost(PATIENCE).until(() -> ids("active").contains(skipped) && ids("ended").contains(ended));
        Alarms.broken = false;
        clocks.happen(skipped, "finished", "{}").get();
        await().atMost(PATIENCE).until(() -> clocks.sent(skipped).size() == 1);
        assertThat(clocks.sent(skipped).getFirst().command().path("heard").toString())
                .isEqualTo("[\"Wound\",\"one\",\"Finished\"]");
        assertThat(act(skipped, "explode").statusCode()).isEqualTo(400);
        assertThat(act("nobody", "retry").statusCode()).isEqualTo(404);
    }

    @Test
    void what_cannot_be_read_is_dead_lettered_with_the_reason_and_blocks_nothing() throws Exception {
        String id = Clocks.id();
        String time = "2026-01-01T00:00:00Z";
        Clocks.await(List.of(clocks.happen(id, "wound", "{\"millis\":3600000}"),
                clocks.send("alarm.inbox", id, "clock.unheard-of", "{}", "ce_time", time),
                clocks.send("alarm.inbox", id, "clock.noted", "not JSON", "ce_time", time),
                clocks.send("alarm.inbox", id, "clock.noted", "{\"text\":\"x\"}", "ce_time", "yesterday"),
                clocks.send("clock.events", id, "clock.noted", "{\"text\":\"x\"}", "ce_dataversion", "9"),
                clocks.happen(id, "unheard-of", "{}"), clocks.happen(id, "finished", "{}")));
        await().atMost(PATIENCE).until(() -> clocks.sent(id).size() == 1);
        await().atMost(PATIENCE).until(() -> dead(id).size() == 4);
        assertThat(String.join("\n", dead(id))).contains("'clock.unheard-of' is no event of the saga 'alarm'")
                .contains("not JSON").contains("'yesterday' and not a time").contains("versions 1 to 1 can be read");
    }

    @Test
    void people_see_how_instances_stand() throws Exception {
        String first = Clocks.id();
        String second = Clocks.id();
        clocks.happen(first, "wound", "{\"millis\":3600000}").get();
        await().atMost(PATIENCE).until(() -> ids("active").contains(first));
        clocks.happen(second, "wound", "{\"millis\":3600000}").get();
        await().atMost(PATIENCE).until(() -> ids("active").contains(second));
        String waiting = Clocks.id();
        clocks.happen(waiting, "noted", "{\"text\":\"early\"}").get();
        await().atMost(PATIENCE).until(() -> ids("waiting").contains(waiting));
        assertThat(manager.json("/actuator/sagas/alarm/" + waiting).has("started")).as("it has not started").isFalse();
        assertThat(manager.json("/actuator/sagas/alarm/" + first).path("started").asString()).startsWith("20");
        List<String> active = ids("active");
        assertThat(active.indexOf(first)).isLessThan(active.indexOf(second));
        assertThat(manager.json("/actuator/sagas/alarm?limit=1").size()).isEqualTo(1);
        JsonNode counts = manager.json("/actuator/sagas").path("alarm");
        assertThat(counts.path("active").asInt()).isGreaterThanOrEqualTo(2);
        assertThat(counts.propertyNames()).containsExactly("waiting", "active", "overdue", "parked", "completed",
                "compensated", "ended");
        assertThat(manager.get("/actuator/sagas/alarm?status=lost").statusCode()).isEqualTo(400);
        for (int limit : List.of(0, -1, 10_001)) {
            var answer = manager.get("/actuator/sagas/alarm?limit=" + limit);
            assertThat(answer.statusCode()).isEqualTo(400);
            assertThat(answer.body()).contains("The limit is " + limit + "; it must be 1 to 10000");
        }
        assertThat(manager.get("/actuator/sagas/nothing").statusCode()).isEqualTo(404);
        assertThat(manager.get("/actuator/sagas/alarm/nobody").statusCode()).isEqualTo(404);
        assertThat(manager.get("/actuator/sagadiagrams/alarm").body()).startsWith("flowchart");
        assertThat(manager.get("/actuator/sagadiagrams/nothing").statusCode()).isEqualTo(404);
        assertThat(manager.get("/actuator/prometheus").body())
                .contains("hive_saga_instances{")
                .contains("hive_saga_deadlines_pending");
        assertThat(manager.get("/actuator/health").body()).contains("alarm:0");
    }

    private static List<String> ids(String status) throws Exception {
        return StreamSupport
                .stream(manager.json("/actuator/sagas/alarm?limit=1000&status=" + status).spliterator(), false)
                .map(one -> one.path("id").asString()).toList();
    }

    private static HttpResponse<String> act(String id, String action) throws Exception {
        return manager.post("/actuator/sagas/alarm/" + id + "/" + action);
    }

    private static List<String> dead(String id) {
        return clocks.read("alarm.inbox.dlq").stream().filter(letter -> id.equals(letter.key()))
                .map(letter -> Clocks.header(letter, "hive_reason")).toList();
    }
}
