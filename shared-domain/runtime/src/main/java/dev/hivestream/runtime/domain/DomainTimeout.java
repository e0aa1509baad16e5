package dev.hivestream.runtime.domain;

import java.time.Duration;

/** The fault of domain code that did not return within {@code hive.decide.timeout}. */
public final class DomainTimeout extends RuntimeException {

    private static final long serialVersionUID = 1L;

    DomainTimeout(Duration timeout) {
        super("The decision exceeded hive.decide.timeout=" + timeout.toMillis() + "ms", null, false, true);
    }
}
