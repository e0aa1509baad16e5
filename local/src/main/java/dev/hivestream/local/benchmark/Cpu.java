package dev.hivestream.local.benchmark;

import dev.hivestream.local.Child;
import java.time.Duration;

/** What processes take of the processors. */
final class Cpu {

    private Cpu() {}

    /** The time that a process has had so far, in nanoseconds; 0 where the system does not tell. */
    static long nanos(Child process) {
        return ProcessHandle.of(process.pid()).flatMap(handle -> handle.info().totalCpuDuration())
                .map(Duration::toNanos).orElse(0L);
    }
}
