package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Result;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** One rule for ids: what is accepted at one entrance is served at all others, and what is refused is refused at all. */
class IdsEverywhereTest {

    private static final String CREATE = "{\"text\":\"hello\"}";
    private static final Pattern LOCATION = Pattern.compile("(?mi)^Location: (\\S+)\\s*$");

    @AutoClose
    private static Processor processor;
    @AutoClose
    private static Wire wire;

    @BeforeAll
    static void start() {
        processor = Processor.start(LocalStack.shared());
        wire = new Wire(LocalStack.shared());
    }

    @ParameterizedTest(name = "{index}")
    @ValueSource(strings = {"tools", "a b", "a+b", "a:b@c", "..a", ".a.", "a?b#c", "w:1}:g1-abc", "{x}*", "a&b=c",
            "a,b",
            "\"a\"", "<a>'", "a|b^`~!$(c)", "\u00e9\u4e2d", "\ud83d\udc1d", "\ud83d\udc68\u200d\ud83d\udcbb",
            "a\u00a0b", "\u05d0\u0628", "[a]"})
    void what_one_entrance_accepts_all_others_serve(String form) throws Exception {
        String id = form + Wire.id();
        String place = "/v1/content/" + encoded(id);
        String overKafka = "k-" + id;
        wire.send(Wire.command("content.create", id, overKafka, CREATE));
        await().atMost(Duration.ofSeconds(30)).untilAsserted(
                () -> assertThat(wire.results("content", overKafka)).extracting(Result::id).containsExactly(id));
        assertThat(processor.get(place).headers().firstValue("ETag")).contains("\"1\"");
        assertThat(result("/v1/results/" + encoded(overKafka) + "?source=%2Ftest").path("id").asString(""))
                .isEqualTo(id);
        assertThat(result("/v1/results/" + encoded(overKafka) + "?source=%2Ftest&aggregate=content&id=" + encoded(id))
                .path("id")
                .asString("")).isEqualTo(id);

        String overHttp = "h-" + id;
        String pending = post(place + "/enable", "{}", "Idempotency-Key: " + overHttp, "Prefer: respond-async");
        assertThat(pending).startsWith("HTTP/1.1 202");
        Matcher location = LOCATION.matcher(pending);
        assertThat(location.find()).as(pending).isTrue();
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(processor.get(location.group(1)).statusCode()).isEqualTo(200));
        JsonNode enabled = result(location.group(1));
        assertThat(enabled.path("commandId").asString("")).isEqualTo(overHttp);
        assertThat(enabled.path("version").asLong()).isEqualTo(2);
        assertThat(processor.get(place).headers().firstValue("ETag")).contains("\"2\"");
        assertThat(wire.events("content", id)).extracting(event -> Wire.header(event, Header.CAUSATION_ID))
                .containsExactly(overKafka, overHttp);

