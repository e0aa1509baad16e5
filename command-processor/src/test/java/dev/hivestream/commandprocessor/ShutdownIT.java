package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Deposits;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.History.Answer;
import dev.hivestream.local.check.History.Outcome;
import dev.hivestream.local.check.Load;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ShutdownIT {

    private static final int CLIENTS = 32;
    private static final int STOPS = Integer.getInteger("stops", 1);
    private static final Duration EXIT = Duration.ofSeconds(10);

    /** One request: when it began, and the status; 0 if there was no answer. */
    private record Asked(Load.Command command, long begun, int status) {}

    @Test
    void every_request_in_flight_is_answered_and_nothing_acknowledged_is_lost() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("ShutdownIT: -Dseed=" + seed);
        try (Fleet fleet = new Fleet("shutdown")) {
            BootApp app = fleet.app("leaver");
            Deposits deposits = Deposits.endless("shutdown", 50, seed);
            for (int round = 0; round < STOPS; round++) {
                app.start().awaitReady(Fleet.PATIENCE);
                try (Load opening = new Load(fleet.history(), fleet.urls(), 16, deposits.opening())) {
                    assertThat(opening.awaitEnd(Fleet.PATIENCE)).isTrue();
                }
                stopUnderLoad(fleet, app, deposits);
            }
            app.start().awaitReady(Fleet.PATIENCE);
            fleet.requireClean("account");
        }
    }

    private static void stopUnderLoad(Fleet fleet, BootApp app, Deposits deposits) throws Exception {
        Queue<Asked> asked = new ConcurrentLinkedQueue<>();
        var stopped = new CountDownLatch(1);
        long told;
        try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.execute(() -> {
                    while (stopped.getCount() > 0) {
                        asked.add(ask(fleet, app, http, deposits.get()));
                    }
                });
            }
            Awaitility.await().atMost(Fleet.PATIENCE).until(() -> asked.size() > 500);
            told = System.nanoTime();
            int exit = app.stop(EXIT);
            double took = (System.nanoTime() - told) / 1e9;
            stopped.countDown();
            clients.shutdown();
            assertThat(clients.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            Map<Integer, Long> after = asked.stream().filter(one -> one.begun > told)
                    .collect(Collectors.groupingBy(Asked::status, TreeMap::new, Collectors.counting()));
            System.out.printf("  exit code %d after %.1f s; answers to requests after the signal: %s%n", exit, took,
                    after);
            assertThat(exit).as("not killed").isEqualTo(143);
        }
        List<Asked> before = asked.stream().filter(one -> one.begun < told).toList();
        System.out.println("  " + before.stream()
                .collect(Collectors.groupingBy(Asked::status, TreeMap::new, Collectors.counting())));
        assertThat(before).allMatch(one -> one.status != 0 && one.status != 500);
    }

    private static Asked ask(Fleet fleet, BootApp app, HttpClient http, Load.Command command) {
        long begun = System.nanoTime();
        fleet.history().sent(command.commandId());
        try {
            HttpResponse<String> answer = http.send(HttpRequest
                    .newBuilder(URI.create(app.url() + "/v1/account/" + command.id() + "/" + command.name()))
                    .header("Content-Type", "application/json").header("Idempotency-Key", command.commandId())
                    .POST(HttpRequest.BodyPublishers.ofString(command.body())).build(),
                    HttpResponse.BodyHandlers.ofString());
            boolean definite = answer.statusCode() == 200 || answer.statusCode() == 422;
            JsonNode body = JsonMapper.shared().readTree(definite ? answer.body() : "{}");
            if (answer.statusCode() == 200) {
                fleet.history().answered(new Answer(command.commandId(), "account", command.id(), Outcome.ACCEPTED,
                        body.path("firstVersion").asLong(), body.path("version").asLong()));
            } else if (answer.statusCode() == 422) {
                fleet.history()
                        .answered(new Answer(command.commandId(), "account", command.id(), Outcome.REJECTED, null,
                                body.path("version").asLong()));
            }
            return new Asked(command, begun, answer.statusCode());
        } catch (IOException e) {
            return new Asked(command, begun, 0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Asked(command, begun, 0);
        }
    }
}
