package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.log.VersionViolations;
import dev.hivestream.runtime.owner.Ownership;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** A broker or a Redis that does not run yet when the process starts. The other one of the two is available. */
@Timeout(180)
class OutagesTest {

    /** The broker is checked at least once more in this time, and Redis several times. */
    private static final Duration FURTHER_CHECKS = Duration.ofSeconds(4);

    private final Logger logger = (Logger) LoggerFactory.getLogger(Outages.class);
    private final Level before = logger.getLevel();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Ownership ownership = Stand.unmade().ownership();
    private final int port = Ports.free();

    @BeforeEach
    void capture() {
        log.start();
        logger.setAdditive(false);
        logger.addAppender(log);
        logger.setLevel(Level.INFO);
    }

    @AfterEach
    void release() {
        ownership.close();
        logger.detachAppender(log);
        logger.setLevel(before);
        logger.setAdditive(true);
    }

    @Test
    void a_broker_that_is_away_from_the_start_is_one_warning_and_its_return_is_one_line(@TempDir Path directory) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + port));
                Outages outages = new Outages(admin, Stand.CACHE)) {
            awaitOutage(outages, "broker", "redis", "The broker does not answer: ");

            try (KafkaBroker _ = KafkaBroker.start(directory, port)) {
                awaitReturn(outages, "broker", "The broker is available again");
            }
        }
    }

    @Test
    void a_redis_that_is_away_from_the_start_is_one_warning_and_its_return_is_one_line(@TempDir Path directory) {
        LettuceConnectionFactory connections = new LettuceConnectionFactory("127.0.0.1", port);
        connections.start();
        Cache cache = new Cache(connections, new HiveProperties.Results(Duration.ofDays(1), 10_000));
        try (Outages outages = new Outages(Stand.ADMIN, cache)) {
            awaitOutage(outages, "redis", "broker", "Redis does not answer: ");

            try (RedisServer _ = RedisServer.start(directory, port)) {
                awaitReturn(outages, "redis", "Redis is available again");
            }
        } finally {
            connections.destroy();
        }
    }

    private void awaitOutage(Outages outages, String away, String available, String reason) {
        assertThat(health(outages, away)).as("before the first check too").isNotEqualTo("up");
        await().atMost(Stand.PATIENCE).untilAsserted(() -> {
            assertThat(health(outages, away)).startsWith(reason);
            assertThat(health(outages, available)).isEqualTo("up");
        });
        await().during(FURTHER_CHECKS).atMost(Stand.PATIENCE).untilAsserted(() -> {
            assertThat(health(outages, away)).startsWith(reason);
            assertThat(events()).singleElement().satisfies(event -> {
                assertThat(event.getLevel()).isEqualTo(Level.WARN);
                assertThat(event.getFormattedMessage()).startsWith(reason).hasLineCount(1);
                assertThat(event.getThrowableProxy()).isNull();
            });
        });
    }

    private void awaitReturn(Outages outages, String returned, String message) {
        await().atMost(Stand.PATIENCE).until(() -> health(outages, returned).equals("up"));
        await().during(FURTHER_CHECKS).atMost(Stand.PATIENCE).untilAsserted(() -> {
            assertThat(health(outages, returned)).isEqualTo("up");
            assertThat(events()).hasSize(2).last().satisfies(event -> {
                assertThat(event.getLevel()).isEqualTo(Level.INFO);
                assertThat(event.getFormattedMessage()).isEqualTo(message);
            });
        });
    }

    private List<ILoggingEvent> events() {
        return List.copyOf(log.list);
    }

    /** A detail of the health component. */
    private String health(Outages outages, String detail) {
        return String.valueOf(
                new HiveHealth(ownership, outages, new VersionViolations(1)).health().getDetails().get(detail));
    }
}
