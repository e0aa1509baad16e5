package dev.hivestream.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import dev.hivestream.runtime.Stand;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

@Timeout(60)
class InstanceClaimTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    private final String name = "host-" + UUID.randomUUID();

    @Test
    void the_second_process_with_a_name_reports_both_and_what_to_do() {
        InstanceClaim first = claim("process 1 on a", LONG);
        InstanceClaim second = claim("process 2 on b", LONG);
        first.renew();
        second.renew();
        first.renew();
        assertThat(second.conflict()).isNull();
        second.renew();

        assertThat(first.conflict()).isNull();
        assertThat(second.conflict())
                .startsWith("hive.instance '" + name + "' is also used by process 1 on a since 20")
                .contains("; this is process 2 on b since 20")
                .endsWith("Stop one of them or set another hive.instance for it");

        first.stop();
        second.renew();
        second.renew();
        second.renew();
        assertThat(second.conflict()).as("the first has stopped").isNull();
        second.stop();
    }

    @Test
    void the_claim_of_a_process_that_was_killed_is_no_conflict_and_is_taken_over() {
        InstanceClaim killed = claim("killed", Duration.ofMillis(100));
        InstanceClaim restarted = claim("restarted", LONG);
        killed.renew();
        restarted.renew();
        restarted.renew();
        assertThat(restarted.conflict()).isNull();

        await().until(() -> {
            restarted.renew();
            return stored().contains(" restarted since ");
        });
        assertThat(restarted.conflict()).isNull();
        restarted.stop();
    }

    @Test
    void a_process_that_stops_in_good_order_leaves_no_claim() {
        InstanceClaim claim = claim("process", LONG);
        claim.renew();
        assertThat(stored()).contains(" process since ");
        claim.stop();
        assertThat(stored()).isEqualTo("null");
        claim.renew();
        assertThat(stored()).as("after the end").isEqualTo("null");
    }

    @Test
    void instances_of_two_apps_may_have_one_name_and_no_name_is_another_key() {
        InstanceClaim processor = new InstanceClaim(Stand.REDIS, "command-processor", name + ":a", "p", LONG);
        InstanceClaim sagas = new InstanceClaim(Stand.REDIS, "saga-manager", name + ":a", "s", LONG);
        for (int i = 0; i < 3; i++) {
            processor.renew();
            sagas.renew();
        }
        assertThat(sagas.conflict()).isNull();
        assertThat(Stand.STACK.redis().call("EXISTS", "hive:2:instance:saga-manager:" + name + "%3Aa")).isEqualTo(1L);
        processor.stop();
        sagas.stop();
    }

    @Test
    void a_redis_that_was_emptied_or_away_gets_the_holders_claim_again(@TempDir Path folder) {
        try (RedisServer redis = RedisServer.start(folder, Ports.free(), "--save", "")) {
            var connections = new LettuceConnectionFactory(new RedisStandaloneConfiguration("127.0.0.1", redis.port()));
            connections.afterPropertiesSet();
            connections.start();
            InstanceClaim first = new InstanceClaim(connections, "app", name, "first", LONG);
            InstanceClaim second = new InstanceClaim(connections, "app", name, "second", LONG);
            try {
                first.renew();
                second.renew();
                first.renew();
                second.renew();
                assertThat(second.conflict()).isNotNull();

                redis.call("FLUSHALL");
                // whoever comes first: the name stays with the holder
                second.renew();
                first.renew();
                second.renew();
                assertThat(first.conflict()).isNull();
                assertThat(second.conflict()).isNotNull();

                redis.kill();
                redis.start();
                await().ignoreExceptionsInstanceOf(DataAccessException.class).until(() -> {
                    first.renew();
                    return true;
                });
                second.renew();
                assertThat(first.conflict()).isNull();
                assertThat(second.conflict()).isNotNull();
            } finally {
                connections.destroy();
            }
        }
    }

    @Test
    void a_process_that_runs_detects_the_other_by_itself() {
        InstanceClaim first = claim("first", Duration.ofMillis(50));
        first.start();
        await().until(() -> stored().contains(" first since "));
        InstanceClaim second = claim("second", Duration.ofMillis(50));
        second.start();
        await().until(() -> second.conflict() != null);
        assertThat(first.conflict()).isNull();
        first.stop();
        await().until(() -> second.conflict() == null && stored().contains(" second since "));
        second.stop();
    }

    private InstanceClaim claim(String process, Duration every) {
        return new InstanceClaim(Stand.REDIS, "app", name, process, every);
    }

    private String stored() {
        return String.valueOf(Stand.STACK.redis().call("GET", "hive:2:instance:app:" + name));
    }
}
