package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.access.RequestBodies;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that send large bodies, slowly, or without an end take a fixed part of the memory, for a bounded time. */
class SlowBodiesTest {

    private static final int LARGE = 512 * 1024;
    private static final int MEMORY = 4 * LARGE;
    private static final int CLIENTS = 60;
    private static final String CREATE = "{\"text\":\"hello\"}";

    private static Processor processor;

    @BeforeAll
    static void start() {
        processor = Processor.start(LocalStack.shared(), "--hive.http.body.memory=" + MEMORY + "B",
                "--hive.http.body.timeout=2s", "--server.tomcat.connection-timeout=2s");
    }

    @AfterAll
    static void stop() {
        processor.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void clients_that_hold_back_their_bodies_take_no_more_than_the_memory_for_them(boolean isLengthTold)
            throws Exception {
        List<Socket> clients = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(half(isLengthTold));
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> bodies().taken() > LARGE);
            assertThat(bodies().taken()).isLessThanOrEqualTo(MEMORY);
            // others go on meanwhile
            assertThat(processor.post("/v1/content/" + Wire.id() + "/create", CREATE).statusCode()).isEqualTo(200);
            List<String> answers = new ArrayList<>();
            for (Socket client : clients) {
                answers.add(answer(client));
            }
            assertThat(answers).allSatisfy(answer -> assertThat(answer).startsWith("HTTP/1.1 4"));
            assertThat(answers).filteredOn(answer -> answer.startsWith("HTTP/1.1 429"))
                    .hasSizeGreaterThan(CLIENTS / 2)
                    .allSatisfy(answer -> assertThat(answer).contains("Retry-After: 1").contains("\"overload\""));
            assertThat(answers).anySatisfy(
                    answer -> assertThat(answer).startsWith("HTTP/1.1 408").contains("\"request-timeout\""));
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> bodies().taken() == 0);
        String large = "{\"text\":\"" + "x".repeat(LARGE - 100) + "\"}";
        Answers.problem(processor.post("/v1/content/" + Wire.id() + "/create", large), 422, "text-length");
    }

    @Test
    void a_body_that_drips_is_given_up_though_each_byte_comes_in_time() throws Exception {
        try (Socket client = connect()) {
            OutputStream out = client.getOutputStream();
            out.write(head("Content-Length: 1000"));
            out.flush();
            Thread drip = Thread.ofVirtual().start(() -> {
                try {
                    while (!Thread.interrupted()) {
                        out.write('x');
                        out.flush();
                        Thread.sleep(Duration.ofMillis(200));
                    }
                } catch (IOException | InterruptedException e) {
                    // the server has given up
                }
            });
            assertThat(firstLine(client)).contains(" 408");
            drip.interrupt();
            drip.join();
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> bodies().taken() == 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST /v1/content/x/create", "POST /actuator/deadletters/content/discard"})
    void a_body_that_is_too_long_is_refused_before_it_is_sent(String request) throws Exception {
        try (Socket client = connect()) {
            client.getOutputStream().write((request + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 2000000000\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            client.getOutputStream().flush();
            assertThat(firstLine(client)).contains(" 413");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT", "PATCH", "DELETE", "POST"})
    void a_form_is_not_read(String method) throws Exception {
        try (Socket client = connect()) {
            client.getOutputStream()
                    .write((method + " /v1/content/x/create HTTP/1.1\r\nHost: x\r\n"
                            + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 2000000000\r\n\r\na=b")
                            .getBytes(StandardCharsets.US_ASCII));
            client.getOutputStream().flush();
            assertThat(firstLine(client)).contains(method.equals("POST") ? " 415" : " 405");
        }
    }

    private static RequestBodies bodies() {
        return processor.context.getBean(RequestBodies.class);
    }

    private static Socket connect() throws IOException {
        Socket client = new Socket("127.0.0.1", processor.port);
        client.setSoTimeout(30_000);
        return client;
    }

    private static byte[] head(String length) {
        return ("POST /v1/content/" + Wire.id() + "/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\n" + length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** The client sends half of a large body, and no more. */
    private static Socket half(boolean isLengthTold) throws IOException {
        Socket client = connect();
        byte[] body = new byte[LARGE / 2];
        Arrays.fill(body, (byte) ' ');
        client.getOutputStream()
                .write(head(isLengthTold ? "Content-Length: " + LARGE : "Transfer-Encoding: chunked"));
        if (!isLengthTold) {
            client.getOutputStream().write((Integer.toHexString(LARGE) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        }
        Thread.ofVirtual().start(() -> {
            try {
                client.getOutputStream().write(body);
                client.getOutputStream().flush();
            } catch (IOException e) {
                // refused, and closed, while it was sent
            }
        });
        return client;
    }

    private static String answer(Socket client) throws IOException {
        StringBuilder answer = new StringBuilder();
        InputStream in = client.getInputStream();
        byte[] some = new byte[4096];
        for (int read = in.read(some); read > 0 && answer.indexOf("\"code\"") < 0; read = in.read(some)) {
            answer.append(new String(some, 0, read, StandardCharsets.UTF_8));
        }
        return answer.toString();
    }

    private static String firstLine(Socket client) throws IOException {
        StringBuilder line = new StringBuilder();
        InputStream in = client.getInputStream();
        for (int one = in.read(); one >= 0 && one != '\r'; one = in.read()) {
            line.append((char) one);
        }
        return line.toString();
    }
}
