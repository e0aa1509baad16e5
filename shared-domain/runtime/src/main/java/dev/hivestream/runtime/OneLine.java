package dev.hivestream.runtime;

import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.NestedExceptionUtils;

/** A start that is refused ends with one line that says what to change. */
public final class OneLine implements SpringBootExceptionReporter {

    public OneLine(ConfigurableApplicationContext context) {
        // the constructor that Spring Boot calls
    }

    /** What an exception says and, where that is something else, what its root says. */
    static String roots(Throwable failure) {
        Throwable root = NestedExceptionUtils.getMostSpecificCause(failure);
        return root == failure || root.getMessage() == null
                ? String.valueOf(failure.getMessage())
                : failure.getMessage() + ": " + root.getMessage();
    }

    @Override
    public boolean reportException(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof StartRefused refused) {
                System.err.println("Start refused: " + refused.line());
                return true;
            }
        }
        return false;
    }
}
