package dev.hivestream.commandprocessor.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PatienceTest {

    private static final Duration LONG = Duration.ofMinutes(10);

    private final Patience patience = new Patience();

    @AfterEach
    void close() {
        patience.close();
    }

    @Test
    void an_answer_is_given_as_soon_as_it_is_there() throws Exception {
        var answer = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> answer.complete("yes"));
        assertThat(patience.await(answer, LONG)).isEqualTo("yes");
    }

    @Test
    void who_waited_as_long_as_allowed_is_told_so_and_not_before() {
        long since = System.nanoTime();
        assertThatThrownBy(() -> patience.await(new CompletableFuture<>(), Duration.ofMillis(50)))
                .isInstanceOf(TimeoutException.class);
        assertThat(System.nanoTime() - since).isGreaterThanOrEqualTo(Duration.ofMillis(50).toNanos());
    }

    @Test
    void the_impatient_do_not_end_the_wait_of_others() throws Exception {
        var answer = new CompletableFuture<String>();
        var patient = CompletableFuture.supplyAsync(() -> awaited(answer));
        assertThatThrownBy(() -> patience.await(new CompletableFuture<>(), Duration.ZERO))
                .isInstanceOf(TimeoutException.class);
        assertThat(patient).isNotDone();
        answer.complete("late");
        assertThat(patient.get()).isEqualTo("late");
    }

    @Test
    void a_failure_is_told_as_it_is() {
        assertThatThrownBy(
                () -> patience.await(CompletableFuture.failedFuture(new IllegalStateException("no")), LONG))
                .isInstanceOf(ExecutionException.class).hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void nobody_waits_for_what_is_closed() {
        var patient = CompletableFuture.supplyAsync(() -> awaited(new CompletableFuture<>()));
        patience.close();
        assertThat(patient).failsWithin(Duration.ofSeconds(20)).withThrowableThat().withRootCauseInstanceOf(
                TimeoutException.class);
    }

    private String awaited(CompletableFuture<String> answer) {
        try {
            return patience.await(answer, LONG);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }
}
