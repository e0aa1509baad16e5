package dev.hivestream.local.benchmark;

import dev.hivestream.local.Child;

/** What processes take of the processors. */
final class Cpu {

    private Cpu() {}

    /** The time that a process has had so far; NaN where the system does not tell. */
    static double seconds(Child process) {
        return ProcessHandle.of(process.pid()).flatMap(handle -> handle.info().totalCpuDuration())
                .map(duration -> duration.toNanos() / 1e9).orElse(Double.NaN);
    }
}
