package dev.hivestream.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.cache.Guard.Held;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.integration.redis.util.RedisLockRegistry;

@Timeout(60)
class GuardTest {

    private static final Duration LONG = Duration.ofSeconds(30);

    private final String key = "key-" + UUID.randomUUID();
    private final List<RedisLockRegistry> registries = new ArrayList<>();
    // locks belong to threads: another owner is another thread with another registry
    private final ExecutorService other = Executors.newSingleThreadExecutor();

    @AfterEach
    void close() {
        other.shutdownNow();
        registries.forEach(RedisLockRegistry::destroy);
    }

    @Test
    void one_owner_waits_until_the_other_releases() {
        Held held = lock(guard(LONG), List.of(key));
        Guard second = guard(LONG);
        CompletableFuture<Held> waiting = CompletableFuture.supplyAsync(() -> lock(second, List.of(key)), other);
        await().during(Duration.ofMillis(300)).until(() -> !waiting.isDone());
        held.requireValid(LONG);

        held.release();

        assertThat(waiting).succeedsWithin(Duration.ofSeconds(10));
        CompletableFuture.runAsync(() -> waiting.join().release(), other).join();
        assertThat(redis("EXISTS", lock(key))).isEqualTo(0L);
    }

    @Test
    void who_asks_and_awaits_is_told_whether_another_owner_was_before() {
        Guard first = guard(LONG);
        Held held = ask(first, List.of(key));
        assertThat(held.await()).isTrue();
        Guard second = guard(LONG);
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(() -> {
            Held theirs = ask(second, List.of(key));
            asked.countDown();
            boolean atOnce = theirs.await();
            theirs.release();
            return atOnce;
        }, other);
        await().atMost(Duration.ofSeconds(10)).until(() -> asked.getCount() == 0);

        held.askToRelease();
        held.release();

        assertThat(waiting.join()).isFalse();
        assertThat(redis("EXISTS", lock(key))).isEqualTo(0L);
    }

    @Test
    void other_keys_do_not_wait() {
        Held held = lock(guard(LONG), List.of(key));
        Guard second = guard(LONG);
        assertThat(CompletableFuture.runAsync(() -> lock(second, List.of(key + "-2")).release(), other))
                .succeedsWithin(Duration.ofSeconds(10));
        held.release();
    }

    @Test
    void an_owner_that_waited_longer_than_a_ttl_is_told_that_it_is_busy_and_holds_nothing() {
        Guard first = guard(LONG);
        Held held = lock(first, List.of(key));
        Guard second = guard(Duration.ofMillis(300));
        String before = "a-" + key;

        assertThat(CompletableFuture.runAsync(() -> lock(second, List.of(key, before)), other)).failsWithin(
                Duration.ofSeconds(10)).withThrowableThat().havingCause().isInstanceOf(Guard.Busy.class)
                .withMessage("The lock '" + key + "' is held by another owner");

        assertThat(redis("EXISTS", lock(before))).as("what it had got is free again").isEqualTo(0L);
        held.release();
    }

    @Test
    void the_locks_of_an_owner_that_vanished_are_free_after_the_ttl() {
        lock(guard(Duration.ofMillis(500)), List.of(key));
        Guard second = guard(Duration.ofSeconds(2));
        assertThat(CompletableFuture.runAsync(() -> lock(second, List.of(key)).release(), other))
                .succeedsWithin(Duration.ofSeconds(10));
    }

    @Test
    void locks_that_were_held_too_long_are_no_longer_valid() {
        Held held = lock(guard(Duration.ofMillis(200)), List.of(key));
        held.requireValid(LONG);
        await().atMost(Duration.ofSeconds(5)).pollInterval(Duration.ofMillis(10)).untilAsserted(
                () -> assertThatThrownBy(() -> held.requireValid(LONG)).isInstanceOf(Guard.Expired.class).hasMessage(
                        "The guard's locks were held for longer than PT0.2S without being renewed (a pause of the process, "
                                + "or a slow Redis)"));
        held.release();
    }

    @Test
    void validity_ends_before_the_ttl_by_the_drift() {
        RedisLockRegistry registry = registry(Duration.ofSeconds(2));
        Held held = lock(guard(registry, Duration.ofSeconds(2), 0.49), List.of(key));
        await().atMost(Duration.ofSeconds(10)).pollInterval(Duration.ofMillis(10)).untilAsserted(
                () -> assertThatThrownBy(() -> held.requireValid(LONG)).isInstanceOf(Guard.Expired.class));
        assertThat((Long) redis("PTTL", lock(key))).isBetween(1L, 1_000L);
        held.release();
    }

    @Test
    void a_batch_that_renews_keeps_its_locks() {
        Held held = lock(guard(Duration.ofMillis(450)), List.of(key, key + "-2"));
        long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        await().pollInterval(Duration.ofMillis(20)).atMost(Duration.ofSeconds(10)).until(() -> {
            held.renewIfDue();
            held.requireValid(LONG);
            return System.nanoTime() > end;
        });
        assertThat(redis("EXISTS", lock(key), lock(key + "-2"))).isEqualTo(2L);
        held.release();
        assertThat(redis("EXISTS", lock(key), lock(key + "-2"))).isEqualTo(0L);
    }

