package dev.hivestream.local.dataflow;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The REST API of a Data Flow server, as far as it is used here. An answer other than 2xx is an {@link IOException}. */
final class DataFlow {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5)).build();
    private final String url;

    DataFlow(String url) {
        this.url = url;
    }

    /** A running instance of an app: its id in Data Flow, its state, and where it listens. */
    record Instance(String id, String state, String url) {}

    /** Whether an address answers with 200 at this moment. */
    static boolean answers(String address) {
        try {
            var connection = (HttpURLConnection) URI.create(address).toURL().openConnection();
            connection.setConnectTimeout(2_000);
            connection.setReadTimeout(10_000);
            return connection.getResponseCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** Registers an app, in place of what has its type and name. */
    void register(String type, String name, Path jar) throws IOException, InterruptedException {
        form("/apps/" + type + "/" + name, Map.of("uri", jar.toUri().toString().replace("file:/", "file:///")
                .replace("file://////", "file:///"), "force", "true"));
    }

    /** Names of the properties that the server shows of an app. */
    List<String> properties(String type, String name) throws IOException, InterruptedException {
        return get("/apps/" + type + "/" + name).path("options").valueStream()
                .map(option -> option.path("id").asString()).toList();
    }

    /** Defines a stream. */
    void define(String stream, String definition) throws IOException, InterruptedException {
        form("/streams/definitions", Map.of("name", stream, "definition", definition));
    }

    /** Begins to deploy a stream. */
    void deploy(String stream, Map<String, String> properties) throws IOException, InterruptedException {
        send(request("/streams/deployments/" + stream).header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(JsonMapper.shared().writeValueAsString(properties))));
    }

    /** Begins to give an app of a stream another number of instances. */
    void scale(String stream, String app, int instances) throws IOException, InterruptedException {
        send(request("/streams/deployments/scale/" + stream + "/" + app + "/instances/" + instances)
                .header("Content-Type", "application/json").POST(BodyPublishers.ofString("{}")));
    }

    /** Begins to undeploy a stream. */
    void undeploy(String stream) throws IOException, InterruptedException {
        send(request("/streams/deployments/" + stream).DELETE());
    }

    /** What the server says of a stream: {@code deployed}, {@code deploying}, {@code undeployed}, {@code failed} … */
    String status(String stream) throws IOException, InterruptedException {
        return get("/streams/definitions/" + stream).path("status").asString();
    }

    /** The instances of one app of a stream. */
    List<Instance> instances(String stream, String app) throws IOException, InterruptedException {
        List<Instance> found = new ArrayList<>();
        for (JsonNode one : get("/runtime/apps?page=0&size=100").path("_embedded").path("appStatusResourceList")) {
            for (JsonNode instance : one.path("instances").path("_embedded").path("appInstanceStatusResourceList")) {
                if (one.path("deploymentId").asString().startsWith(stream + "." + app + "-v")) {
                    found.add(new Instance(instance.path("instanceId").asString(), instance.path("state").asString(),
                            instance.path("attributes").path("url").asString()));
                }
            }
        }
        return found;
    }

    /** Posts JSON to an app, or to anything else at an address; the answer's status and body in one line. */
    String post(String address, String id, String json) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(HttpRequest.newBuilder(URI.create(address)).timeout(PATIENCE)
                .header("Content-Type", "application/json").header("Idempotency-Key", id)
                .POST(BodyPublishers.ofString(json)).build(), BodyHandlers.ofString());
        return response.statusCode() == 200 ? "200" : response.statusCode() + " " + response.body();
    }

    /** JSON at an address; a missing node where there is no 200. */
    JsonNode read(String address) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(HttpRequest.newBuilder(URI.create(address)).timeout(PATIENCE).build(),
                BodyHandlers.ofString());
        return response.statusCode() == 200
                ? JsonMapper.shared().readTree(response.body())
                : JsonMapper.shared().missingNode();
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        return JsonMapper.shared().readTree(send(request(path).GET()));
    }

    private void form(String path, Map<String, String> fields) throws IOException, InterruptedException {
        String body = String.join("&", fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), UTF_8)).toList());
        send(request(path).header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString(body)));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(PATIENCE).header("Accept", "application/json");
    }

    private String send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpRequest asked = request.build();
        HttpResponse<String> response = http.send(asked, BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(asked.method() + " " + asked.uri() + ": " + response.statusCode() + " "
                    + response.body());
        }
        return response.body();
    }
}
