package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Fleet;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Many clients send large bodies and hold back the end, on a small heap: more than the heap could take. */
@Tag("faults")
class LargeBodiesIT {

    private static final int CLIENTS = Integer.getInteger("clients", 702);
    private static final int LARGE = 512 * 1024;
    private static final Duration HELD = Duration.ofSeconds(Integer.getInteger("held.seconds", 18));

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void clients_that_hold_back_large_bodies_do_not_exhaust_the_heap() throws Exception {
        try (Fleet fleet = new Fleet("bodies")) {
            BootApp app = fleet.app("filled").property("hive.aggregates", "content").jvmOptions("-Xmx400m");
            app.start().awaitReady(Fleet.PATIENCE);
            URI url = URI.create(app.url());
            List<Socket> clients = new ArrayList<>();
            Map<String, Integer> answers = new TreeMap<>();
            try {
                for (int i = 0; i < CLIENTS; i++) {
                    clients.add(allButTheEnd(url, i));
                }
                long since = System.nanoTime();
                int number = 0;
                while (System.nanoTime() - since < HELD.toNanos()) {
                    assertThat(create(app, "meanwhile-" + number++)).isEqualTo(200);
                }
                for (Socket client : clients) {
                    answers.merge(status(client), 1, Integer::sum);
                }
            } finally {
                for (Socket client : clients) {
                    client.close();
                }
            }
            System.out.println("  " + answers);
            assertThat(answers.keySet()).isSubsetOf("408", "429", "closed");
            assertThat(answers).containsKeys("408", "429");
            assertThat(create(app, "afterwards")).isEqualTo(200);
            assertThat(Files.readString(fleet.directory().resolve("filled.log"))).doesNotContain("OutOfMemory",
                    "A request failed");
        } finally {
            http.close();
        }
    }

    private static Socket allButTheEnd(URI url, int number) throws IOException {
        Socket client = new Socket(url.getHost(), url.getPort());
        client.setSoTimeout(30_000);
        byte[] head = ("POST /v1/content/large-" + number + "/create HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nContent-Length: " + LARGE + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        client.getOutputStream().write(head);
        Thread.ofVirtual().start(() -> {
            try {
                client.getOutputStream().write(new byte[LARGE - 1]);
            } catch (IOException e) {
                // refused, and closed, while it was sent
            }
        });
        return client;
    }

    private static String status(Socket client) {
        byte[] start = new byte["HTTP/1.1 200".length()];
        try {
            InputStream in = client.getInputStream();
            int read = in.readNBytes(start, 0, start.length);
            return read < start.length ? "closed" : new String(start, 9, 3, StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return "closed";
        }
    }

    private int create(BootApp app, String id) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + "/v1/content/" + id + "/create"))
                .timeout(Duration.ofSeconds(30)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"text\":\"hello\"}")).build(), BodyHandlers.ofString())
                .statusCode();
    }
}
