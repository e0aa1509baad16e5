package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.RedisConnection;
import dev.hivestream.local.RedisServer;
import dev.hivestream.local.Ports;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.samples.SampleDomain;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class FollowIT {

    @Test
    void the_cache_of_another_region_is_filled_and_kept_in_step() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("FollowIT: -Dseed=" + seed);
        try (Fleet fleet = new Fleet("follow");
                AccountLog log = new AccountLog(fleet.stack(), Fleet.PARTITIONS, seed);
                RedisServer region = RedisServer.start(fleet.directory().resolve("region"), Ports.free())) {
            log.append(2_000, 100);
            region.call("ACL", "SETUSER", "filler", "on", ">secret", "~hive:*", "+@all");
            BootApp app = fleet.app("cache-rebuilder", "follower").property("hive.aggregates", "account")
                    .property("hive.partitions", "" + Fleet.PARTITIONS).property("hive.rebuild.follow", "true")
                    .property("hive.rebuild.replica", "true").property("hive.rebuild.report", "1s")
                    .property("spring.data.redis.url", "redis://filler:secret@127.0.0.1:" + region.port());
            app.start().awaitReady(Fleet.PATIENCE);
            var rebuilder = new Rebuilder(new dev.hivestream.local.LocalStack(fleet.stack().broker(), region),
                    Fleet.PARTITIONS);
            awaitInStep(rebuilder, log);
            for (int i = 0; i < 5; i++) {
                log.append(200, 150);
                awaitInStep(rebuilder, log);
            }
            JsonNode progress = get(app, "/actuator/rebuild");
            assertThat(progress.path("phase").asString()).isEqualTo("follow");
            assertThat(progress.path("events").asLong()).isEqualTo(1_000);
            assertThat(getText(app, "/actuator/prometheus")).as("2,000 folded, 2,000 compared, 1,000 followed")
                    .contains("hive_rebuild_lag 0.0")
                    .contains("hive_rebuild_events_total 5000.0");

            region.call("FLUSHALL");
            log.append(200, 150);
            awaitInStep(rebuilder, log);

            assertThat(app.stop(Duration.ofSeconds(20))).isEqualTo(143);
            log.append(200, 150);
            app.start().awaitReady(Fleet.PATIENCE);
            awaitInStep(rebuilder, log);
            assertThat(app.stop(Duration.ofSeconds(20))).isEqualTo(143);
            assertThat(rebuilder.run("generations", "--json").andCode(0).json().path("generations")).hasSize(1);
            rebuilder.run("verify").andCode(0);
            assertThat(Files.readString(fleet.directory().resolve("follower.log"))).contains("follow: 100.0 %")
                    .doesNotContain("Exception");
        }
    }

    @Test
    void the_instances_of_a_saga_are_kept_in_step_with_its_history() throws Exception {
        try (Fleet fleet = new Fleet("follow-saga");
                var log = new SagaLog<>(fleet.stack(), Fleet.PARTITIONS, SampleDomain.MONEY_TRANSFER);
                RedisServer region = RedisServer.start(fleet.directory().resolve("region"), Ports.free())) {
            request(log, "t", 100);
            log.mark("-");
            log.flush();
            BootApp app = fleet.app("cache-rebuilder", "follower").property("hive.sagas", "money-transfer")
                    .property("hive.partitions", "" + Fleet.PARTITIONS).property("hive.rebuild.follow", "true")
                    .property("hive.rebuild.replica", "true")
                    .property("spring.data.redis.url", "redis://127.0.0.1:" + region.port());
            app.start().awaitReady(Fleet.PATIENCE);
            awaitInStep(region, log);
            request(log, "u", 100);
            log.mark("t-1");
            log.flush();
            awaitInStep(region, log);

            region.call("FLUSHALL");
            request(log, "v", 10);
            log.flush();
            awaitInStep(region, log);

            assertThat(app.stop(Duration.ofSeconds(20))).isEqualTo(143);
            Rebuilder
                    .runPlain("verify", "--sagas", "money-transfer", "--partitions", "" + Fleet.PARTITIONS, "--brokers",
                            fleet.stack().broker().bootstrapServers(), "--redis", "redis://127.0.0.1:" + region.port())
                    .andCode(0);
            assertThat(Files.readString(fleet.directory().resolve("follower.log"))).doesNotContain("Exception");
        }
    }

    private static void request(SagaLog<?, ?, ?> log, String prefix, int transfers) {
        for (int i = 0; i < transfers; i++) {
            log.append(prefix + "-" + i, "transfer.requested", "{\"from\":\"ada\",\"to\":\"bob\",\"amount\":5}");
        }
    }

    private static void awaitInStep(RedisServer region, SagaLog<?, ?, ?> log) {
        Awaitility.await().atMost(Fleet.PATIENCE).untilAsserted(() -> {
            try (var redis = new RedisConnection(region.port())) {
                for (String id : log.expected.keySet()) {
                    int partition = log.partition(id);
                    String active = String.valueOf(
                            redis.call("HVALS", CacheKeys.active("money-transfer", partition)));
                    assertThat(active).startsWith("[g1-");
                    assertThat(String.valueOf(redis.call("GET", CacheKeys.snapshot("money-transfer", partition,
                            active.substring(1, active.length() - 1), id)))).as(id).isEqualTo(log.snapshot(id));
                }
            }
        });
    }

    private static void awaitInStep(Rebuilder rebuilder, AccountLog log) {
        String generation = "g1-*";
        Awaitility.await().atMost(Fleet.PATIENCE).ignoreExceptions()
                .until(() -> rebuilder.snapshots(generation).size() == log.expected.size());
        Awaitility.await().atMost(Fleet.PATIENCE).untilAsserted(() -> rebuilder.assertIs(generation, log.expected));
        // one that is stopped before begins another generation
        Awaitility.await().atMost(Fleet.PATIENCE).until(() -> IntStream.range(0, Fleet.PARTITIONS).allMatch(
                partition -> rebuilder.redis("HVALS", CacheKeys.active("account", partition)).startsWith("[g1-")));
    }

    private static JsonNode get(BootApp app, String path) throws IOException, InterruptedException {
        return JsonMapper.shared().readTree(getText(app, path));
    }

    private static String getText(BootApp app, String path) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).build(),
                    HttpResponse.BodyHandlers.ofString()).body();
        }
    }
}
