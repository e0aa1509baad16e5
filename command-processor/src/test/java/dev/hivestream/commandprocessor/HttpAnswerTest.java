package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.owner.Ownership;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What an answer over HTTP promises. */
class HttpAnswerTest {

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
    void a_malformed_header_is_answered_and_not_logged_with_a_stack_trace() throws Exception {
        Logger server = (Logger) LoggerFactory.getLogger("org.apache.coyote");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        server.addAppender(log);
        try (Socket socket = new Socket("127.0.0.1", processor.port)) {
            socket.getOutputStream().write("GET /v1/content/a HTTP/1.1\r\nHost: here\r\nno colon\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(new BufferedReader(
                    new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine())
                    .startsWith("HTTP/1.1 400");
        } finally {
            server.detachAppender(log);
        }
        assertThat(log.list).filteredOn(event -> event.getThrowableProxy() != null).isEmpty();
        assertThat(log.list).hasSizeLessThan(2);
    }

    @Test
    void a_state_is_read_with_its_version() throws Exception {
        String place = place("content");
        Answers.problem(processor.get(place), 404, "no-such-aggregate");
        processor.post(place + "/create", CREATE);
        processor.post(place + "/enable", "{}");
        var state = processor.get(place);
        assertThat(state.statusCode()).isEqualTo(200);
        assertThat(state.headers().firstValue("ETag")).contains("\"2\"");
        assertThat(state.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(state.body()).isEqualTo("{\"text\":\"hello\",\"enabled\":true}");
    }

    @Test
    void who_is_ready_reads_results() throws Exception {
        var readiness = Answers.json(processor.get("/actuator/health/readiness")).path("components");
        assertThat(readiness.path("gateway").path("status").asString("")).isEqualTo("UP");
    }

    @Test
    void a_rejection_says_why_and_changes_nothing() throws Exception {
        String id = Wire.id();
        var answer = processor.post("/v1/content/" + id + "/create", "{\"text\":\"a\"}");
        var problem = Answers.problem(answer, 422, "text-length");
        assertThat(problem.path("detail").asString("")).contains("2 to 280");
        assertThat(problem.path("version").asLong(-1)).isZero();
        assertThat(wire.events("content", id)).isEmpty();
    }

    @Test
    void a_rejection_waits_until_the_cache_shows_what_it_was_decided_on() throws Exception {
        String id = Wire.id();
        String place = "/v1/content/" + id;
        int partition = Wire.partitionOf(id);
        assertThat(processor.post(place + "/create", CREATE).statusCode()).isEqualTo(200);
        String created = Wire.header(wire.events("content", id).getLast(), Header.COMMAND_POSITION);
        // nothing is decided while somebody else has the guard
        String guard = "hive:lock:content:" + partition;
        await().until(
                () -> "OK".equals(LocalStack.shared().redis().call("SET", guard, "somebody", "NX", "PX", "7000")));
        try (ExecutorService client = Executors.newSingleThreadExecutor()) {
            Future<HttpResponse<String>> answer = client.submit(
                    () -> processor.post(place + "/edit", "{\"text\":\"other\"}", "Idempotency-Key", "waits-" + id));
            ConsumerRecord<byte[], byte[]> command = await().until(() -> wire.topic("content.commands").read().stream()
                    .filter(record -> Arrays.equals(Wire.utf8(id), record.key())
                            && ("waits-" + id).equals(Wire.header(record, Header.ID)))
                    .findAny().orElse(null),
                    Objects::nonNull);
            ProducerRecord<byte[], byte[]> result = new ProducerRecord<>("content.results", partition, command.key(),
                    Json.TOLERANT.writeValueAsBytes(
                            Result.rejected("waits-" + id, "content", id, 2, "made-up", "by another instance")));
            String position = created.substring(0, created.indexOf(':') + 1) + command.offset();
            result.headers().add(Header.REPLY_TO, command.headers().lastHeader(Header.REPLY_TO).value())
                    .add(Header.COMMAND_POSITION, Wire.utf8(position));
            wire.send(result);

            await().during(Duration.ofMillis(700)).atMost(Duration.ofSeconds(3)).until(() -> !answer.isDone());
            LocalStack.shared().redis().call("DEL", guard);
            assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isIn(200, 422);
        }
    }

    @Test
    void a_command_that_changes_nothing_is_accepted_without_an_event() throws Exception {
        String id = Wire.id();
        processor.post("/v1/content/" + id + "/create", CREATE);
        var answer = processor.post("/v1/content/" + id + "/edit", CREATE);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("ETag")).contains("\"1\"");
        assertThat(Answers.json(answer).has("firstVersion")).isFalse();
        assertThat(wire.events("content", id)).hasSize(1);
    }

