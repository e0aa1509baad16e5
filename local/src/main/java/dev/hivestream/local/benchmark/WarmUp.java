package dev.hivestream.local.benchmark;

import dev.hivestream.local.Child;
import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;

/** How long a command-processor that finds a lot of commands needs from its start until it is nearly as fast as it gets. */
final class WarmUp implements AutoCloseable {

    private static final long SEED = 20_260_101;
    private static final int ACCOUNTS = 100_000;
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Bench bench;
    private final int commands;
    private final Admin admin;
    private final Clerk clerk;

    /**
     * Opens the accounts.
     *
     * @param stack with the topics
     * @param commands that each finds
     */
    WarmUp(Bench bench, LocalStack stack, int commands) throws Exception {
        String servers = stack.broker().bootstrapServers();
        this.bench = bench;
        this.commands = commands;
        this.admin = Admin.create(Map.of("bootstrap.servers", servers));
        this.clerk = new Clerk(servers, ACCOUNTS, SEED);
        clerk.openEmpty();
    }

    /**
     * What one start came to.
     *
     * @param round from 1
     * @param firstSeconds until the first commands were decided
     * @param warmSeconds until it was at four fifths of the steady rate
     * @param steady commands a second
     */
    record Run(int round, String contender, double firstSeconds, double warmSeconds, double steady) {}

    /** Starts one that finds commands, and ends it when it has decided them. */
    Run run(int round, String contender, Supplier<Child> starter) throws Exception {
        clerk.deposit(commands);
        long start = System.nanoTime();
        Child app = starter.get();
        var progress = watch(start);
        bench.end(app);
        return new Run(round, contender, progress.secondsUntilFirst(), progress.secondsUntilWarm(),
                progress.steady());
    }

    private Progress watch(long start) throws ExecutionException, InterruptedException {
        var progress = new Progress();
        var group = new Group(bench, admin, Group.APP, AccountLog.COMMANDS);
        long all = group.events();
        long decided = group.committed();
        progress.add(0, decided);
        for (long due = start + LOOK_NANOS; decided < all; due += LOOK_NANOS) {
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            bench.requireRunning();
            decided = group.committed();
            long now = System.nanoTime();
            progress.add((now - start) / 1e9, decided);
            if (now - start > PATIENCE.toNanos()) {
                throw new Failure("The result is wrong: " + (all - decided) + " of " + commands
                        + " commands were not decided in " + PATIENCE.toSeconds() + " s");
            }
        }
        return progress;
    }

    @Override
    public void close() {
        clerk.close();
        admin.close();
    }
}
