package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.Await;
import dev.hivestream.local.BootApp;
import dev.hivestream.local.RedisConnection;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Made;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Slot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Nonsense at every entry: HTTP, topics, and keys in Redis. What comes in is made of what is right, changed a little. Nobody
 * may crash, hang, stop at a partition, or answer with a bug, and what is right beside it is decided.
 *
 * <p>Snapshots are replaced by what is none, or by one of another type; one that was made up by hand cannot be told from a
 * right one.
 */
@Tag("faults")
class FuzzIT {

    private static final int REQUESTS = Integer.getInteger("requests", 800);
    private static final int RECORDS = Integer.getInteger("records", 2_000);
    private static final int DAMAGES = Integer.getInteger("damages", 40);
    private static final int CLIENTS = 8;
    private static final int SIZE = 20;
    private static final int ANSWER_MILLIS = 15_000;
    private static final List<String> AGGREGATES = List.of("account", "content", "review", "transfer");
    private static final List<String> SAGAS = List.of("money-transfer", "publication");

    private static final List<String> PATHS = List.of("/v1/account/%s/open", "/v1/account/%s/deposit",
            "/v1/content/%s/create", "/v1/content/%s/enable", "/v1/transfer/%s/request", "/v1/account/%s",
            "/v1/results/%s", "/v1/results/%s?aggregate=account&id=a",
            "/v1/results/%s?aggregate=content&aggregate=%%ff",
            "/actuator/deadletters/account?limit=%s", "/actuator/deadletters/account/%s/0",
            "/actuator/deadletters/account/resend", "/actuator/deadletters/%s/discard", "/openapi.json", "/docs/%s",
            "/actuator/health/%s", "/%s", "*", "//", "/v1/account/../%s");
    private static final List<String> BODIES = List.of("{\"owner\":\"Ada\"}", "{\"amount\":5}", "{\"text\":\"hello\"}",
            "{}", "{\"from\":\"a\",\"to\":\"b\",\"amount\":5}", "{\"id\":\"a\",\"limit\":1,\"why\":\"x\"}", "[]", "",
            "{\"all\":true,\"limit\":-1}", "{\"letter\":\"0/0\"}", "{\"id\":{\"a\":[1]},\"force\":\"x\"}");
    private static final List<String> HEADERS = List.of("Content-Type: application/json",
            "Content-Type: multipart/form-data; boundary=x", "Content-Type: application/json;charset=UTF-16",
            "Content-Type: application/x-www-form-urlencoded", "Idempotency-Key: k", "If-Match: \"7\"",
            "If-Match: *", "If-None-Match: *", "Prefer: wait=0", "Prefer: respond-async, wait=99999999999",
            "X-Correlation-ID: c", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "tracestate: a=b", "baggage: a=b", "Accept: image/png", "Accept: ;;;", "Accept-Language: ***",
            "Content-Encoding: gzip", "Transfer-Encoding: chunked", "Expect: 100-continue", "Range: bytes=0-1",
            "Origin: http://other", "Authorization: Bearer x", "Cookie: a=b; JSESSIONID=", "Upgrade: h2c",
            "Connection: Upgrade, HTTP2-Settings", "X-HTTP-Method-Override: DELETE", "X-Forwarded-For: ,,",
            "X-Forwarded-Host: [", "Forwarded: for=\"[\"", "Host: ", "If-Modified-Since: yesterday");
    private static final List<String> METHODS = List.of("POST", "POST", "POST", "GET", "GET", "HEAD", "PUT", "DELETE",
            "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PRI");
    private static final List<String> RECORD_HEADERS = List.of("ce_id", "ce_type", "ce_specversion", "ce_subject",
            "ce_source", "ce_time", "content-type", "ce_expectedversion", "ce_correlationid", "ce_causationid",
            "ce_replyto", "ce_forwardedfrom", "ce_saga", "ce_sagastep", "ce_sagaattempt", "ce_sequence",
            "ce_dataversion", "ce_commandposition", "ce_setting", "ce_again", "ce_failedon", "hive_letter", "ce_done",
            "traceparent", "tracestate",
            "hive_reason", "hive_origin", "hive_letter", "spring.cloud.stream.sendto.destination", "kafka_topic",
            "scst_partition", "contentType", "id", "timestamp");
    private static final List<String> TYPES = List.of("account.open", "account.deposit", "account.opened",
            "account.deposited", "content.create", "content.created", "transfer.request", "transfer.requested",
            "review.requested", "hive.result", "hive.deadline", "hive.parked", "hive.retry", "hive.skip", "hive.end",
            "hive.resent");
    private static final List<String> VALUES = List.of("1", "0", "-1", "*", "99999999999999999999", "1.0",
            "money-transfer:fuzz-1", "publication:fuzz-1", "application/json", "fuzzed", "sagas",
            "HFEYrF7mQ9y0TWVZ3-oxsA:5", ":", "x:-1", "account.commands/0/0", "2026-01-31T12:00:00Z",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "nowhere");
    private static final List<String> JSON = List.of("{\"owner\":\"Ada\"}", "{\"amount\":5}",
            "{\"text\":\"hello\",\"enabled\":false}", "{\"from\":\"a\",\"to\":\"b\",\"amount\":5}", "{}",
            "{\"commandId\":\"c\",\"aggregate\":\"account\",\"id\":\"a\",\"outcome\":\"accepted\",\"version\":4}");

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<String, LongAdder> answers = new ConcurrentHashMap<>();
    private final Queue<String> findings = new ConcurrentLinkedQueue<>();
    private final Map<String, Long> deposits = new TreeMap<>();
    private final Map<String, String> good = new LinkedHashMap<>();

