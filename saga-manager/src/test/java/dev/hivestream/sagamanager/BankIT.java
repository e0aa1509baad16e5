package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.RedisConnection;
import dev.hivestream.local.check.Bank;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("faults")
class BankIT {

    private static final int TRANSFERS = Integer.getInteger("transfers", 1_000);
    private static final int KILLS = Integer.getInteger("saga.kills", 3);
    private static final Duration SETTLED = Duration.ofMinutes(Integer.getInteger("settled.minutes", 3));

    @Test
    void no_money_is_made_or_lost_whatever_is_killed_emptied_or_restarted() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("BankIT: -Dseed=" + seed);
        Random random = new Random(seed);
        try (Fleet fleet = new Fleet("bank"); Bank bank = new Bank(fleet.stack(), "bank", 100, 5, seed)) {
            List<BootApp> apps = new ArrayList<>();
            for (String name : List.of("first", "second")) {
                apps.add(fleet.app(name).property("hive.aggregates", "account,transfer"));
                apps.add(fleet.sagaManager("sagas-" + name).property("hive.sagas", "money-transfer"));
            }
            apps.forEach(BootApp::start);
            apps.forEach(app -> app.awaitReady(Fleet.PATIENCE));
            bank.open();
            bank.transfer(40);
            assertThat(bank.awaitSettled(SETTLED)).isTrue();
            // each has partitions and does its part
            for (int i = 0; i < apps.size(); i++) {
                String meter = i % 2 == 0 ? "hive.commands" : "hive.saga.messages";
                assertThat(get(apps.get(i), "/actuator/metrics/" + meter)).as(meter).contains("COUNT");
            }
            long begun = System.nanoTime();
            for (int kill = 1; kill <= KILLS; kill++) {
                bank.transfer(TRANSFERS / (KILLS + 1));
                TimeUnit.MILLISECONDS.sleep(random.nextInt(2_000));
                BootApp victim = apps.get(random.nextInt(apps.size()));
                victim.kill();
                if (kill % 3 == 2) {
                    flushAll(fleet);
                }
                if (kill % 3 == 0) {
                    fleet.stack().broker().kill();
                    fleet.stack().broker().start();
                }
                victim.start();
            }
            bank.transfer(TRANSFERS - bank.transfers());
            assertThat(bank.awaitSettled(SETTLED)).as("settled: %d of %d", bank.settled(bank.log()), bank.transfers())
                    .isTrue();
            EventLog log = bank.log();
            System.out.printf("  %d transfers in %.0f s, %d kills: %s%n", bank.transfers(),
                    (System.nanoTime() - begun) / 1e9, KILLS, bank.ends(log));
            assertThat(bank.faults(log)).isEmpty();
            assertThat(bank.ends(log)).containsKeys("transfer.completed", "transfer.refunded", "transfer.refused");

            // what lived through all that is what its inbox says, and so is what is built from it
            apps.forEach(app -> app.awaitReady(Fleet.PATIENCE));
            assertThat(fleet.job("cache-rebuilder", "verify", "--sagas", "money-transfer").code()).isZero();
            assertThat(fleet.job("cache-rebuilder", "rebuild", "--sagas", "money-transfer", "--activate").code())
                    .isZero();
            bank.transfer(20);
            assertThat(bank.awaitSettled(SETTLED)).isTrue();
            assertThat(fleet.job("cache-rebuilder", "verify", "--sagas", "money-transfer").code()).isZero();
            assertThat(bank.sendDeadLettersAgain()).isGreaterThanOrEqualTo(10);
            assertThat(bank.awaitDeadLettersAnswered(SETTLED)).isTrue();
            assertThat(bank.faults(bank.log())).isEmpty();
        }
    }

    private static String get(BootApp app, String path) throws Exception {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).build(), BodyHandlers.ofString())
                    .body();
        }
    }

    private static void flushAll(Fleet fleet) throws IOException {
        try (var redis = new RedisConnection(fleet.stack().redis().port())) {
            redis.call("FLUSHALL");
        }
    }
}