    @Test
    void a_lock_that_was_lost_cannot_be_renewed() {
        Held held = lock(guard(Duration.ofMillis(600)), List.of(key));
        redis("DEL", lock(key));
        await().pollInterval(Duration.ofMillis(20)).atMost(Duration.ofSeconds(5)).untilAsserted(
                () -> assertThatThrownBy(held::renewIfDue).isInstanceOf(Guard.Expired.class)
                        .hasMessage("A lock of the guard was lost before it could be renewed"));
        held.release();
    }

    @Test
    void release_never_throws_when_redis_lost_the_locks_and_this_owner_can_lock_again() {
        Guard guard = guard(LONG);
        Held held = lock(guard, List.of(key, key + "-2"));
        redis("FLUSHALL");
        assertThatCode(held::release).doesNotThrowAnyException();
        assertThatCode(held::release).as("once more").doesNotThrowAnyException();

        assertThat(CompletableFuture.runAsync(() -> lock(guard, List.of(key, key + "-2")).release(), other))
                .as("on another thread of the same process").succeedsWithin(Duration.ofSeconds(10));
    }

    @Test
    void release_leaves_a_lock_alone_that_another_owner_has_got_since() {
        Held held = lock(guard(LONG), List.of(key));
        redis("DEL", lock(key));
        Guard second = guard(LONG);
        Held theirs = CompletableFuture.supplyAsync(() -> lock(second, List.of(key)), other).join();

        held.release();

        assertThat(redis("EXISTS", lock(key))).isEqualTo(1L);
        CompletableFuture.runAsync(theirs::release, other).join();
    }

    @Test
    void two_owners_that_lock_many_keys_in_any_order_do_not_deadlock() throws InterruptedException {
        List<String> keys = IntStream.range(0, 20).mapToObj(i -> key + "-" + i).toList();
        Guard first = guard(LONG);
        Guard second = guard(LONG);
        CountDownLatch done = new CountDownLatch(20);
        for (Guard guard : List.of(first, second)) {
            List<String> order = guard == first ? keys : keys.reversed();
            Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 10; i++) {
                    lock(guard, order).release();
                    done.countDown();
                }
            });
        }
        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_key_that_is_named_twice_is_locked_once() {
        Held held = lock(guard(LONG), List.of(key, key));
        held.release();
        assertThat(redis("EXISTS", lock(key))).isEqualTo(0L);
    }

    @Test
    void five_thousand_aggregates_are_locked_and_released_together() {
        Guard guard = guard(LONG);
        List<String> keys = IntStream.range(0, 5_000).mapToObj(i -> key + ":" + i).toList();
        Held held = lock(guard, keys);
        held.requireValid(LONG);
        assertThat(redis("EXISTS", lock(keys.getFirst()), lock(keys.getLast()))).isEqualTo(2L);
        held.release();
        assertThat(redis("EXISTS", lock(keys.getFirst()), lock(keys.getLast()))).isEqualTo(0L);
    }

    @Test
    void a_program_with_a_registry_can_keep_one_key_to_itself() {
        Lock theirs = registry(LONG).obtain(key);
        CompletableFuture.runAsync(theirs::lock, other).join();
        Guard guard = guard(Duration.ofMillis(300));
        List<String> keys = List.of(key + "-1", key);
        assertThatThrownBy(() -> lock(guard, keys)).isInstanceOf(Guard.Busy.class);
        assertThat(redis("EXISTS", lock(key + "-1"))).isEqualTo(0L);

        CompletableFuture.runAsync(theirs::unlock, other).join();
        Held held = lock(guard(LONG), keys);
        assertThat(CompletableFuture.supplyAsync(theirs::tryLock, other).join()).isFalse();
        held.release();
        assertThat(CompletableFuture.supplyAsync(theirs::tryLock, other).join()).isTrue();
        CompletableFuture.runAsync(theirs::unlock, other).join();
    }

    private Held lock(Guard guard, List<String> keys) {
        return guard.lock(all(keys));
    }

    private Held ask(Guard guard, List<String> keys) {
        return guard.ask(all(keys));
    }

    /** As many as one of the two ways is for. */
    List<String> all(List<String> keys) {
        return keys;
    }

    private Guard guard(Duration ttl) {
        return guard(registry(ttl), ttl, 0.01);
    }

    private static Guard guard(RedisLockRegistry registry, Duration ttl, double drift) {
        return new Guard(registry, new LocksTogether(Stand.REDIS, Keys.LOCKS, ttl, Duration.ofMillis(20)), ttl, drift);
    }

    /** As the auto-configuration makes it. */
    private RedisLockRegistry registry(Duration ttl) {
        RedisLockRegistry registry = new RedisLockRegistry(Stand.REDIS, Keys.LOCKS, ttl);
        registry.setRedisLockType(RedisLockRegistry.RedisLockType.PUB_SUB_LOCK);
        registry.setExecutor(Runnable::run);
        registries.add(registry);
        return registry;
    }

    private static String lock(String key) {
        return Keys.LOCKS + ":" + key;
    }

    private static Object redis(String... words) {
        return Stand.STACK.redis().call(words);
    }

    @Test
    void a_batch_that_takes_longer_than_its_transaction_may_is_given_up_before_the_commit() {
        Held held = lock(guard(LONG), List.of(key));
        try {
            assertThatThrownBy(() -> held.requireValid(Duration.ZERO)).isInstanceOf(Guard.Expired.class)
                    .hasMessageContaining("transaction");
        } finally {
            held.release();
        }
    }
}