    @Test
    void nonsense_at_every_entry_stops_nobody() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("FuzzIT: -Dseed=" + seed);
        try (Fleet fleet = new Fleet("fuzz")) {
            BootApp app = fleet.app("fuzzed").property("hive.aggregates", String.join(",", AGGREGATES))
                    .property("logging.level.dev.hivestream.commandprocessor.http.Problems", "info");
            BootApp sagas = fleet.sagaManager("sagas");
            List.of(app, sagas).forEach(BootApp::start);
            List.of(app, sagas).forEach(each -> each.awaitReady(Fleet.PATIENCE));
            open(app);
            long since = System.nanoTime();
            requests(app, seed);
            System.out.printf("  %d requests: %.1f s%n", REQUESTS, (System.nanoTime() - since) / 1e9);
            sound(app, sagas, "requests");
            records(fleet, seed + 1);
            sound(app, sagas, "records");
            since = System.nanoTime();
            damage(fleet, app, seed + 2);
            System.out.printf("  %d damages: %.1f s%n", DAMAGES, (System.nanoTime() - since) / 1e9);
            sound(app, sagas, "damages");
            fleet.stack().redis().call("FLUSHALL");
            sound(app, sagas, "all that once more, from the log");
            for (BootApp each : List.of(app, sagas)) {
                assertThat(each.process().isAlive()).isTrue();
            }
            told(fleet.directory().resolve("fuzzed.log"), "A request failed");
            assertThat(findings).isEmpty();
        } finally {
            System.out.println("  answers: " + new TreeMap<>(answers));
            findings.stream().limit(20).forEach(finding -> System.out.println("  found: " + finding));
            http.close();
        }
    }

    /** An account in each partition. */
    private void open(BootApp app) throws Exception {
        for (int i = 0; good.size() < Fleet.PARTITIONS; i++) {
            String id = "good-" + i;
            if (good.putIfAbsent("" + Slot.of("account", id, Fleet.PARTITIONS).partition(), id) == null) {
                assertThat(post(app, "/v1/account/" + id + "/open", "{\"owner\":\"Ada\"}").statusCode()).isEqualTo(200);
                deposits.put(id, 0L);
            }
        }
    }

    /** Each partition decides, each state is right, and money is transferred between all of them. */
    private void sound(BootApp app, BootApp sagas, String after) throws Exception {
        long since = System.nanoTime();
        for (String id : good.values()) {
            soon(after + ": a deposit to " + id, () -> {
                int status = post(app, "/v1/account/" + id + "/deposit", "{\"amount\":1000}").statusCode();
                if (status == 200) {
                    deposits.merge(id, 1L, Long::sum);
                }
                return status == 200;
            });
            soon(after + ": content beside " + id, () -> {
                String name = "good-" + System.nanoTime();
                return post(app, "/v1/content/" + name + "/create", "{\"text\":\"hello\"}").statusCode() == 200
                        && get(app, "/v1/content/" + name).statusCode() == 200;
            });
        }
        List<String> transfers = new ArrayList<>();
        List<String> ids = List.copyOf(good.values());
        for (int i = 0; i < 2 * Fleet.PARTITIONS; i++) {
            String transfer = "good-transfer-" + System.nanoTime();
            String json = "{\"from\":\"" + ids.get(i % ids.size()) + "\",\"to\":\"" + ids.get((i + 1) % ids.size())
                    + "\",\"amount\":1}";
            soon(after + ": a transfer", () -> post(app, "/v1/transfer/" + transfer + "/request", json)
                    .statusCode() == 200);
            transfers.add(transfer);
        }
        for (String transfer : transfers) {
            soon(after + ": the end of " + transfer,
                    () -> get(app, "/v1/transfer/" + transfer).body().contains("COMPLETED"));
        }
        soon(after + ": money", () -> {
            long sum = 0;
            for (String id : ids) {
                Wallet wallet = wallet(app, id);
                sum += wallet.balance;
            }
            return sum == 1_000 * deposits.values().stream().mapToLong(count -> count).sum();
        });
        soon(after + ": readiness", () -> app.isReady() && sagas.isReady());
        System.out.printf("  sound after %s: %.1f s%n", after, (System.nanoTime() - since) / 1e9);
    }

    private record Wallet(long balance) {}

    private Wallet wallet(BootApp app, String id) throws Exception {
        return new Wallet(Json.TOLERANT.readTree(get(app, "/v1/account/" + id).body()).path("balance").asLong(-1));
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void soon(String what, Condition condition) {
        boolean held = Await.until(Duration.ofSeconds(40), () -> {
            try {
                return condition.holds();
            } catch (Exception e) {
                throw new AssertionError(what, e);
            }
        });
        assertThat(held).as(what).isTrue();
    }

    private void requests(BootApp app, long seed) throws InterruptedException {
        int port = URI.create(app.url()).getPort();
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            for (int client = 0; client < CLIENTS; client++) {
                int number = client;
                clients.execute(() -> {
                    for (int i = number; i < REQUESTS; i += CLIENTS) {
                        request(port, request(new Made(seed + 31L * i, SIZE)));
                    }
                });
            }
            clients.shutdown();
            assertThat(clients.awaitTermination(3, TimeUnit.MINUTES)).isTrue();
        }
    }

    private static byte[] request(Made made) {
        byte[] body = utf8(made.oneOf(BODIES));
        if (made.oneIn(2)) {
            body = made.changed(body);
        }
        String text = made.text().replaceAll("[\\s\\x00-\\x1f]", "_");
        String id = made.oneIn(2) ? "fuzz-" + made.below(5) : text;
        StringBuilder head = new StringBuilder(made.oneOf(METHODS)).append(' ')
                .append(made.oneOf(PATHS).replace("%%", "%").replace("%s", id)).append(" HTTP/1.1\r\nHost: x\r\n");
        if (!made.oneIn(3)) {
            head.append("Content-Type: application/json\r\n");
        }
        for (int i = made.below(4); i > 0; i--) {
            head.append(made.oneOf(HEADERS)).append(made.oneIn(3) ? text : "").append("\r\n");
        }
        int length = made.oneIn(8) ? body.length + made.below(5) - 2 : body.length;
        head.append("Content-Length: ").append(length).append("\r\nConnection: close\r\n\r\n");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(utf8(head.toString()));
        all.writeBytes(body);
        return made.oneIn(3) ? made.changed(all.toByteArray()) : all.toByteArray();
    }

    private void request(int port, byte[] request) {
        String answer;
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(ANSWER_MILLIS);
            socket.getOutputStream().write(request);
            socket.shutdownOutput();
            answer = new String(socket.getInputStream().readNBytes(2_000), StandardCharsets.ISO_8859_1);
        } catch (SocketTimeoutException e) {
            answer = "no answer within " + ANSWER_MILLIS + " ms";
        } catch (SocketException e) {
            // hung up in the middle of a request that goes on
            answer = "";
        } catch (IOException e) {
            answer = "failed: " + e;
        }
        answer = answer.replaceFirst("^HTTP/1\\.1 100 \r\n\r\n", "");
        // a request without a version is one of HTTP/0.9, whose answers are the body alone
        answer = answer.replaceFirst("(?s)^(\\{.*\"status\":(\\d{3}).*)", "HTTP/1.1 $2 of 0.9 $1");
        String status = answer.isEmpty() ? "hung up" : answer.substring(0, Math.min(12, answer.length()));
        answers.computeIfAbsent(status.replace("HTTP/1.1 ", ""), none -> new LongAdder()).increment();
        if (!answer.isEmpty() && !answer.matches("(?s)HTTP/1\\.1 ([234]\\d\\d|503|505|501).*")) {
            findings.add(printable(request) + " -> " + answer.lines().findFirst().orElse("") + " … "
                    + answer.substring(Math.max(0, answer.indexOf("\r\n\r\n"))));
        }
    }

    private void records(Fleet fleet, long seed) {
        Map<String, Object> settings = Map.of("bootstrap.servers", fleet.stack().broker().bootstrapServers(),
                "linger.ms", 5);
        List<String> topics = new ArrayList<>();
        AGGREGATES.forEach(name -> topics
                .addAll(List.of(name + ".commands", name + ".commands", name + ".results", name + ".events",
                        name + ".commands.dlq")));
        SAGAS.forEach(name -> topics.addAll(List.of(name + ".inbox", name + ".inbox", name + ".inbox.dlq")));
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < RECORDS; i++) {
                Made made = new Made(seed + 31L * i, SIZE);
                String topic = made.oneOf(topics);
                ProducerRecord<byte[], byte[]> record = record(made, topic);
                var _ = producer.send(record, (place, failure) -> {
                    if (failure != null) {
                        findings.add("not sent: " + failure);
                    }
                });
            }
        }
    }

    private static ProducerRecord<byte[], byte[]> record(Made made, String topic) {
        String id = "fuzz-" + made.below(200);
        byte[] key = made.oneIn(20) ? null : made.oneIn(4) ? made.changed(utf8(id)) : utf8(id);
        byte[] value = made.oneIn(20) ? null : utf8(made.oneOf(JSON));
        if (value != null && made.oneIn(3)) {
            value = made.changed(value);
        }
        Integer partition = key == null || made.oneIn(8)
                ? made.below(Fleet.PARTITIONS)
                : Integer.valueOf(Slot.partitionOf(key, Fleet.PARTITIONS));
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, partition, key, value);
        if (!made.oneIn(6)) {
            record.headers().add("ce_id", utf8("c" + made.below(500)));
        }
        if (!made.oneIn(6)) {
            record.headers().add("ce_type", utf8(made.oneOf(TYPES)));
        }
        if (topic.endsWith(".events") && !made.oneIn(4)) {
            record.headers().add("ce_sequence", utf8("" + made.below(3)));
        }
        for (int i = made.below(6); i > 0; i--) {
            byte[] content = made.oneIn(2) ? utf8(made.oneOf(VALUES)) : utf8(made.text());
            record.headers().add(made.oneOf(RECORD_HEADERS),
                    made.oneIn(10) ? null : made.oneIn(3) ? made.changed(content) : content);
        }
        return record;
    }

    /** Of another type, or nonsense. A snapshot never goes: a missing one is a new aggregate. */
    private void damage(Fleet fleet, BootApp app, long seed) throws Exception {
        List<String> ids = List.copyOf(good.values());
        try (RedisConnection redis = new RedisConnection(fleet.stack().redis().port())) {
            for (int i = 0; i < DAMAGES; i++) {
                Made made = new Made(seed + 31L * i, SIZE);
                List<String> keys = new ArrayList<>();
                ((List<?>) redis.call("KEYS", "hive:*")).forEach(key -> keys.add(key.toString()));
                keys.removeIf(key -> key.startsWith("hive:lock:"));
                keys.sort(null);
                String key = made.oneOf(keys);
                damage(redis, made, key);
                String id = made.oneOf(ids);
                List<HttpResponse<String>> heard = new ArrayList<>(List.of(get(app, "/v1/account/" + id),
                        post(app, "/v1/account/" + id + "/withdraw", "{\"amount\":0}")));
                if (made.oneIn(8)) {
                    heard.add(get(app, "/v1/results/c1?aggregate=account&id=" + id));
                }
                for (HttpResponse<String> answer : heard) {
                    answers.computeIfAbsent("damaged " + answer.statusCode(), none -> new LongAdder()).increment();
                    if (answer.statusCode() == 500 || answer.uri().getPath().equals("/v1/account/" + id)
                            && answer.statusCode() == 404) {
                        findings.add("after damage to " + key + ": " + answer.uri() + " " + answer.statusCode() + " "
                                + answer.body());
                    }
                }
            }
        }
    }

    private static void damage(RedisConnection redis, Made made, String key) throws IOException {
        switch (made.below(4)) {
            case 0 -> {
                redis.call("DEL", key);
                redis.call("RPUSH", key, "nonsense");
            }
            case 1 -> {
                redis.call("DEL", key);
                redis.call("HSET", key, "field", "nonsense");
            }
            case 2 -> redis.call("SET", key, "{\"version\":" + "[".repeat(made.below(2_000)));
            default -> redis.call("SET", key, "?" + made.text().replace("\0", ""));
        }
    }

    private void told(Path log, String line) throws IOException {
        try (var lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
            lines.filter(text -> text.contains(line)).limit(3).forEach(findings::add);
        }
    }

    private HttpResponse<String> get(BootApp app, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).timeout(Duration.ofSeconds(20)).build(),
                BodyHandlers.ofString());
    }

    private HttpResponse<String> post(BootApp app, String path, String json) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json)).build(),
                BodyHandlers.ofString());
    }

    private static String printable(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1).replace("\r\n", "⏎");
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
