package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.RSASSASigner;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP with tokens: who may what. The management endpoints have a port of their own. */
class AccessTest {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int MANAGEMENT = Ports.free();

    private static KeyPair key;
    private static Processor processor;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        key = keyPair();
        Path file = Files.writeString(folder.resolve("issuer.pem"), "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(key.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n");
        processor = Processor.startWithManagement(LocalStack.shared(), MANAGEMENT,
                "--spring.security.oauth2.resourceserver.jwt.public-key-location=" + file.toUri(),
                "--spring.security.oauth2.resourceserver.jwt.audiences=hive",
                "--hive.security.aggregates.account.commands=bank.write",
                "--hive.security.aggregates.account.reads=bank.read");
    }

    @AfterAll
    static void stop() {
        processor.close();
        HTTP.close();
    }

    @Test
    void without_a_token_nothing_is_answered() throws Exception {
        for (String path : new String[]{"/v1/content/a", "/v1/results/a", "/v1/content/a/b/c/d", "/other"}) {
            var answer = get(path, null);
            Answers.problem(answer, 401, "unauthenticated");
            assertThat(answer.headers().firstValue("WWW-Authenticate").orElse("")).startsWith("Bearer");
        }
        Answers.problem(create(Wire.id(), null), 401, "unauthenticated");
    }

    @Test
    void the_right_scope_is_answered_and_a_wrong_one_is_told_which() throws Exception {
        String id = Wire.id();
        var refused = create(id, token("hive.reads"));
        assertThat(Answers.problem(refused, 403, "forbidden").path("detail").asString("")).contains("hive.commands");
        assertThat(refused.headers().firstValue("WWW-Authenticate").orElse("")).contains("scope=\"hive.commands\"");
        assertThat(create(id, token("other hive.commands")).statusCode()).isEqualTo(200);
        Answers.problem(get("/v1/content/" + id, token("hive.commands")), 403, "forbidden");
        assertThat(get("/v1/content/" + id, token("hive.reads")).body()).contains("hello");
    }

    @Test
    void a_token_that_is_over_or_of_somebody_else_or_for_somebody_else_is_none() throws Exception {
        Instant now = Instant.now();
        for (String token : new String[]{token(key, "hive", "hive.commands", now.minusSeconds(3_600)),
                token(keyPair(), "hive", "hive.commands", now.plusSeconds(600)),
                token(key, "others", "hive.commands", now.plusSeconds(600)), "garbage"}) {
            Answers.problem(create(Wire.id(), token), 401, "unauthenticated");
        }
    }

    @Test
    void a_subject_that_cannot_be_told_from_another_one_in_utf_8_is_refused() throws Exception {
        Instant end = Instant.now().plusSeconds(600);
        for (String subject : new String[]{"ada\\ud800", "\\udc00ada", "a\\udc00\\ud800"}) {
            var refused = create(Wire.id(), token(key, "hive", "hive.commands", end, subject));
            assertThat(Answers.problem(refused, 401, "unauthenticated").path("detail").asString(""))
                    .contains("The claim 'sub' has an unpaired surrogate");
        }
        assertThat(create(Wire.id(), token(key, "hive", "hive.commands", end, "ada\\ud83d\\ude00?")).statusCode())
                .isEqualTo(200);
    }

    @Test
    void an_aggregate_may_have_scopes_of_its_own() throws Exception {
        String place = "/v1/account/" + Wire.id();
        String open = "{\"owner\":\"Ada\"}";
        Answers.problem(post(place + "/open", open, token("hive.commands hive.reads")), 403, "forbidden");
        // however the path spells its name
        Answers.problem(post(place.replace("account", "%61ccount") + "/open", open, token("hive.commands")), 403,
                "forbidden");
        assertThat(post(place + "/open", open, token("bank.write")).statusCode()).isEqualTo(200);
        Answers.problem(get(place, token("hive.reads")), 403, "forbidden");
        assertThat(get(place, token("bank.read")).statusCode()).isEqualTo(200);
    }

    @Test
    void a_result_is_for_those_who_may_command_or_read_its_aggregate() throws Exception {
        String command = Wire.id();
        var answer = HTTP.send(HttpRequest.newBuilder(processor.uri("/v1/account/" + Wire.id() + "/open"))
                .header("Content-Type", "application/json").header("Authorization", "Bearer " + token("bank.write"))
                .header("Idempotency-Key", command)
                .POST(HttpRequest.BodyPublishers.ofString("{\"owner\":\"Ada\"}")).build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(get("/v1/results/" + command, token("bank.write")).statusCode()).isEqualTo(200);
        assertThat(get("/v1/results/" + command, token("bank.read")).statusCode()).isEqualTo(200);
        // whether there is one cannot be told from what others are answered
        for (String id : new String[]{command, Wire.id()}) {
            Answers.problem(get("/v1/results/" + id, token("hive.reads hive.commands")), 404, "no-such-result");
            Answers.problem(get("/v1/results/" + id + "?aggregate=account", token("hive.reads hive.commands")), 403,
                    "forbidden");
            Answers.problem(get("/v1/results/" + id, token("other")), 403, "forbidden");
            assertThat(head("/v1/results/" + id, token("other"))).isEqualTo(403);
        }
    }

    @Test
    void what_HEAD_needs_GET_needs() throws Exception {
        String id = Wire.id();
        assertThat(create(id, token("hive.commands")).statusCode()).isEqualTo(200);
        for (String path : new String[]{"/v1/content/" + id, "/v1/content/" + Wire.id(), "/v1/account/" + id}) {
            for (String scopes : new String[]{"hive.commands", "hive.reads", "bank.read", "bank.write", "other"}) {
                assertThat(head(path, token(scopes))).as(path + " " + scopes)
                        .isEqualTo(get(path, token(scopes)).statusCode());
            }
            assertThat(head(path, null)).isEqualTo(401);
        }
        assertThat(head("/v1/content/" + id, token("hive.commands"))).isEqualTo(403);
        assertThat(head("/v1/content/" + id, token("hive.reads"))).isEqualTo(200);
        assertThat(head("/openapi.json", null)).isEqualTo(200);
    }

    @Test
    void what_health_is_made_of_is_for_operations() throws Exception {
        for (String path : new String[]{"/actuator/health", "/actuator/health/readiness"}) {
            URI place = URI.create("http://127.0.0.1:" + MANAGEMENT + path);
            for (String token : new String[]{null, token("hive.commands hive.reads")}) {
                // down until the partitions are restored
                await().atMost(Duration.ofSeconds(60)).untilAsserted(
                        () -> assertThat(send(HttpRequest.newBuilder(place), token).statusCode()).isEqualTo(200));
                var answer = send(HttpRequest.newBuilder(place), token);
                assertThat(answer.body()).contains("UP").doesNotContain("components", "details", "redis");
            }
            assertThat(send(HttpRequest.newBuilder(place), token("hive.operations")).body()).contains("components",
                    "details");
        }
    }

    @Test
    void a_path_with_two_meanings_is_refused_at_the_port_of_management_too() throws Exception {
        for (String path : new String[]{"/actuator/health/../metrics", "/actuator/health/..;/metrics",
                "/actuator//metrics", "/actuator/health;x/metrics"}) {
            var answer = send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + MANAGEMENT + path)), null);
            Answers.problem(answer, 400, "malformed");
        }
    }

    @Test
    void a_body_that_is_too_long_is_refused_at_the_port_of_management_too() throws Exception {
        URI place = URI.create("http://127.0.0.1:" + MANAGEMENT + "/actuator/deadletters/content/discard");
        String body = "{\"id\":\"" + "x".repeat(600_000) + "\",\"why\":\"nonsense\"}";
        Answers.problem(work(place, body, token("hive.operations")), 413, "too-large");
    }

    private static int head(String path, String token) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(processor.uri(path)).HEAD(), token).statusCode();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a%20b", "a:b=c", "%E2%82%AC", "%2E%2E", "a..b"})
    void an_id_may_have_any_character_with_a_token_too(String id) throws Exception {
        assertThat(create(id + Wire.id(), token("hive.commands")).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"/actuator/health, 200", "/actuator/health/liveness, 200", "/actuator/info, 200",
            "/actuator/prometheus, 200", "/actuator/metrics, 401", "/actuator/deadletters, 401",
            "/actuator/deadletters/account, 401"})
    void monitoring_needs_no_token_and_the_rest_of_management_does(String path, int status) throws Exception {
        assertThat(manage(path, null)).isEqualTo(status);
        assertThat(manage(path, token("hive.operations"))).isEqualTo(200);
    }

    @Test
    void who_works_at_dead_letters_needs_a_scope_and_is_written_down() throws Exception {
        String letter = Wire.id();
        try (Wire wire = new Wire(LocalStack.shared())) {
            wire.send(Wire.command("content.nonsense", letter, letter, "{}"));
            Awaitility.await().atMost(Duration.ofSeconds(20))
                    .until(() -> wire.results("content", letter).size() == 1);
        }
        String discard = "{\"id\":\"" + letter + "\",\"why\":\"nonsense\"}";
        for (String action : new String[]{"resend", "discard"}) {
            URI place = URI.create("http://127.0.0.1:" + MANAGEMENT + "/actuator/deadletters/content/" + action);
            assertThat(work(place, discard, null).statusCode()).isEqualTo(401);
            assertThat(work(place, discard, token("hive.commands hive.reads")).statusCode()).isEqualTo(403);
        }
        URI place = URI.create("http://127.0.0.1:" + MANAGEMENT + "/actuator/deadletters/content/discard");
        var done = Answers.json(work(place, discard, token("hive.operations")));
        assertThat(done.path("count").asInt()).isEqualTo(1);
        var shown = Answers.json(send(HttpRequest.newBuilder(place.resolve(done.at("/letters/0").asString())),
                token("hive.operations")));
        assertThat(shown.at("/done/0/by").asString()).isEqualTo("ada");
    }

    private static HttpResponse<String> work(URI place, String json, String token) throws Exception {
        return send(HttpRequest.newBuilder(place).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json)), token);
    }

    @Test
    void management_is_not_at_the_port_of_commands() throws Exception {
        assertThat(manage("/actuator/metrics", token("hive.commands"))).isEqualTo(403);
        assertThat(get("/actuator/health", token("hive.operations")).statusCode()).isEqualTo(404);
    }

    private static int manage(String path, String token) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + MANAGEMENT + path)), token).statusCode();
    }

    private static HttpResponse<String> create(String id, String token) throws IOException, InterruptedException {
        return post("/v1/content/" + id + "/create", "{\"text\":\"hello\"}", token);
    }

    private static HttpResponse<String> post(String path, String json, String token)
            throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(processor.uri(path)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json)), token);
    }

    private static HttpResponse<String> get(String path, String token) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(processor.uri(path)), token);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request, String token)
            throws IOException, InterruptedException {
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return HTTP.send(request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String token(String scopes) throws JOSEException {
        return token(key, "hive", scopes, Instant.now().plusSeconds(600));
    }

    private static String token(KeyPair key, String audience, String scopes, Instant end) throws JOSEException {
        return token(key, audience, scopes, end, "ada");
    }

    /** @param subject as a JSON string has it, so that it can have escapes */
    private static String token(KeyPair key, String audience, String scopes, Instant end, String subject)
            throws JOSEException {
        JWSObject token = new JWSObject(new JWSHeader(JWSAlgorithm.RS256), new Payload(
                "{\"sub\":\"%s\",\"aud\":\"%s\",\"scope\":\"%s\",\"exp\":%d}".formatted(subject, audience, scopes,
                        end.getEpochSecond())));
        token.sign(new RSASSASigner(key.getPrivate()));
        return token.serialize();
    }

    private static KeyPair keyPair() throws NoSuchAlgorithmException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }
}
