package dev.hivestream.local.check;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** The command-processor as HTTP clients see it. */
public final class Gateway implements AutoCloseable {

    /** The source of commands that come without a token. */
    static final String SOURCE = "/hive/http";

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5)).build();
    private final String url;

    /** @param url without a slash at the end */
    public Gateway(String url) {
        this.url = url;
    }

    /**
     * An answer.
     *
     * @param etag without its quotes; empty if there is none
     * @param body missing if it is not JSON
     */
    public record Answer(int status, String etag, String contentType, JsonNode body) {

        /** The parts of it that callers are promised, in one line. */
        @Override
        public String toString() {
            return status + " ETag \"" + etag + "\" " + contentType + " " + body;
        }
    }

    /** A command under an id of the caller's choice; headers as names and values in turn. */
    public Answer post(String aggregate, String id, String command, String commandId, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest
                .newBuilder(URI.create(url + "/v1/" + aggregate + "/" + encoded(id) + "/" + command))
                .header("Content-Type", "application/json").header("Idempotency-Key", commandId)
                .POST(BodyPublishers.ofString(body));
        return send(headers.length == 0 ? request : request.headers(headers));
    }

    /** The state of an aggregate; asked again while its partition is being caught up. */
    public Answer get(String aggregate, String id) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Answer answer = send(HttpRequest.newBuilder(URI.create(url + "/v1/" + aggregate + "/" + encoded(id))));
            if (answer.status() != 503 || System.nanoTime() - end > 0) {
                return answer;
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private static String encoded(String id) {
        return URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        var response = client.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString());
        return new Answer(response.statusCode(), response.headers().firstValue("ETag").orElse("").replace("\"", ""),
                response.headers().firstValue("Content-Type").orElse(""), json(response.body()));
    }

    private static JsonNode json(String body) {
        try {
            return Json.read(body);
        } catch (JacksonException e) {
            return MissingNode.getInstance();
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
