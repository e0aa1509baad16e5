package dev.hivestream.commandprocessor.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ReflectionsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Slot SLOT = new Slot("content", 3);
    private static final String TOPIC = "A".repeat(22);

    private final AtomicInteger polls = new AtomicInteger();
    private volatile Checkpoint stored;
    private final Reflections reflections = new Reflections(slot -> {
        polls.incrementAndGet();
        return stored;
    });

    @AfterEach
    void close() {
        reflections.close();
    }

    @Test
    void a_wait_ends_when_another_instance_has_written_the_cache() {
        CompletableFuture<Void> shown = reflections.shows(SLOT, new Position(TOPIC, 7));
        await().atMost(PATIENCE).until(() -> polls.get() > 2);
        assertThat(shown).isNotDone();

        stored = Checkpoint.at(1, new Position(TOPIC, 7));

        await().atMost(PATIENCE).until(shown::isDone);
        assertThat(reflections.waiting()).isZero();
        awaitParked();
    }

    @Test
    void a_wait_ends_when_the_owner_in_this_process_reports_that_it_has_written_the_cache() {
        CompletableFuture<Void> shown = reflections.shows(SLOT, new Position(TOPIC, 7));

        reflections.advanced(SLOT, Checkpoint.at(1, new Position(TOPIC, 6)));
        assertThat(shown).isNotDone();
        reflections.advanced(SLOT, Checkpoint.at(1, new Position(TOPIC, 7)));

        assertThat(shown).isCompleted();
        assertThat(reflections.waiting()).isZero();
    }

    @Test
    void a_wait_in_vain_leaves_nothing_behind_and_nothing_is_polled_any_more() {
        CompletableFuture<Void> one = reflections.shows(SLOT, new Position(TOPIC, 7));
        CompletableFuture<Void> other = reflections.shows(SLOT, new Position(TOPIC, 7));
        assertThat(reflections.waiting()).isEqualTo(2);

        one.cancel(false);
        assertThat(reflections.waiting()).isEqualTo(1);
        other.cancel(false);

        assertThat(reflections.waiting()).isZero();
        awaitParked();
    }

    /** Without a time-out: it uses no processor until somebody waits. */
    private static void awaitParked() {
        await().atMost(PATIENCE).until(() -> Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("reflections") && thread.isAlive())
                .allMatch(thread -> thread.getState() == Thread.State.WAITING));
    }
}
