package dev.hivestream.local.check;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What was checked, printed line by line. */
public final class Findings {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final PrintStream out;
    private int passed;
    private int failed;

    /** Findings that are printed to {@code out}. */
    public Findings(PrintStream out) {
        this.out = out;
    }

    /** A value is the one expected. */
    public void equal(String what, @Nullable Object expected, @Nullable Object actual) {
        if (Objects.equals(expected, actual)) {
            passed++;
            out.println("  ✓ " + what);
        } else {
            failed++;
            out.println("  ✗ " + what);
            out.println("      expected: " + expected);
            out.println("      actual:   " + actual);
        }
    }

    /** A value becomes the one expected within ten seconds. */
    public void equalSoon(String what, @Nullable Object expected, Asked<?> asked) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        Object actual = asked.value();
        while (!Objects.equals(expected, actual) && System.nanoTime() - end < 0) {
            TimeUnit.MILLISECONDS.sleep(50);
            actual = asked.value();
        }
        equal(what, expected, actual);
    }

    /** Nothing was found that should not be there. */
    public void none(String what, List<String> faults) {
        if (faults.isEmpty()) {
            passed++;
            out.println("  ✓ " + what);
        } else {
            failed++;
            out.println("  ✗ " + what);
            faults.stream().limit(10).forEach(fault -> out.println("      " + fault));
            if (faults.size() > 10) {
                out.println("      and " + (faults.size() - 10) + " more");
            }
        }
    }

    /** Runs a check; what it throws is a failure of it. */
    public void of(Check check, Running running) {
        out.println(check.name());
        try {
            check.run(running, this);
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            failed++;
            out.println("  ✗ could not be checked to the end");
            out.println("      " + e);
            for (StackTraceElement element : e.getStackTrace()) {
                if (element.getClassName().startsWith("dev.hivestream.")) {
                    out.println("      at " + element);
                }
            }
        }
    }

    /** How many held. */
    public int passed() {
        return passed;
    }

    /** How many did not. */
    public int failed() {
        return failed;
    }

    /** A value that may change. */
    @FunctionalInterface
    public interface Asked<T> {

        /** The value at this moment. */
        @Nullable
        T value() throws Exception;
    }
}
