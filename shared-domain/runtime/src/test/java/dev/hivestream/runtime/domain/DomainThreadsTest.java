package dev.hivestream.runtime.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.DomainFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DomainThreadsTest {

    private static final Runnable NOTHING = () -> {};

    private final List<String> exits = new CopyOnWriteArrayList<>();
    private final DomainThreads threads = new DomainThreads(Duration.ofMillis(200), exits::add);
    private final CountDownLatch released = new CountDownLatch(1);
    private final List<String> touched = new CopyOnWriteArrayList<>();

    @AfterEach
    void release() {
        released.countDown();
        threads.close();
    }

    /** Decides on records, one call each; those that hang do so until the test is over, whatever interrupts them. */
    private List<String> decide(Set<String> hanging, String... records) {
        return threads.run(() -> {
            List<String> outcome = new ArrayList<>();
            for (String record : records) {
                DomainCode.about(record);
                String decided;
                try {
                    decided = DomainCode.call(() -> {
                        if (hanging.contains(record)) {
                            hang();
                        }
                        return "decided";
                    });
                } catch (Throwable e) {
                    decided = DomainFault.of(e).getMessage();
                }
                touched.add(record);
                outcome.add(record + " " + decided);
            }
            return outcome;
        }, NOTHING);
    }

    private void hang() {
        while (true) {
            try {
                released.await();
                return;
            } catch (InterruptedException e) {
                // goes on
            }
        }
    }

    @Test
    void a_call_that_takes_too_long_fails_alone() {
        assertThat(decide(Set.of("b"), "a", "b", "c")).containsExactly("a decided",
                "b The decision exceeded hive.decide.timeout=200ms", "c decided");
        assertThat(threads.abandoned()).isEqualTo(1);
    }

    @Test
    void a_thread_that_was_given_up_touches_nothing_afterwards() {
        decide(Set.of("b"), "a", "b", "c");
        assertThat(touched).containsExactly("a", "a", "b", "c");
        released.countDown();
        await().until(() -> threads.abandoned() == 0);
        assertThat(touched).containsExactly("a", "a", "b", "c");
    }

    @Test
    void a_call_that_timed_out_is_not_tried_again_when_its_batch_comes_again() {
        decide(Set.of("b"), "a", "b");
        assertThat(decide(Set.of("b"), "a", "b")).last().asString().contains("hive.decide.timeout");
        assertThat(threads.abandoned()).isEqualTo(1);
    }

    @Test
    void a_batch_in_which_more_than_one_call_timed_out_is_cut_short_and_each_of_them_is_known() {
        assertThatThrownBy(() -> decide(Set.of("a", "b"), "a", "b", "c")).isInstanceOf(BatchTooLarge.class);
        assertThat(decide(Set.of("a", "b"), "a", "b", "c")).satisfiesExactly(
                a -> assertThat(a).contains("hive.decide.timeout"), b -> assertThat(b).contains("hive.decide.timeout"),
                c -> assertThat(c).isEqualTo("c decided"));
    }

    @Test
    void the_interrupt_that_domain_code_leaves_behind_does_not_reach_the_next_call() {
        assertThat(threads.run(() -> {
            DomainCode.call(() -> {
                Thread.currentThread().interrupt();
                return "";
            });
            return DomainCode.call(() -> Thread.currentThread().isInterrupted());
        }, NOTHING)).isFalse();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void what_the_work_throws_is_thrown() {
        IllegalStateException bug = new IllegalStateException("bug");
        assertThatThrownBy(() -> threads.run(() -> {
            throw bug;
        }, NOTHING)).isSameAs(bug);
        OutOfMemoryError memory = new OutOfMemoryError("test");
        assertThatThrownBy(() -> threads.run(() -> {
            throw memory;
        }, NOTHING)).isSameAs(memory);
        assertThat(decide(Set.of(), "a")).containsExactly("a decided");
    }

    @Test
    void many_calls_in_time_take_together_as_long_as_they_like_until_the_caller_ends_them() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        IllegalStateException late = new IllegalStateException("too late for the lock");
        long until = System.nanoTime() + Duration.ofMillis(600).toNanos();
        assertThatThrownBy(() -> threads.run(() -> {
            while (true) {
                DomainCode.call(() -> seen.add(Thread.currentThread()));
            }
        }, () -> {
            if (System.nanoTime() > until) {
                throw late;
            }
        })).isSameAs(late);
        assertThat(seen).hasSize(1);
        assertThat(threads.abandoned()).isZero();
    }

    @Test
    void too_many_threads_that_never_end_end_the_process_between_two_batches() {
        for (int i = 0; i < DomainThreads.MOST_ABANDONED; i++) {
            decide(Set.of("r" + i), "r" + i);
            threads.endIfTooMany();
        }
        assertThat(exits).isEmpty();
        decide(Set.of("last"), "last");
        assertThat(exits).isEmpty();
        threads.endIfTooMany();
        threads.endIfTooMany();
        assertThat(exits).hasSize(1).first().asString().startsWith("5 threads are still running domain code")
                .contains("hive.decide.timeout=200ms");
    }

    @Test
    void elsewhere_it_is_a_plain_call() {
        DomainCode.about("a");
        assertThat(DomainCode.call(Thread::currentThread)).isSameAs(Thread.currentThread());
    }
}
