package dev.hivestream.local.benchmark;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** How fast transfers are, of which each is a saga, compared with plain commands in the same command-processor. */
final class TransferRate {

    static final String COMMANDS = "commands";
    static final String TRANSFERS = "transfers";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final SagaOptions options;
    private final long seed;

    TransferRate(SagaOptions options, long seed) {
        this.options = options;
        this.seed = seed;
    }

    /** Something that takes time. */
    private interface Work {

        void run() throws Exception;
    }

    /**
     * Measures.
     *
     * @throws Failure if a transfer is not completed, or money was made or lost
     */
    Rounds measure(Bench bench) throws Exception {
        bench.out().printf("%,d deposits and %,d transfers a round, between %,d accounts in %d partitions, seed %d%n",
                options.transfers(), options.transfers(), options.accounts(), options.partitions(), seed);
        var redis = bench.redis();
        var stack = new LocalStack(bench.broker(), redis);
        var partitions = "" + options.partitions();
        var apps = List.of(
                bench.app("command-processor", stack, options.heap(),
                        Map.of("hive.aggregates", "account,transfer", "hive.partitions", partitions)),
                bench.app("saga-manager", stack, options.heap(),
                        Map.of("hive.sagas", "money-transfer", "hive.partitions", partitions)));
        for (BootApp app : apps) {
            app.awaitReady(PATIENCE);
        }
        String servers = stack.broker().bootstrapServers();
        try (var clerk = new Clerk(servers, options.accounts(), seed); var ledger = new Ledger(bench, servers)) {
            clerk.open();
            ledger.awaitDeposits(clerk.deposits());
            bench.out().println("A first round, to warm up, is not shown");
            deposit(clerk, ledger);
            transfer(clerk, ledger);
            var rounds = new Rounds(bench.out(), "items");
            for (int round = 1; round <= options.rounds(); round++) {
                add(rounds, round, COMMANDS, () -> deposit(clerk, ledger));
                add(rounds, round, TRANSFERS, () -> transfer(clerk, ledger));
            }
            ledger.requireMoney(clerk.money());
            rounds.conclude();
            return rounds;
        }
    }

    private void deposit(Clerk clerk, Ledger ledger) throws Exception {
        clerk.deposit(options.transfers());
        // a completed transfer has made a deposit, too
        ledger.awaitDeposits(clerk.deposits() + clerk.transfers());
    }

    private void transfer(Clerk clerk, Ledger ledger) throws Exception {
        clerk.transfer(options.transfers());
        ledger.awaitCompleted(clerk.transfers());
    }

    private void add(Rounds rounds, int round, String contender, Work work) throws Exception {
        long start = System.nanoTime();
        work.run();
        double seconds = (System.nanoTime() - start) / 1e9;
        rounds.add(new Round(round, contender, options.transfers(), seconds, seconds));
    }
}
