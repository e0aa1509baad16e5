package dev.hivestream.local.benchmark;

import dev.hivestream.local.Child;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/**
 * How a contender got through its topic: the committed offsets of its group from the assignment to the end, and the CPU
 * time of the processes.
 *
 * @param records that were read
 * @param whole seconds, from the assignment
 * @param steady records a second of the second half, when the machine code is there
 * @param cpu microseconds of CPU for a record in the second half, by the name of the process
 */
record Course(long records, double whole, double steady, Map<String, Double> cpu) {

    private static final int LOOK_MILLIS = 20;
    private static final Duration STANDSTILL = Duration.ofMinutes(1);

    /** At a moment: the records committed, and the CPU time of each process so far, in seconds. */
    private record Mark(long nanos, long records, List<Double> cpu) {}

    /**
     * Watches a group to the end of its topic.
     *
     * @param processes whose CPU time is told
     * @throws Failure if it comes to a standstill
     */
    static Course watch(Bench bench, Group group, List<Child> processes)
            throws ExecutionException, InterruptedException {
        group.awaitAssigned();
        long all = group.events();
        Mark first = mark(group.committed(), processes);
        Mark half = first;
        Mark last = first;
        while (last.records() < all) {
            Thread.sleep(LOOK_MILLIS);
            bench.requireRunning();
            long committed = group.committed();
            if (committed > last.records()) {
                last = mark(committed, processes);
                half = half == first && committed >= all / 2 ? last : half;
            } else if (System.nanoTime() - last.nanos() > STANDSTILL.toNanos()) {
                throw new Failure("The result is wrong: nothing was committed for " + STANDSTILL.toSeconds()
                        + " s after " + committed + " of " + all + " records");
            }
        }
        return between(first, half == last ? first : half, last, processes);
    }

    private static Course between(Mark first, Mark half, Mark last, List<Child> processes) {
        long records = last.records() - half.records();
        Map<String, Double> cpu = new LinkedHashMap<>();
        for (int i = 0; i < processes.size(); i++) {
            // several of one name are one contender
            cpu.merge(processes.get(i).name(), (last.cpu().get(i) - half.cpu().get(i)) * 1e6 / records, Double::sum);
        }
        return new Course(last.records(), (last.nanos() - first.nanos()) / 1e9,
                records * 1e9 / (last.nanos() - half.nanos()), cpu);
    }

    private static Mark mark(long records, List<Child> processes) {
        var cpu = new ArrayList<Double>();
        processes.forEach(process -> cpu.add(Cpu.seconds(process)));
        return new Mark(System.nanoTime(), records, cpu);
    }
}
