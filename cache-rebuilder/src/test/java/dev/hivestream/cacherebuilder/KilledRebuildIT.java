package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Fleet;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

@Tag("faults")
class KilledRebuildIT {

    private static final int EVENTS = 60_000;
    private static final int KILLS = Integer.getInteger("kills", 2);
    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("outage.seconds", 4));

    @Test
    void a_rebuild_that_is_killed_goes_on_and_one_without_broker_or_redis_waits() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("KilledRebuildIT: -Dseed=" + seed);
        Random random = new Random(seed);
        try (Fleet fleet = new Fleet("killed-rebuild");
                AccountLog log = new AccountLog(fleet.stack(), Fleet.PARTITIONS, seed)) {
            log.append(EVENTS, 1_000);
            var rebuilder = new Rebuilder(fleet.stack(), Fleet.PARTITIONS);
            BootApp app = fleet.app("cache-rebuilder", "killed").property("hive.aggregates", "account")
                    .property("hive.partitions", "" + Fleet.PARTITIONS).property("hive.catch-up.step", "500")
                    .property("hive.catch-up.checkpoint", "100ms").property("hive.rebuild.report", "1s")
                    .property("hive.rebuild.rate", "" + EVENTS / Math.max(12, 3 * OUTAGE.toSeconds()));
            long reached = 0;
            for (int kill = 1; kill <= KILLS; kill++) {
                app.start();
                long before = reached;
                Awaitility.await().atMost(Fleet.PATIENCE).pollInterval(20, TimeUnit.MILLISECONDS)
                        .until(() -> reached(rebuilder) > before + EVENTS / 100);
                TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
                app.kill();
                reached = reached(rebuilder);
                assertThat(reached).isGreaterThan(before).isLessThan(EVENTS);
                System.out.println("  killed at " + reached + " of " + EVENTS);
            }
            assertThat(Files.readString(fleet.directory().resolve("killed.log")))
                    .contains("Going on with the generation g1-");

            // and now without Redis, and without a broker, for a while each
            app.start();
            long before = reached;
            Awaitility.await().atMost(Fleet.PATIENCE).until(() -> reached(rebuilder) > before + EVENTS / 100);
            fleet.stack().redis().stop();
            TimeUnit.MILLISECONDS.sleep(OUTAGE.toMillis());
            assertThat(app.process().isAlive()).isTrue();
            fleet.stack().redis().start();
            long afterRedis = reached(rebuilder);
            Awaitility.await().atMost(Fleet.PATIENCE).until(() -> reached(rebuilder) > afterRedis);
            fleet.stack().broker().kill();
            TimeUnit.MILLISECONDS.sleep(OUTAGE.toMillis());
            assertThat(app.process().isAlive()).isTrue();
            fleet.stack().broker().start();
            Awaitility.await().atMost(Fleet.PATIENCE).until(() -> !app.process().isAlive());
            String said = Files.readString(fleet.directory().resolve("killed.log"));
            assertThat(said).contains("Redis does not answer").contains("The broker does not answer")
                    .contains(EVENTS - afterRedis > 0 ? "rebuild: 100.0 %" : "");
            assertThat(reached(rebuilder)).isEqualTo(EVENTS);

            Ran ran = rebuilder.run("generations", "--json").andCode(0);
            assertThat(ran.json().path("generations")).hasSize(1);
            String generation = ran.json().path("generations").path(0).path("generation").asString();
            rebuilder.assertIs(generation, log.expected);
            rebuilder.run("verify", "--generation", generation).andCode(0);
        }
    }

    /** The sum of the checkpoints of the generation that is built first. */
    private static long reached(Rebuilder rebuilder) {
        return IntStream.range(0, Fleet.PARTITIONS).mapToLong(partition -> {
            String fingerprint = fingerprint(rebuilder);
            String stored = fingerprint.isEmpty()
                    ? "null"
                    : rebuilder.redis("GET", rebuilder.checkpointKey(partition, fingerprint));
            return stored.equals("null") ? 0 : JsonMapper.shared().readTree(stored).path("next").asLong();
        }).sum();
    }

    private static String fingerprint(Rebuilder rebuilder) {
        String keys = rebuilder.redis("KEYS", "hive:2:{account:*}:g1-*:checkpoint");
        int at = keys.indexOf(":g1-");
        return at < 0 ? "" : keys.substring(at + 1, keys.indexOf(":checkpoint", at));
    }
}
