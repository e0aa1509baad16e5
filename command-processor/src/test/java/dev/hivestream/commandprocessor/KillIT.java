package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Deposits;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Load;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KillIT {

    private static final int KILLS = Integer.getInteger("kills", 3);
    private static final int PAUSES = Integer.getInteger("pauses", 1);
    /** Longer than the lock's ttl, the transaction's time-out and the session. */
    private static final Duration PAUSE = Duration.ofSeconds(8);

    @Test
    void nothing_is_lost_repeated_or_wrongly_answered_while_instances_are_killed_and_paused() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("KillIT: -Dseed=" + seed);
        Random random = new Random(seed);
        try (Fleet fleet = new Fleet("kill")) {
            List<BootApp> apps = List.of(fleet.app("first"), fleet.app("second"));
            apps.forEach(BootApp::start);
            apps.forEach(app -> app.awaitReady(Fleet.PATIENCE));
            Deposits deposits = Deposits.endless("kill", 100, seed);
            try (Load opening = new Load(fleet.history(), fleet.urls(), 16, deposits.opening())) {
                assertThat(opening.awaitEnd(Fleet.PATIENCE)).isTrue();
            }
            try (Load load = fleet.load(16, deposits)) {
                int pauses = 0;
                for (int kill = 1; kill <= KILLS; kill++) {
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(1_500));
                    BootApp victim = apps.get(random.nextInt(apps.size()));
                    victim.kill();
                    victim.start();
                    Fleet.awaitAnswers(load, 50);
                    if (kill * PAUSES / KILLS > pauses) {
                        pauses++;
                        pause(apps.get(random.nextInt(apps.size())), load);
                    }
                }
                load.stop();
                assertThat(load.awaitEnd(Fleet.PATIENCE)).as("every client has a definite answer: " + load).isTrue();
                System.out.println("  " + KILLS + " kills, " + pauses + " pauses: " + load);
                assertThat(load.surprises()).isEmpty();
            }
            apps.forEach(app -> app.awaitReady(Fleet.PATIENCE));
            fleet.requireClean("account");
            assertThat(fleet.records("account.commands.dlq")).isZero();
        }
    }

    private static void pause(BootApp app, Load load) throws InterruptedException {
        app.awaitReady(Fleet.PATIENCE);
        Fleet.awaitAnswers(load, 50);
        app.process().pause();
        TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
        app.process().resume();
        Fleet.awaitAnswers(load, 50);
    }
}
