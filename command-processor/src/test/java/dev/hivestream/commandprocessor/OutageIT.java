package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Deposits;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Load;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("faults")
class OutageIT {

    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("outage.seconds", 6));
    private static final Duration NOTICED = Duration.ofSeconds(20);

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void an_outage_is_waited_for_and_nothing_is_lost_repeated_or_dead_lettered() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("OutageIT: -Dseed=" + seed);
        try (Fleet fleet = new Fleet("outage"); http) {
            fleet.stack().broker().kill();
            fleet.stack().redis().kill();
            BootApp app = fleet.app("patient").start();
            away(app);
            fleet.stack().redis().start();
            away(app);
            fleet.stack().broker().start();
            long since = System.nanoTime();
            app.awaitReady(Fleet.PATIENCE);
            System.out.println("  ready " + elapsed(since) + " after both were there");

            Deposits deposits = Deposits.endless("outage", 100, seed);
            try (Load opening = new Load(fleet.history(), fleet.urls(), 16, deposits.opening())) {
                assertThat(opening.awaitEnd(Fleet.PATIENCE)).isTrue();
            }
            try (Load load = fleet.load(16, deposits)) {
                Fleet.awaitAnswers(load, 100);
                outage("broker", app, load, fleet.stack().broker()::kill, fleet.stack().broker()::start);
                outage("Redis", app, load, fleet.stack().redis()::stop, fleet.stack().redis()::start);
                load.stop();
                assertThat(load.awaitEnd(Fleet.PATIENCE)).as("every client has a definite answer: " + load).isTrue();
                System.out.println("  " + load);
                assertThat(load.surprises()).isEmpty();
                assertThat(load.heard()).containsKey("503");
                assertThat(load.heard().keySet()).isSubsetOf("200", "202", "422", "503");
            }
            app.awaitReady(Fleet.PATIENCE);
            fleet.requireClean("account");
            assertThat(fleet.records("account.commands.dlq")).isZero();
        }
    }

    private void outage(String what, BootApp app, Load load, Runnable away, Runnable back) throws Exception {
        long begun = System.nanoTime();
        away.run();
        await().atMost(NOTICED).until(() -> !app.isReady());
        System.out.println("  " + what + " away: not ready after " + elapsed(begun));
        away(app);
        TimeUnit.NANOSECONDS.sleep(Math.max(0, OUTAGE.toNanos() - (System.nanoTime() - begun)));
        assertThat(status(app, "/actuator/health/liveness")).isEqualTo(200);
        back.run();
        long since = System.nanoTime();
        Fleet.awaitAnswers(load, 100);
        System.out.println("  " + what + " back: 100 more answers after " + elapsed(since));
    }

    /** Alive, not ready, and takes no command. */
    private void away(BootApp app) {
        await().atMost(Fleet.PATIENCE).ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> status(app, "/actuator/health/liveness") == 200);
        assertThat(app.isReady()).isFalse();
        await().atMost(NOTICED).untilAsserted(() -> {
            HttpResponse<String> refused = http.send(HttpRequest
                    .newBuilder(URI.create(app.url() + "/v1/account/nobody/close"))
                    .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString("{}")).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        });
    }

    private int status(BootApp app, String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).build(),
                HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    private static String elapsed(long since) {
        return "%.1f s".formatted((System.nanoTime() - since) / 1e9);
    }
}
