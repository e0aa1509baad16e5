package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.commandprocessor.Wired.In;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.OwnedPartition;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A reader reports damage between the decision and the commit of a batch. A restore that began then would read the log up
 * to where it ended before the commit, and what comes next would be decided without the events of the batch.
 */
@Timeout(60)
class DamageWhileDecidingTest {

    private final Wired app = Wired.start("--hive.instance=damaged");
    private final String ask = app.names.getFirst();

    @AfterEach
    void stop() {
        Probes.onDecide = () -> {};
        Probes.onEvolve = () -> {};
        app.close();
    }

    @Test
    void no_version_is_repeated_when_damage_is_reported_while_a_batch_is_decided() {
        app.own(ask);
        In first = app.put(ask, "a", 1);
        Slot slot = new Slot(ask, first.partition());
        app.decide(first);
        String generation = Objects.requireNonNull(app.ownership().open().get(slot)).generation();

        AtomicReference<Thread> decider = new AtomicReference<>();
        CountDownLatch restoring = new CountDownLatch(1);
        CountDownLatch committed = new CountDownLatch(1);
        // a restore folds after it has seen where the log ends
        Probes.onEvolve = () -> {
            if (Thread.currentThread() != decider.get()) {
                restoring.countDown();
                await(committed);
            }
        };
        Probes.onDecide = () -> {
            Probes.onDecide = () -> {};
            decider.set(Thread.currentThread());
            app.ownership().damaged(slot, generation, new SnapshotCodec.Unreadable("the test says so", null));
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> isClosing(slot) || restoring.getCount() == 0);
        };

        assertThat(app.decide(app.put(ask, "a", 1)).getFirst().header("ce_sequence")).isEqualTo("2");
        committed.countDown();
        app.awaitOpen();

        assertThat(app.decide(app.put(ask, "a", 1)).getFirst().header("ce_sequence")).isEqualTo("3");
        assertThat(Objects.requireNonNull(app.ownership().open().get(slot)).generation()).as("the damage was mended")
                .isNotEqualTo(generation);
    }

    private boolean isClosing(Slot slot) {
        OwnedPartition.Status status = app.ownership().closed().get(slot.toString());
        return status != null && status.state() == OwnedPartition.State.CLOSING;
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("Nothing was committed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
