package dev.hivestream.runtime;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.NetworkClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Lets each warning of Kafka's clients about a connection through once a minute. Each client of a process reports each failed
 * attempt to reach a broker, so that an outage of a minute would be hundreds of lines; {@link Outages} reports its beginning and its
 * end. With level DEBUG of that logger all are written. Thread-safe.
 */
final class ConnectionLogFilter extends TurboFilter implements AutoCloseable {

    private static final String CLIENT = NetworkClient.class.getName();
    private static final long AGAIN_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int REMEMBERED = 1_000;
    /** Kafka's clients put their names before their messages. */
    private static final Pattern NAME = Pattern.compile("^\\[[^]]*] ");

    private final LongSupplier nanoTime;
    private final Map<String, Long> written = new HashMap<>();
    private @Nullable LoggerContext installed;

    private ConnectionLogFilter(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Installs one; without effect if the application does not log with Logback. */
    static ConnectionLogFilter install() {
        return install(System::nanoTime);
    }

    /** @param nanoTime of a clock, as {@link System#nanoTime()} */
    static ConnectionLogFilter install(LongSupplier nanoTime) {
        ConnectionLogFilter filter = new ConnectionLogFilter(nanoTime);
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            filter.setContext(context);
            filter.setName(ConnectionLogFilter.class.getSimpleName());
            filter.start();
            context.addTurboFilter(filter);
            filter.installed = context;
        }
        return filter;
    }

    @Override
    public FilterReply decide(@Nullable Marker marker, Logger logger, Level level, @Nullable String message,
            Object @Nullable [] arguments, @Nullable Throwable failure) {
        return level == Level.WARN && message != null && logger.getName().equals(CLIENT)
                && !Level.DEBUG.isGreaterOrEqual(logger.getEffectiveLevel())
                && isRepeated(NAME.matcher(message).replaceFirst(""))
                        ? FilterReply.DENY
                        : FilterReply.NEUTRAL;
    }

    private boolean isRepeated(String message) {
        long now = nanoTime.getAsLong();
        synchronized (written) {
            Long before = written.get(message);
            if (before != null && now - before < AGAIN_NANOS) {
                return true;
            }
            if (written.size() >= REMEMBERED) {
                written.clear();
            }
            written.put(message, now);
            return false;
        }
    }

    @Override
    public void close() {
        LoggerContext context = installed;
        if (context != null) {
            context.getTurboFilterList().remove(this);
        }
    }
}
