package dev.hivestream.local.benchmark;

import dev.hivestream.local.Child;
import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/** How long a command-processor that finds a lot of commands needs from its start until it is nearly as fast as it gets. */
final class WarmUp implements AutoCloseable {

    private static final String GROUP = "command-processor";
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
        long all = all();
        long decided = decided();
        progress.add(0, decided);
        for (long due = start + LOOK_NANOS; decided < all; due += LOOK_NANOS) {
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            bench.requireRunning();
            decided = decided();
            long now = System.nanoTime();
            progress.add((now - start) / 1e9, decided);
            if (now - start > PATIENCE.toNanos()) {
                throw new Failure("The result is wrong: " + (all - decided) + " of " + commands
                        + " commands were not decided in " + PATIENCE.toSeconds() + " s");
            }
        }
        return progress;
    }

    private long all() throws ExecutionException, InterruptedException {
        var topic = Objects.requireNonNull(admin.describeTopics(List.of(AccountLog.COMMANDS)).allTopicNames().get()
                .get(AccountLog.COMMANDS));
        var ends = new HashMap<TopicPartition, OffsetSpec>();
        topic.partitions().forEach(partition -> ends.put(new TopicPartition(AccountLog.COMMANDS, partition.partition()),
                OffsetSpec.latest()));
        return admin.listOffsets(ends).all().get().values().stream().mapToLong(end -> end.offset()).sum();
    }

    private long decided() throws ExecutionException, InterruptedException {
        return admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata().get().entrySet().stream()
                .filter(committed -> committed.getKey().topic().equals(AccountLog.COMMANDS))
                .mapToLong(committed -> committed.getValue().offset()).sum();
    }

    @Override
    public void close() {
        clerk.close();
        admin.close();
    }
}
