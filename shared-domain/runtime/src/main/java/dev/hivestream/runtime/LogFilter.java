package dev.hivestream.runtime;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** A filter of log entries that applies to all loggers from {@link #addToLogback} until it is closed. */
public abstract class LogFilter extends TurboFilter implements AutoCloseable {

    private @Nullable LoggerContext installed;

    /** Installs a filter; without effect if the application does not log with Logback. */
    protected static <T extends LogFilter> T addToLogback(T filter) {
        LogFilter added = filter;
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            filter.setContext(context);
            filter.setName(filter.getClass().getSimpleName());
            filter.start();
            context.addTurboFilter(filter);
            added.installed = context;
        }
        return filter;
    }

    @Override
    public void close() {
        LoggerContext context = installed;
        if (context != null) {
            context.getTurboFilterList().remove(this);
        }
    }
}
