package dev.hivestream.runtime.domain;

import org.slf4j.LoggerFactory;

/** Ends the process where it cannot go on. */
@FunctionalInterface
public interface Exit {

    /** Tells the reason in one line, lets the batch in hand end and exits with a status other than 0. */
    Exit OF_THE_PROCESS = reason -> {
        LoggerFactory.getLogger(Exit.class).error("{}", reason);
        // not on the thread of a consumer, which the stop waits for
        Thread.ofPlatform().name("exit").start(() -> System.exit(1));
    };

    /** Returns at once. */
    void end(String reason);
}
