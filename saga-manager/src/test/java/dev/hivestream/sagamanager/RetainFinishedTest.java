package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** Finished instances are listed for a time, and whatever happens to the thread that ends it, deadlines fire. */
@Timeout(300)
class RetainFinishedTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Clocks clocks;

    @BeforeEach
    void start() {
        clocks = new Clocks(LocalStack.shared());
    }

    @AfterEach
    void stop() {
        clocks.close();
    }

    @Test
    void a_finished_instance_is_listed_for_that_long_and_never_starts_again() throws Exception {
        String id = Clocks.id();
        try (Manager manager = Manager.start(LocalStack.shared(), "--hive.saga.retain-finished=3s")) {
            Clocks.await(List.of(clocks.happen(id, "wound", "{\"millis\":3600000}"),
                    clocks.happen(id, "finished", "{}")));
            await().atMost(PATIENCE).until(() -> status(manager, id).equals("completed"));
            assertThat(listed(manager)).contains(id);
            await().atMost(PATIENCE).until(() -> !listed(manager).contains(id));
            assertThat(status(manager, id)).as("the history has it").isEqualTo("completed");
            clocks.happen(id, "wound", "{\"millis\":1}").get();
            String other = Clocks.id();
            clocks.happen(other, "wound", "{\"millis\":1}").get();
            await().atMost(PATIENCE).until(() -> !clocks.sent(other).isEmpty());
            assertThat(status(manager, id)).isEqualTo("completed");
            assertThat(clocks.sent(id)).hasSize(1);
        }
    }

    @Test
    void deadlines_fire_however_long_finished_instances_are_retained() throws Exception {
        try (Manager manager = Manager.start(LocalStack.shared(), "--hive.saga.retain-finished=PT2562047788015215H")) {
            String id = Clocks.id();
            clocks.happen(id, "wound", "{\"millis\":1}").get();
            clocks.happen(id, "finished", "{}").get();
            assertThatDeadlinesFireForLongerThanFinishedInstancesAreLookedAt();
            assertThat(listed(manager)).contains(id);
        }
    }

    @Test
    void deadlines_fire_again_after_redis_connections_could_not_be_made_for_a_while() throws Exception {
        try (Manager manager = Manager.start(LocalStack.shared())) {
            LettuceConnectionFactory redis = manager.context.getBean(LettuceConnectionFactory.class);
            redis.stop();
            // the thread looks at finished instances every ten seconds
            await().atMost(PATIENCE).pollDelay(Duration.ofSeconds(12)).until(() -> true);
            redis.start();
            manager.awaitReady();
            String id = Clocks.id();
            clocks.happen(id, "wound", "{\"millis\":1}").get();
            await().atMost(PATIENCE).until(() -> !clocks.sent(id).isEmpty());
        }
    }

    private void assertThatDeadlinesFireForLongerThanFinishedInstancesAreLookedAt() throws Exception {
        long until = System.nanoTime() + Duration.ofSeconds(12).toNanos();
        while (System.nanoTime() - until < 0) {
            String id = Clocks.id();
            clocks.happen(id, "wound", "{\"millis\":1}").get();
            await().atMost(PATIENCE).until(() -> !clocks.sent(id).isEmpty());
        }
    }

    private static List<String> listed(Manager manager) throws Exception {
        return StreamSupport
                .stream(manager.json("/actuator/sagas/alarm?limit=1000&status=completed").spliterator(), false)
                .map(one -> one.path("id").asString()).toList();
    }

    private static String status(Manager manager, String id) throws Exception {
        return manager.json("/actuator/sagas/alarm/" + id).path("status").asString();
    }
}
