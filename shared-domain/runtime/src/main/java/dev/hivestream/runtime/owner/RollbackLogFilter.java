package dev.hivestream.runtime.owner;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.core.spi.FilterReply;
import dev.hivestream.runtime.LogFilter;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Keeps the framework's entries about a batch that is rolled back, and about a consumer that is fenced, out of the log: they
 * are errors with a stack trace, while the batch comes again and the consumer is restarted. {@link Listener} reports each in
 * one line with its cause. Only these entries are concerned, so that whatever else the same loggers report stays; with
 * level DEBUG of a logger its entries are written all the same.
 */
public final class RollbackLogFilter extends LogFilter {

    private static final Map<String, Set<String>> REPORTED_BY_LISTENER = Map.of(
            "org.springframework.kafka.listener.KafkaMessageListenerContainer",
            Set.of("Transaction rolled back", "Stopping container due to fencing",
                    "Producer or 'group.instance.id' fenced during transaction"),
            "org.springframework.transaction.support.TransactionTemplate",
            Set.of("Application exception overridden by rollback exception"),
            "org.apache.kafka.clients.producer.internals.Sender",
            Set.of("Aborting producer batches due to fatal error"));

    /** Installs one, as {@link LogFilter#addToLogback} does. */
    public static RollbackLogFilter install() {
        return addToLogback(new RollbackLogFilter());
    }

    @Override
    public FilterReply decide(@Nullable Marker marker, Logger logger, Level level, @Nullable String message,
            Object @Nullable [] arguments, @Nullable Throwable failure) {
        if (level != Level.ERROR || message == null) {
            return FilterReply.NEUTRAL;
        }
        Set<String> reported = REPORTED_BY_LISTENER.get(logger.getName());
        // Kafka's clients put their names before their messages
        return reported == null || reported.stream().noneMatch(message::endsWith)
                || Level.DEBUG.isGreaterOrEqual(logger.getEffectiveLevel())
                        ? FilterReply.NEUTRAL
                        : FilterReply.DENY;
    }
}
