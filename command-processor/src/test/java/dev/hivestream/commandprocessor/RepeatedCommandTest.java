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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A command counts once, however often it is sent, and each time its sender hears the same. */
class RepeatedCommandTest {

    private static final String CREATE = "{\"text\":\"hello\"}";

    private static Processor processor;
    private static Wire wire;

    @BeforeAll
    static void start() {
        processor = Processor.start(LocalStack.shared());
        wire = new Wire(LocalStack.shared());
    }

    @AfterAll
    static void stop() {
        wire.close();
        processor.close();
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