    @Test
    void a_command_for_another_version_fails_its_precondition_and_changes_nothing() throws Exception {
        String id = Wire.id();
        String place = "/v1/content/" + id;
        processor.post(place + "/create", CREATE);
        for (String version : List.of("\"0\"", "\"2\"", "\"7\"", "\"999999999999999999\"")) {
            var answer = processor.post(place + "/enable", "{}", "If-Match", version);
            assertThat(Answers.problem(answer, 412, "hive.expected-version").path("version").asLong(-1)).isEqualTo(1);
        }
        assertThat(wire.events("content", id)).hasSize(1);
        assertThat(processor.post(place + "/enable", "{}", "If-Match", "\"1\"").headers().firstValue("ETag"))
                .contains("\"2\"");
    }

    @Test
    void a_precondition_is_of_existence_too() throws Exception {
        String id = Wire.id();
        String place = "/v1/content/" + id;
        Answers.problem(processor.post(place + "/create", CREATE, "If-Match", "*"), 412, "hive.expected-version");
        assertThat(wire.events("content", id)).isEmpty();
        assertThat(processor.post(place + "/create", CREATE, "If-None-Match", "*").statusCode()).isEqualTo(200);
        Answers.problem(processor.post(place + "/edit", "{\"text\":\"other\"}", "If-None-Match", "*"), 412,
                "hive.expected-version");
        assertThat(processor.post(place + "/enable", "{}", "If-Match", "*").statusCode()).isEqualTo(200);
        assertThat(wire.events("content", id)).hasSize(2);
    }

    @Test
    void of_two_writers_with_one_version_one_wins() throws Exception {
        String id = Wire.id();
        String place = "/v1/content/" + id;
        processor.post(place + "/create", CREATE);
        for (int round = 1; round <= 20; round++) {
            String version = "\"" + round + "\"";
            String left = "{\"text\":\"left " + round + "\"}";
            String right = "{\"text\":\"right " + round + "\"}";
            var answers = together(List.of(() -> processor.post(place + "/edit", left, "If-Match", version),
                    () -> processor.post(place + "/edit", right, "If-Match", version)));
            assertThat(answers).extracting(HttpResponse::statusCode).containsExactlyInAnyOrder(200, 412);
            String winner = answers.getFirst().statusCode() == 200 ? "left " : "right ";
            assertThat(processor.get(place).body()).contains(winner + round);
        }
        assertThat(wire.events("content", id)).hasSize(21);
    }

