package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.hivestream.local.LocalStack;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever comes over HTTP gets an answer that says what is wrong with it, and nothing of the inside. */
class BadInputTest {

    private static final int TEN_MEGABYTES = 10 * 1024 * 1024;

    @AutoClose
    private static Processor processor;
    @AutoClose
    private static Wire wire;
    @AutoClose
    private static HttpClient http;

    @BeforeAll
    static void start() {
        processor = Processor.start(LocalStack.shared());
        wire = new Wire(LocalStack.shared());
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    static Stream<Arguments> bodies() {
        return Stream.of(arguments("content/create", "{\"text\":"), arguments("content/create", "{"),
                arguments("content/create", "[\"text\""), arguments("content/create", "text"),
                arguments("content/create", "{text:'x'}"), arguments("content/create", "{\"text\":\"ab\"}}"),
                arguments("content/create", "{\"text\":\"ab\"} {\"text\":\"cd\"}"),
                arguments("content/create", "{\"text\":\"ab\",\"text\":\"cd\"}"), arguments("content/create", ""),
                arguments("content/create", " "), arguments("content/create", "null"),
                arguments("content/create", "[]"), arguments("content/create", "\"text\""),
                arguments("content/create", "7"), arguments("content/create", "{}"),
                arguments("content/create", "{\"text\":null}"), arguments("content/create", "{\"text\":5}"),
                arguments("content/create", "{\"text\":true}"), arguments("content/create", "{\"text\":{}}"),
                arguments("content/create", "{\"text\":[\"ab\"]}"), arguments("content/create", "{\"Text\":\"ab\"}"),
                arguments("content/create", "{\"text\":\"ab\",\"more\":1}"), arguments("content/enable", ""),
                arguments("content/enable", "{\"more\":1}"), arguments("content/create", "[".repeat(100_000)),
                arguments("content/create", "{\"" + "x".repeat(60_000) + "\":1}"),
                arguments("account/deposit", "{\"amount\":\"5\"}"), arguments("account/deposit", "{\"amount\":5.5}"),
                arguments("account/deposit", "{\"amount\":1e400}"), arguments("account/deposit", "{\"amount\":null}"),
                arguments("account/deposit", "{\"amount\":NaN}"), arguments("account/deposit", "{\"amount\":+5}"),
                arguments("account/deposit", "{\"amount\":05}"), arguments("account/deposit", "{\"amount\":.5}"),
                arguments("account/deposit", "{\"amount\":5,}"), arguments("account/deposit", "{/*5*/\"amount\":5}"),
                arguments("account/deposit", "{#\n\"amount\":5}"), arguments("content/create", "{\"text\":'ab'}"),
                arguments("content/create", "{\"text\":\"a\\xb\"}"), arguments("content/create", "{\"text\":\"a\\"),
                arguments("content/create", "{\"text\":\"ab\"\u00a0}"),
                arguments("account/deposit", "{\"amount\":99999999999999999999}"),
                arguments("account/deposit", "{\"amount\":" + "9".repeat(2_000) + "}"));
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("bodies")
    void a_body_that_is_not_the_command_is_refused(String command, String body) throws Exception {
        String id = Wire.id();
        String[] parts = command.split("/");
        var answer = processor.post("/v1/" + parts[0] + "/" + id + "/" + parts[1], body);
        Answers.problem(answer, 400, "malformed");
        assertThat(answer.body().length()).isLessThan(2_000);
        assertThat(wire.events(parts[0], id)).isEmpty();
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("smuggled")
    void a_command_that_carries_an_event_is_refused(String body) throws Exception {
        String id = Wire.id();
        Answers.problem(processor.post("/v1/content/" + id + "/create", body), 400, "malformed");
        assertThat(wire.events("content", id)).isEmpty();
    }

    static Stream<String> smuggled() {
        return Stream.of("{\"text\":\"ab\",\"event\":{\"type\":\"content.created\",\"text\":\"cd\"}}",
                "{\"text\":\"ab\",\"type\":\"content.enabled\"}", "{\"type\":\"ContentCreated\",\"text\":\"ab\"}",
                "{\"type\":\"CreateContent\",\"text\":\"ab\"}",
                "{\"@class\":\"dev.hivestream.samples.content.ContentEvent$ContentCreated\",\"text\":\"ab\"}",
                "[\"dev.hivestream.samples.content.ContentCommand$CreateContent\",{\"text\":\"ab\"}]",
                "{\"text\":\"ab\",\"version\":7}", "{\"text\":\"ab\",\"enabled\":true}",
                "{\"text\":\"ab\",\"id\":\"other\"}", "{\"text\":\"ab\",\"ce_type\":\"content.created\"}");
    }

    @Test
    void what_does_not_exist_is_not_found() throws Exception {
        Answers.problem(processor.post("/v1/unicorn/" + Wire.id() + "/create", "{}"), 404, "unknown-aggregate");
        Answers.problem(processor.get("/v1/unicorn/" + Wire.id()), 404, "unknown-aggregate");
        Answers.problem(processor.post("/v1/Content/" + Wire.id() + "/create", "{}"), 404, "unknown-aggregate");
        Answers.problem(processor.post("/v1/content/" + Wire.id() + "/explode", "{}"), 404, "unknown-command");
        Answers.problem(processor.post("/v1/content/" + Wire.id() + "/Create", "{}"), 404, "unknown-command");
        Answers.problem(processor.get("/v1/results/" + Wire.id() + "?aggregate=unicorn"), 404, "unknown-aggregate");
        Answers.problem(processor.get("/v2/content"), 404, "not-found");
        Answers.problem(processor.post("/", "{}"), 404, "not-found");
    }

    @Test
    void an_event_is_no_command() throws Exception {
        for (String event : new String[]{"created", "enabled", "content.created", "ContentCreated"}) {
            Answers.problem(processor.post("/v1/content/" + Wire.id() + "/" + event, "{\"text\":\"ab\"}"), 404,
                    "unknown-command");
        }
    }

    static Stream<String> contentTypes() {
        return Stream.of("text/plain", "application/xml", "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x", "application/json; charset=ISO-8859-1",
                "application/cloudevents+json", "application/*", "nonsense", "application/json; charset=klingon");
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("contentTypes")
    void a_body_of_another_media_type_is_refused(String type) throws Exception {
        Answers.problem(send(BodyPublishers.ofString("{\"text\":\"ab\"}"), "Content-Type", type), 415, "media-type");
    }

    @Test
    void a_body_without_media_type_is_refused() throws Exception {
        Answers.problem(send(BodyPublishers.ofString("{\"text\":\"ab\"}")), 415, "media-type");
    }

    @Test
    void a_media_type_may_name_UTF_8() throws Exception {
        assertThat(send(BodyPublishers.ofString("{\"text\":\"ab\"}"), "Content-Type",
                "Application/JSON;charset=\"utf-8\"").statusCode()).isEqualTo(200);
    }

    @Test
    void a_body_of_ten_megabytes_is_refused_whether_its_length_is_told_or_not() throws Exception {
        byte[] body = ("{\"text\":\"" + "x".repeat(TEN_MEGABYTES) + "\"}").getBytes(StandardCharsets.UTF_8);
        Answers.problem(send(BodyPublishers.ofByteArray(body), "Content-Type", "application/json"), 413, "too-large");
        Answers.problem(send(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)), "Content-Type",
                "application/json"), 413, "too-large");
    }

    @Test
    void a_body_that_is_not_UTF_8_is_refused() throws Exception {
        for (byte bad : new byte[]{(byte) 0xff, (byte) 0xc3, (byte) 0x80, 0, 7}) {
            byte[] body = "{\"text\":\"a?b\"}".getBytes(StandardCharsets.UTF_8);
            body[10] = bad;
            Answers.problem(send(BodyPublishers.ofByteArray(body), "Content-Type", "application/json"), 400,
                    "malformed");
        }
    }

    static Stream<String> ids() {
        return Stream.of("", "/", "%20", "%09", "%E2%80%83", "x".repeat(201), "x".repeat(10_000), "a%01b", "a%0Ab",
                "a%0D%0ASet-Cookie:x", "a%7Fb", "a%C2%85b", "a%FFb", "a%C3", "%00", "a%00b", "%C2%A0", "a%20", "a;b=c",
                "a%3Bb", "a%25b", "a%252Fb", ".", "..", "%2E%2E", "a%1B%5B31m");
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("ids")
    void an_id_that_is_none_is_refused(String id) throws Exception {
        Answers.problem(processor.post("/v1/content/" + id + "/create", "{\"text\":\"ab\"}"), 400, "malformed");
    }

    @Test
    void an_id_that_is_none_has_no_state() throws Exception {
        Answers.problem(processor.get("/v1/content/%20"), 400, "malformed");
        Answers.problem(processor.get("/v1/content/a%0Ab"), 400, "malformed");
        Answers.problem(processor.get("/v1/content/" + "x".repeat(10_000)), 400, "malformed");
        Answers.problem(processor.get("/v1/results/%20"), 400, "malformed");
    }

    @Test
    void ids_of_many_scripts_and_signs_are_ids() throws Exception {
        for (String id : new String[]{"%C3%A9%E4%B8%AD%F0%9F%90%9D", "a%20b", "a+b", "a:b@c", "..a", "a%3Fb%23c",
                "a%2Eb"}) {
            String place = "/v1/content/" + Wire.id() + id;
            var created = processor.post(place + "/create", "{\"text\":\"ab\"}");
            assertThat(created.statusCode()).as(id + created.body()).isEqualTo(200);
            assertThat(processor.get(place).headers().firstValue("ETag")).contains("\"1\"");
        }
    }

    static Stream<String> conditions() {
        return Stream.of("7", "\"seven\"", "\"\"", "W/\"7\"", "\"1\", \"2\"", "\"-1\"", "\"9999999999999999999\"",
                "**");
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("conditions")
    void a_condition_that_cannot_be_read_is_refused(String condition) throws Exception {
        String place = "/v1/content/" + Wire.id() + "/create";
        Answers.problem(processor.post(place, "{\"text\":\"ab\"}", "If-Match", condition), 400, "malformed");
        Answers.problem(processor.post(place, "{\"text\":\"ab\"}", "If-None-Match", condition), 400, "malformed");
    }

    @Test
    void two_conditions_at_once_are_refused() throws Exception {
        Answers.problem(processor.post("/v1/content/" + Wire.id() + "/create", "{\"text\":\"ab\"}", "If-Match", "\"1\"",
                "If-None-Match", "*"), 400, "malformed");
    }

    @Test
    void a_key_or_a_correlation_that_is_no_id_is_refused() throws Exception {
        String place = "/v1/content/" + Wire.id() + "/create";
        for (String header : new String[]{"Idempotency-Key", "X-Correlation-ID"}) {
            Answers.problem(processor.post(place, "{\"text\":\"ab\"}", header, " "), 400, "malformed");
            Answers.problem(processor.post(place, "{\"text\":\"ab\"}", header, "x".repeat(1_000)), 400, "malformed");
        }
    }

    @Test
    void a_method_that_is_not_there_is_refused() throws Exception {
        for (String method : new String[]{"PUT", "DELETE", "PATCH"}) {
            Answers.problem(http.send(HttpRequest.newBuilder(processor.uri("/v1/content/x/create"))
                    .method(method, BodyPublishers.ofString("{}")).build(), HttpResponse.BodyHandlers.ofString()), 405,
                    "method-not-allowed");
        }
        Answers.problem(processor.get("/v1/content/x/create"), 405, "method-not-allowed");
    }

    @Test
    void an_error_is_a_problem_whatever_the_client_accepts() throws Exception {
        for (String accepted : new String[]{"text/html", "text/plain", "application/xml", "image/png"}) {
            Answers.problem(processor.post("/v1/unicorn/x/create", "{}", "Accept", accepted), 404, "unknown-aggregate");
            Answers.problem(processor.post("/v1/content/x/create", "{", "Accept", accepted), 400, "malformed");
        }
    }

    @Test
    void a_request_that_the_web_server_refuses_gets_a_problem_too() throws Exception {
        Answers.problem(processor.get("/v1/content/a%2Fb"), 400, "malformed");
        Answers.problem(processor.get("/v1/content/a%5Cb"), 400, "malformed");
        for (String request : new String[]{"GET /v1/content/{x} HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /v1/content/<script> HTTP/1.1\r\nHost: x\r\n\r\n", "GET /v1/content/x HTTP/1.1\r\n\r\n",
                "GET /v1/content/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /v1/content/x/create HTTP/1.1\r\nHost: x\r\nContent-Length: minus\r\n\r\n",
                "GET // HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /v1/results/x?aggregate=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /v1/content/x/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Content-Length: 20\r\n\r\n{",
                "POST /v1/content/x/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\nnonsense",
                "POST /v1/content/x/create HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                        + "Content-Length: 3\r\n\r\n--y",
                "GET /v1/content/x HTTP/1.1\r\nHost: x\r\nX-Long: " + "x".repeat(100_000) + "\r\n\r\n"}) {
            String answer = raw(request);
            assertThat(answer).startsWith("HTTP/1.1 4").containsIgnoringCase("content-type: application/problem+json")
                    .contains("\"code\":");
            Answers.discreet(answer);
        }
    }

    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", processor.port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().flush();
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static HttpResponse<String> send(BodyPublisher body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(processor.uri("/v1/content/" + Wire.id() + "/create"))
                .POST(body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
