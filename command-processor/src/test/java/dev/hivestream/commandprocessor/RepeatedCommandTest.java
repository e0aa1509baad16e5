package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Result;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A command counts once, however often it is sent, and each time its sender hears the same. */
class RepeatedCommandTest {

    private static final String CREATE = "{\"text\":\"hello\"}";

    @AutoClose
    private static Processor processor;
    @AutoClose
    private static Wire wire;

    @BeforeAll
    static void start() {
        processor = Processor.start(LocalStack.shared());
        wire = new Wire(LocalStack.shared());
    }

    @Test
    void a_key_counts_once_at_once_and_again_and_without_Redis_and_after_a_restart() throws Exception {
        String id = Wire.id();
        String path = "/v1/content/" + id + "/create";
        List<HttpResponse<String>> answers = new ArrayList<>();
        try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> sent = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                sent.add(senders.submit(() -> processor.post(path, CREATE, "Idempotency-Key", id + "-key")));
            }
            for (Future<HttpResponse<String>> answer : sent) {
                answers.add(answer.get());
            }
        }
        answers.add(processor.post(path, CREATE, "Idempotency-Key", id + "-key"));
        // other commands in between: the answer stays that of the first
        assertThat(processor.post("/v1/content/" + id + "/enable", "{}").statusCode()).isEqualTo(200);
        answers.add(processor.post(path, CREATE, "Idempotency-Key", id + "-key"));
        LocalStack.shared().redis().call("FLUSHALL");
        answers.add(processor.post(path, CREATE, "Idempotency-Key", id + "-key"));
        processor.close();
        processor = Processor.start(LocalStack.shared());
        answers.add(processor.post(path, CREATE, "Idempotency-Key", id + "-key"));
        processor.close();
        LocalStack.shared().redis().call("FLUSHALL");
        processor = Processor.start(LocalStack.shared());
        answers.add(processor.post(path, CREATE, "Idempotency-Key", id + "-key"));

        assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(200);
        assertThat(answers).extracting(HttpResponse::body).containsOnly(answers.getFirst().body());
        assertThat(answers).extracting(answer -> answer.headers().firstValue("ETag").orElse("")).containsOnly("\"1\"");
        assertThat(wire.events("content", id)).hasSize(2);
    }

    @Test
    void a_key_belongs_to_one_aggregate() throws Exception {
        String first = Wire.id();
        // in the same partition, where their results lie side by side
        String second = Wire.id(Wire.partitionOf(first));
        for (String id : List.of(first, second)) {
            var answer = processor.post("/v1/content/" + id + "/create", CREATE, "Idempotency-Key", first + "-shared");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(Answers.json(answer).path("id").asString("")).isEqualTo(id);
            assertThat(wire.events("content", id)).hasSize(1);
        }
    }

    @Test
    void a_key_of_another_command_is_refused() throws Exception {
        String id = Wire.id();
        assertThat(processor.post("/v1/content/" + id + "/create", CREATE, "Idempotency-Key", id).statusCode())
                .isEqualTo(200);
        for (int round = 0; round < 2; round++) {
            for (var other : List.of(processor.post("/v1/content/" + id + "/create", "{\"text\":\"other\"}",
                    "Idempotency-Key", id),
                    processor.post("/v1/content/" + id + "/enable", "{}", "Idempotency-Key", id))) {
                assertThat(other.statusCode()).isEqualTo(422);
                assertThat(Answers.json(other).path("code").asString("")).isEqualTo("hive.idempotency-key-reused");
            }
            // neither from the cache nor by the aggregate
            LocalStack.shared().redis().call("FLUSHALL");
        }
        var same = processor.post("/v1/content/" + id + "/create", "{ \"text\" : \"hello\" }", "Idempotency-Key", id);
        assertThat(same.statusCode()).isEqualTo(200);
        assertThat(wire.events("content", id)).hasSize(1);
    }

    /** Each waits for the result of its own command, though the results topic has that of the other under the same id. */
    @Test
    void two_commands_under_one_key_at_once_get_an_answer_each() throws Exception {
        for (int round = 0; round < 20; round++) {
            String id = Wire.id();
            try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<HttpResponse<String>>> sent = new ArrayList<>();
                for (String text : List.of("one", "two")) {
                    sent.add(senders.submit(() -> processor.post("/v1/content/" + id + "/create",
                            "{\"text\":\"" + text + "\"}", "Idempotency-Key", id)));
                }
                List<Integer> statuses = new ArrayList<>();
                for (Future<HttpResponse<String>> answer : sent) {
                    statuses.add(answer.get().statusCode());
                }
                assertThat(statuses).containsExactlyInAnyOrder(200, 422);
            }
            assertThat(wire.events("content", id)).hasSize(1);
        }
    }

    @Test
    void a_key_of_a_command_that_was_rejected_is_refused_to_another() throws Exception {
        String id = Wire.id();
        var first = processor.post("/v1/content/" + id + "/enable", "{}", "Idempotency-Key", id);
        assertThat(first.statusCode()).isEqualTo(422);
        var other = processor.post("/v1/content/" + id + "/create", CREATE, "Idempotency-Key", id);
        assertThat(other.statusCode()).isEqualTo(422);
        assertThat(Answers.json(other).path("code").asString("")).isEqualTo("hive.idempotency-key-reused");
        var again = processor.post("/v1/content/" + id + "/enable", "{}", "Idempotency-Key", id);
        assertThat(Answers.json(again).path("code").asString(""))
                .isEqualTo(Answers.json(first).path("code").asString("none"));
        assertThat(wire.events("content", id)).isEmpty();
    }

    @Test
    void the_same_id_over_Kafka_and_over_HTTP_is_two_commands() throws Exception {
        String id = Wire.id();
        wire.send(Wire.command("content.create", id, id, CREATE));
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(wire.results("content", id)).hasSize(1));
        assertThat(processor.post("/v1/content/" + id + "/enable", "{}", "Idempotency-Key", id).statusCode())
                .isEqualTo(200);
        assertThat(wire.events("content", id)).hasSize(2);
    }

    @Test
    void a_result_belongs_to_the_aggregate_and_the_source() throws Exception {
        String first = Wire.id();
        String second = Wire.id(Wire.partitionOf(first));
        String key = first + "-key";
        assertThat(processor.post("/v1/content/" + first + "/enable", "{}", "Idempotency-Key", key).statusCode())
                .isEqualTo(422);
        assertThat(processor.post("/v1/content/" + second + "/create", CREATE, "Idempotency-Key", key).statusCode())
                .isEqualTo(200);
        for (int round = 0; round < 2; round++) {
            assertThat(result(key, first).path("outcome").asString("")).isEqualTo("rejected");
            assertThat(result(key, second).path("outcome").asString("")).isEqualTo("accepted");
            assertThat(processor.get("/v1/results/" + key + "?aggregate=content&id=" + first + "&source=billing")
                    .statusCode()).isEqualTo(404);
            // what Redis kept is in the results topic too
            LocalStack.shared().redis().call("FLUSHALL");
        }
        wire.send(Wire.command("content.create", first, key, CREATE));
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(Answers.json(processor
                .get("/v1/results/" + key + "?aggregate=content&id=" + first + "&source=/test")).path("outcome")
                .asString(""))
                .isEqualTo("accepted"));
        assertThat(result(key, first).path("outcome").asString("")).isEqualTo("rejected");
    }

    private static JsonNode result(String key, String id) throws Exception {
        return Answers.json(processor.get("/v1/results/" + key + "?aggregate=content&id=" + id));
    }

    @Test
    void an_id_twice_on_the_topic_counts_once_and_is_answered_twice() throws Exception {
        String id = Wire.id();
        var create = Wire.command("content.create", id, id + "-c", CREATE);
        wire.send(create, create);
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(wire.results("content", id + "-c"))
                .hasSize(2));
        wire.send(create);
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(wire.results("content", id + "-c"))
                .hasSize(3));
        assertThat(wire.results("content", id + "-c"))
                .containsOnly(Result.accepted(id + "-c", "content", id, 1L, 1));
        assertThat(wire.events("content", id)).hasSize(1);
    }
}