        wire.send(Wire.command("content.nonsense", id, "n-" + id, CREATE));
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(
                result("/actuator/deadletters/content?id=" + encoded(id)).path("letters").size()).isEqualTo(1));
    }

    @ParameterizedTest(name = "{index}")
    @ValueSource(strings = {"a/b", "a\\b", "a;b", "a%b", "a%2Fb", ".", "..", "\u00a0", "\u00a0a", "a\u2003", "\u200b",
            "a\u202eb", "a\u2028b"})
    void what_one_entrance_refuses_all_others_refuse(String id) throws Exception {
        Answers.problem(processor.post("/v1/content/" + encoded(id) + "/create", CREATE), 400, "malformed");
        Answers.problem(processor.get("/v1/content/" + encoded(id)), 400, "malformed");
        Answers.problem(processor.get("/v1/results/" + encoded(id)), 400, "malformed");
        Answers.problem(processor.get("/v1/results/x?aggregate=content&id=" + encoded(id)), 400, "malformed");
        String answer = post("/v1/content/" + Wire.id() + "/create", CREATE, "Idempotency-Key: " + id);
        assertThat(answer).startsWith("HTTP/1.1 400").contains("\"malformed\"").contains("Idempotency-Key");

        String command = Wire.id();
        RecordMetadata place = wire.send(Wire.command("content.create", id, command, CREATE)).getFirst();
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(wire.deadLetters(place)).hasSize(1));
        ConsumerRecord<byte[], byte[]> letter = wire.deadLetters(place).getFirst();
        assertThat(Wire.header(letter, Header.DEAD_REASON)).startsWith("The key ");
        assertThat(wire.events("content", id)).isEmpty();

        RecordMetadata second = wire.send(Wire.command("content.create", Wire.id(), id, CREATE)).getFirst();
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(wire.deadLetters(second)).hasSize(1));
        assertThat(Wire.header(wire.deadLetters(second).getFirst(), Header.DEAD_REASON))
                .startsWith("The header ce_id ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "a;b", ".."})
    void who_sent_a_refused_id_over_Kafka_gets_an_answer(String id) throws Exception {
        String command = Wire.id();
        wire.send(Wire.command("content.create", id, command, CREATE));
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(wire.results("content", command)).hasSize(1));
        Result failed = wire.results("content", command).getFirst();
        assertThat(failed.outcome()).isEqualTo(Result.Outcome.failed);
        assertThat(failed.code()).isEqualTo(Result.Code.MALFORMED);
        assertThat(failed.reason()).startsWith("The key ");
    }

    @Test
    void a_key_is_the_same_id_over_Kafka_and_over_HTTP() throws Exception {
        String id = Wire.id();
        post("/v1/content/" + id + "/create", CREATE, "Idempotency-Key: cl\u00e9-\u4e2d-" + id);
        assertThat(wire.events("content", id)).extracting(event -> Wire.header(event, Header.CAUSATION_ID))
                .containsExactly("cl\u00e9-\u4e2d-" + id);
    }

    @Test
    void a_key_that_is_not_UTF_8_is_refused() throws Exception {
        String answer = raw(("POST /v1/content/" + Wire.id() + "/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nIdempotency-Key: cl\u00e9\r\nContent-Length: " + CREATE.length()
                + "\r\n\r\n" + CREATE).getBytes(StandardCharsets.ISO_8859_1));
        assertThat(answer).startsWith("HTTP/1.1 400").contains("Idempotency-Key is not UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Idempotency-Key: a", "If-Match: \"1\"", "If-None-Match: *", "X-Correlation-ID: a"})
    void a_header_that_is_sent_twice_is_refused(String header) throws Exception {
        String answer = post("/v1/content/" + Wire.id() + "/create", CREATE, header, header);
        assertThat(answer).startsWith("HTTP/1.1 400").contains("\"malformed\"")
                .contains(header.substring(0, header.indexOf(':')) + " occurs more than once");
    }

    @Test
    void a_path_parameter_makes_no_other_aggregate() throws Exception {
        String id = Wire.id();
        Answers.problem(processor.post("/v1/content/" + id + ";x/create", CREATE), 400, "malformed");
        Answers.problem(processor.post("/v1/content;x/" + id + "/create", CREATE), 400, "malformed");
        Answers.problem(processor.post("/v1/content/" + id + "/create;x=y", CREATE), 400, "malformed");
        assertThat(wire.events("content", id)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/actuator/health/../metrics", "/actuator/health/%2e%2E/metrics",
            "/actuator/health/.%2e/metrics", "/actuator/health//", "/actuator//metrics", "//actuator/metrics",
            "/actuator/health;/metrics", "/actuator/health/;x", "/actuator/health/%2F", "/docs/../actuator/metrics",
            "/docs/%5C..%5Cx", "/v1/content/../../actuator/metrics", "/actuator/./metrics", "/actuator/metrics/.."})
    void a_path_with_two_meanings_is_refused_without_a_stack_trace(String path) throws Exception {
        Answers.problem(processor.get(path), 400, "malformed");
    }

    private static JsonNode result(String path) throws Exception {
        var answer = processor.get(path);
        assertThat(answer.statusCode()).as(path + " " + answer.body()).isEqualTo(200);
        return Answers.json(answer);
    }

    private static String post(String path, String json, String... headers) throws IOException {
        return raw(("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\n" + String.join("\r\n", headers)
                + "\r\nContent-Length: " + json.length() + "\r\n\r\n" + json).getBytes(StandardCharsets.UTF_8));
    }

    private static String raw(byte[] request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", processor.port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request);
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** All but what every path and query takes as it is. */
    private static String encoded(String id) {
        StringBuilder encoded = new StringBuilder();
        for (byte one : id.getBytes(StandardCharsets.UTF_8)) {
            if (one > 0 && (Character.isLetterOrDigit(one) || List.of('-', '_', '.', '~').contains((char) one))) {
                encoded.append((char) one);
            } else {
                encoded.append(String.format("%%%02X", one & 0xff));
            }
        }
        return encoded.toString();
    }
}
