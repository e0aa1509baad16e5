package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import dev.hivestream.local.BootApp;
import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.Partitioner;
import dev.hivestream.local.check.Deposits;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Load;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

@Tag("faults")
class ActivationIT {

    private static final int TIMES = Integer.getInteger("activations", 3);
    private static final int ACCOUNTS = 100;

    @Test
    void generations_are_changed_under_load_and_nobody_notices() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("ActivationIT: -Dseed=" + seed);
        try (Fleet fleet = new Fleet("activation")) {
            List<BootApp> apps = List.of(fleet.app("first"), fleet.app("second"));
            apps.forEach(BootApp::start);
            apps.forEach(app -> app.awaitReady(Fleet.PATIENCE));
            var rebuilder = new Rebuilder(fleet.stack(), Fleet.PARTITIONS);
            Deposits deposits = Deposits.endless("moving", ACCOUNTS, seed);
            try (Load opening = new Load(fleet.history(), fleet.urls(), 16, deposits.opening())) {
                assertThat(opening.awaitEnd(Fleet.PATIENCE)).isTrue();
            }
            String first = null;
            try (Load load = fleet.load(16, deposits); var readers = new Readers(fleet, deposits, seed)) {
                for (int i = 0; i < TIMES; i++) {
                    Fleet.awaitAnswers(load, 100);
                    Ran ran = rebuilder.run("--activate", "--keep", "2", "--json").andCode(0);
                    JsonNode activated = ran.json().path("aggregates").path(0);
                    assertThat(activated.path("activePartitions").asInt()).isEqualTo(Fleet.PARTITIONS);
                    System.out.printf("  %s: %d events, used by all partitions after %.2f s%n", ran.generation(),
                            ran.json().path("events").asLong(), activated.path("switchSeconds").asDouble());
                    assertThat(rebuilder.run("verify").andCode(0).out()).contains("no difference");
                    first = first == null ? ran.generation() : first;
                }
                String older = ofThisCode(rebuilder).getFirst();
                assertThat(ofThisCode(rebuilder)).hasSize(2).doesNotContain(first);
                rebuilder.run("activate", older).andCode(0);
                System.out.println("  back to " + older);

                repairUnderLoad(fleet, rebuilder, older, deposits.account(7), load);
                load.stop();
                assertThat(load.awaitEnd(Fleet.PATIENCE)).isTrue();
                System.out.println("  " + load);
                assertThat(load.surprises()).isEmpty();
                assertThat(load.heard().keySet()).isSubsetOf("200", "422");
                readers.stop();
                assertThat(readers.wrong).isEmpty();
                assertThat(readers.read).isGreaterThan(TIMES * 10L);
            }
            apps.forEach(app -> app.awaitReady(Fleet.PATIENCE));
            fleet.requireClean("account");
            assertThat(fleet.records("account.commands.dlq")).isZero();
        }
    }

    /** Owners notice, since they find another checkpoint than they expect. */
    private static void repairUnderLoad(Fleet fleet, Rebuilder rebuilder, String generation, String id, Load load)
            throws Exception {
        int partition = Partitioner.partition(id, Fleet.PARTITIONS);
        String checkpoint = CacheKeys.checkpoint("account", partition, generation);
        String neverSeen = CacheKeys.snapshot("account", partition, generation, "never-seen");
        String before = rebuilder.redis("GET", checkpoint);
        rebuilder.redis("DEL", neverSeen);
        rebuilder.redis("SET", neverSeen,
                "{\"version\":3,\"state\":{\"status\":\"OPEN\",\"owner\":\"n\",\"balance\":1}}");
        Ran ran = rebuilder.run("verify", "--repair", "--json").andCode(0);
        assertThat(ran.json().path("repaired").asInt()).isEqualTo(1);
        assertThat(rebuilder.redis("EXISTS", neverSeen)).isEqualTo("0");
        assertThat(rebuilder.redis("GET", checkpoint)).isNotEqualTo(before);
        Fleet.awaitAnswers(load, 200);
        rebuilder.run("verify").andCode(0);
    }

    private static List<String> ofThisCode(Rebuilder rebuilder) {
        List<String> names = new ArrayList<>();
        rebuilder.run("generations", "--json").andCode(0).json().path("generations").forEach(one -> {
            if (one.path("ofThisCode").asBoolean()) {
                names.add(one.path("generation").asString());
            }
        });
        return names;
    }

    /** One that looks at accounts all the time: every answer is a 200, and no version is lower than one before. */
    private static final class Readers implements AutoCloseable {
        private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
        private final CountDownLatch stopped = new CountDownLatch(1);
        private final Thread reader;
        private volatile long read;

        private Readers(Fleet fleet, Deposits deposits, long seed) {
            Random random = new Random(seed);
            long[] versions = new long[ACCOUNTS];
            reader = Thread.ofPlatform().name("reader").start(() -> {
                try (HttpClient http = HttpClient.newHttpClient()) {
                    while (stopped.getCount() > 0) {
                        int i = random.nextInt(ACCOUNTS);
                        String url = fleet.urls().get(random.nextInt(fleet.urls().size())) + "/v1/account/"
                                + deposits.account(i);
                        HttpResponse<String> answer = http.send(HttpRequest.newBuilder(URI.create(url)).build(),
                                HttpResponse.BodyHandlers.ofString());
                        long version = answer.statusCode() != 200
                                ? -1
                                : Long.parseLong(answer.headers().firstValue("ETag").orElseThrow().replace("\"", ""));
                        if (version < versions[i]) {
                            wrong.add(url + ": " + answer.statusCode() + " " + answer.body() + ", version " + version
                                    + " after " + versions[i]);
                        }
                        versions[i] = Math.max(version, versions[i]);
                        read++;
                    }
                } catch (IOException | InterruptedException e) {
                    wrong.add(e.toString());
                }
            });
        }

        private void stop() throws InterruptedException {
            stopped.countDown();
            reader.join();
        }

        @Override
        public void close() throws InterruptedException {
            stop();
        }
    }
}