    @Test
    void parallel_withdrawals_never_overdraw() throws Exception {
        String id = Wire.id();
        String place = "/v1/account/" + id;
        processor.post(place + "/open", "{\"owner\":\"Ada\"}");
        processor.post(place + "/deposit", "{\"amount\":100}");
        List<Callable<HttpResponse<String>>> withdrawals = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            withdrawals.add(() -> processor.post(place + "/withdraw", "{\"amount\":10}"));
        }
        var answers = together(withdrawals);
        assertThat(answers).filteredOn(answer -> answer.statusCode() == 200).hasSize(10);
        assertThat(answers).filteredOn(answer -> answer.statusCode() != 200)
                .allSatisfy(answer -> Answers.problem(answer, 422, "insufficient-funds"));
        assertThat(Answers.json(processor.get(place)).path("balance").asLong(-1)).isZero();
        assertThat(wire.events("account", id)).hasSize(12);
    }

    @RepeatedTest(10)
    void what_is_accepted_is_committed_and_shown() throws Exception {
        String id = Wire.id();
        var answer = processor.post("/v1/content/" + id + "/create", CREATE);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(answer.headers().firstValue("Content-Length")).contains("" + answer.body().length());
        // in this order: the log first, at the moment of the answer
        assertThat(wire.events("content", id)).hasSize(1);
        assertThat(processor.get("/v1/content/" + id).headers().firstValue("ETag")).contains("\"1\"");
    }

    @Test
    void what_another_instance_decides_is_answered_and_shown_too() throws Exception {
        try (Processor second = Processor.start(LocalStack.shared())) {
            Ownership theirs = second.context.getBean(Ownership.class);
            Ownership ours = processor.context.getBean(Ownership.class);
            await().atMost(Duration.ofSeconds(30)).until(() -> !theirs.slots().isEmpty() && theirs.closed().isEmpty()
                    && !ours.slots().isEmpty() && ours.closed().isEmpty());
            for (int i = 0; i < 24; i++) {
                String place = place("content");
                Processor taker = i % 2 == 0 ? processor : second;
                assertThat(taker.post(place + "/create", CREATE).statusCode()).isEqualTo(200);
                assertThat(taker.get(place).headers().firstValue("ETag")).contains("\"1\"");
            }
        }
    }

    @Test
    void who_does_not_wait_finds_the_result_later_also_without_Redis() throws Exception {
        String id = Wire.id();
        var answer = processor.post("/v1/content/" + id + "/create", CREATE, "Prefer", "respond-async");
        assertThat(answer.statusCode()).isEqualTo(202);
        String location = answer.headers().firstValue("Location").orElseThrow();
        assertThat(Answers.json(answer).path("result").asString("")).isEqualTo(location);
        await().atMost(Duration.ofSeconds(20)).until(() -> processor.get(location).statusCode() == 200);
        var result = processor.get(location);
        assertThat(Answers.json(result).path("outcome").asString("")).isEqualTo("accepted");
        assertThat(Answers.json(result).path("version").asLong(-1)).isEqualTo(1);
        String everywhere = location.substring(0, location.indexOf('?'));
        assertThat(processor.get(everywhere).body()).isEqualTo(result.body());
        LocalStack.shared().redis().call("FLUSHALL");
        assertThat(processor.get(location).body()).isEqualTo(result.body());
        assertThat(processor.get(everywhere).body()).isEqualTo(result.body());
        assertThat(processor.get(everywhere + "?aggregate=content").body()).isEqualTo(result.body());
        Answers.problem(processor.get(everywhere + "?aggregate=account"), 404, "no-such-result");
    }

    @Test
    void the_result_of_a_rejected_command_is_found_too() throws Exception {
        String id = Wire.id();
        Answers.problem(processor.post("/v1/content/" + id + "/enable", "{}", "Idempotency-Key", id + "-key"), 422,
                "not-found");
        var result = Answers.json(processor.get("/v1/results/" + id + "-key"));
        assertThat(result.path("outcome").asString("")).isEqualTo("rejected");
        assertThat(result.path("code").asString("")).isEqualTo("not-found");
    }

    @Test
    void a_result_that_nobody_knows_is_not_found() throws Exception {
        Answers.problem(processor.get("/v1/results/" + Wire.id()), 404, "no-such-result");
    }

    @Test
    void ids_with_signs_have_a_location_that_works() throws Exception {
        var answer = processor.post("/v1/content/" + Wire.id() + "%20a%26b=%C3%A9%2B%3F/create", CREATE, "Prefer",
                "respond-async", "Idempotency-Key", Wire.id() + " k&?=+#{a}");
        String location = answer.headers().firstValue("Location").orElseThrow();
        await().atMost(Duration.ofSeconds(20)).until(() -> processor.get(location).statusCode() == 200);
    }

    @Test
    void every_operation_that_is_described_is_there_and_answers_as_described() throws Exception {
        JsonNode document = Answers.json(processor.get("/openapi.json"));
        Set<String> answered = new TreeSet<>();
        for (var path : document.path("paths").properties()) {
            String place = path.getKey().replaceAll("\\{\\w+}", Wire.id());
            for (var operation : path.getValue().properties()) {
                String example = operation.getValue().at("/requestBody/content/application~1json/example").toString();
                var answer = operation.getKey().equals("post")
                        ? processor.post(place, example)
                        : processor.get(place);
                JsonNode described = resolved(document,
                        operation.getValue().path("responses").path(String.valueOf(answer.statusCode())));
                String mediaType = answer.headers().firstValue("Content-Type").orElse("");
                JsonNode schema = described.path("content").path(mediaType).path("schema");
                assertThat(schema.isMissingNode()).as("%s: %s %s", place, answer, answer.body()).isFalse();
                assertThat(schema(document, schema).validate(Answers.json(answer))).as(answer.body()).isEmpty();
                assertThat(answer.body()).doesNotContain("unknown-aggregate", "unknown-command", "malformed");
                answered.add(operation.getKey() + " " + answer.statusCode());
            }
        }
        assertThat(answered).containsExactlyInAnyOrder("post 200", "post 422", "get 404");
    }

    @Test
    void a_state_has_the_schema_that_is_described() throws Exception {
        JsonNode document = Answers.json(processor.get("/openapi.json"));
        String id = Wire.id();
        processor.post("/v1/content/" + id + "/create", CREATE);
        JsonNode schema = document.path("paths").path("/v1/content/{id}")
                .at("/get/responses/200/content/application~1json/schema");
        assertThat(schema(document, schema).validate(Answers.json(processor.get("/v1/content/" + id)))).isEmpty();
    }

    @Test
    void the_topics_are_described_with_the_sagas_between_the_aggregates() throws Exception {
        var answer = processor.get("/asyncapi.json");
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(Answers.json(answer).path("channels").propertyNames()).contains("content.commands", "review.events",
                "publication.inbox", "money-transfer.inbox.dlq");
    }

    @Test
    void the_page_comes_from_here_with_all_that_it_needs() throws Exception {
        assertThat(processor.get("/docs").headers().firstValue("Location")).contains("/docs/index.html");
        var page = processor.get("/docs/index.html");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
        Matcher link = Pattern.compile("(?:href|src)=\"([^\"]+)\"").matcher(page.body());
        List<String> links = link.results().map(found -> found.group(1)).toList();
        assertThat(links).hasSizeGreaterThan(5).noneMatch(needed -> needed.contains("//"));
        for (String needed : links) {
            assertThat(processor.get(URI.create("/docs/index.html").resolve(needed).toString()).statusCode())
                    .as(needed).isEqualTo(200);
        }
        Answers.problem(processor.get("/webjars/swagger-ui/index.html"), 404, "not-found");
    }

    @Test
    void what_the_framework_refuses_is_a_problem_as_described_too() throws Exception {
        JsonNode document = Answers.json(processor.get("/openapi.json"));
        Schema schema = schema(document, document.at("/components/schemas/Problem"));
        for (JsonNode problem : List.of(Answers.problem(processor.get("/nothing"), 404, "not-found"),
                Answers.problem(processor.get("/docs/nothing.html"), 404, "not-found"),
                Answers.problem(processor.get("/v1/content"), 405, "method-not-allowed"))) {
            assertThat(schema.validate(problem)).as(problem.toString()).isEmpty();
        }
    }

    private static JsonNode resolved(JsonNode document, JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asString().substring(1)) : node;
    }

    private static Schema schema(JsonNode document, JsonNode schema) {
        ObjectNode root = Json.TOLERANT.createObjectNode();
        root.set("components", document.path("components"));
        root.set("allOf", Json.TOLERANT.createArrayNode().add(schema));
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(root);
    }

    private static String place(String aggregate) {
        return "/v1/" + aggregate + "/" + Wire.id();
    }

    private static List<HttpResponse<String>> together(List<Callable<HttpResponse<String>>> requests)
            throws Exception {
        CyclicBarrier start = new CyclicBarrier(requests.size());
        try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> sent = requests.stream().map(request -> senders.submit(() -> {
                start.await();
                return request.call();
            })).toList();
            List<HttpResponse<String>> answers = new ArrayList<>();
            for (Future<HttpResponse<String>> answer : sent) {
                answers.add(answer.get());
            }
            return answers;
        }
    }
}
