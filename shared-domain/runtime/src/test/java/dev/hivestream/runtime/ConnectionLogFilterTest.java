package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.hivestream.local.Ports;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.NetworkClient;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** What Kafka's clients log about a broker that does not run. */
@Timeout(60)
class ConnectionLogFilterTest {

    private static final int MESSAGES = 3;

    private final Logger logger = (Logger) LoggerFactory.getLogger(NetworkClient.class);
    private final Level before = logger.getLevel();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final AtomicLong nanos = new AtomicLong();

    @BeforeEach
    void capture() {
        log.start();
        logger.setAdditive(false);
        logger.addAppender(log);
        logger.setLevel(Level.WARN);
    }

    @AfterEach
    void release() {
        logger.detachAppender(log);
        logger.setLevel(before);
        logger.setAdditive(true);
    }

    @Test
    void each_message_about_a_node_is_logged_once_a_minute_whichever_client_reports_it() {
        Map<String, Object> away = Map.of("bootstrap.servers", "127.0.0.1:" + Ports.free(), "reconnect.backoff.max.ms",
                50);
        try (ConnectionLogFilter _ = ConnectionLogFilter.install(nanos::get);
                Admin one = Admin.create(away);
                Admin other = Admin.create(away)) {
            await().until(() -> !events().isEmpty());
            await().during(Duration.ofSeconds(2)).atMost(Stand.PATIENCE)
                    .until(() -> events().size() <= MESSAGES);
            int first = events().size();
            nanos.addAndGet(Duration.ofMinutes(1).toNanos());
            await().atMost(Stand.PATIENCE).until(() -> events().size() > first);
            assertThat(one).isNotSameAs(other);
        }
        int filtered = events().size();
        try (Admin _ = Admin.create(away)) {
            await().atMost(Stand.PATIENCE).until(() -> events().size() > filtered + 3 * MESSAGES);
        }
    }

    private List<ILoggingEvent> events() {
        return List.copyOf(log.list);
    }
}
