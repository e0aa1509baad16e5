package dev.hivestream.cacherebuilder;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows progress: as a bar on a terminal, as a line of the log at intervals elsewhere. */
final class ProgressReport implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ProgressReport.class);
    private static final Duration DRAWN = Duration.ofMillis(250);
    private static final int WIDTH = 30;

    private final Progress progress;
    private final Console console;
    private final boolean terminal;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread reporter;

    ProgressReport(Progress progress, Console console, Duration every, boolean terminal) {
        this.progress = progress;
        this.console = console;
        this.terminal = terminal;
        this.reporter = Thread.ofVirtual().name("progress").start(() -> report(terminal ? DRAWN : every));
    }

    private void report(Duration every) {
        try {
            while (!closing.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
                Progress.Now now = progress.now();
                if (terminal) {
                    console.err().print("\r" + bar(now) + "\u001b[K");
                    console.err().flush();
                } else {
                    LOG.info("{}", line(now));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static String bar(Progress.Now now) {
        int filled = (int) Math.round(WIDTH * now.percent() / 100);
        return "[" + "#".repeat(filled) + ".".repeat(WIDTH - filled) + "] " + line(now);
    }

    static String line(Progress.Now now) {
        return "%s: %.1f %%, %,d events, %,d/s, %s".formatted(now.phase(), now.percent(), now.events(),
                now.eventsPerSecond(), now.waiting() != null
                        ? "waits: " + now.waiting()
                        : now.secondsLeft() == null ? "%,d behind".formatted(now.behind()) : left(now.secondsLeft()));
    }

    private static String left(long seconds) {
        return seconds < 60
                ? seconds + " s left"
                : "%d:%02d:%02d left".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            reporter.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (terminal) {
            console.err().print("\r\u001b[K");
            console.err().flush();
        } else if (progress.now().events() > 0) {
            LOG.info("{}", line(progress.now()));
        }
    }
}
