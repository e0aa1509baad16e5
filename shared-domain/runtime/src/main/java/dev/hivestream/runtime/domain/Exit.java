package dev.hivestream.runtime.domain;

import org.slf4j.LoggerFactory;

/** Ends a process that cannot continue. */
@FunctionalInterface
public interface Exit {

    /** Logs the reason in one line, waits for the batch in progress and exits with status 1. */
    Exit OF_THE_PROCESS = reason -> {
        LoggerFactory.getLogger(Exit.class).error("{}", reason);
        // not on a consumer's thread: the shutdown waits for those
        Thread.ofPlatform().name("exit").start(() -> System.exit(1));
    };

    /** Returns at once. */
    void end(String reason);
}
