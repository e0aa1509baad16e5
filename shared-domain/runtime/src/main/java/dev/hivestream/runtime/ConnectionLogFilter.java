package dev.hivestream.runtime;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.core.spi.FilterReply;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.NetworkClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Lets each warning of Kafka's clients about a connection through once a minute. Each client of a process reports each failed
 * attempt to reach a broker, so that an outage of a minute would be hundreds of lines; {@link Outages} reports its beginning and its
 * end. With level DEBUG of that logger all are written. Thread-safe.
 */
final class ConnectionLogFilter extends LogFilter {

    private static final String CLIENT = NetworkClient.class.getName();
    private static final long AGAIN_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int REMEMBERED = 1_000;
    /** Kafka's clients put their names before their messages. */
    private static final Pattern NAME = Pattern.compile("^\\[[^]]*] ");

    private final LongSupplier nanoTime;
    private final Map<String, Long> written = new HashMap<>();

    private ConnectionLogFilter(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Installs one, as {@link LogFilter#addToLogback} does. */
    static ConnectionLogFilter install() {
        return install(System::nanoTime);
    }

    /** @param nanoTime of a clock, as {@link System#nanoTime()} */
    static ConnectionLogFilter install(LongSupplier nanoTime) {
        return addToLogback(new ConnectionLogFilter(nanoTime));
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
}
