package dev.hivestream.local.benchmark;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;

/** How long it takes until the next one decides, when one of two command-processors is stopped or killed under load. */
final class TakeOverTime {

    static final String STOP = "stop";
    static final String KILL = "kill";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final RecoverOptions options;
    private final long seed;
    private final Map<String, BootApp> apps = new HashMap<>();
    private int started;

    TakeOverTime(RecoverOptions options, long seed) {
        this.options = options;
        this.seed = seed;
    }

    /** Measures. */
    List<TakeOver> measure(Bench bench) throws Exception {
        bench.out().printf("%,d deposits/s to %,d accounts in %d partitions of two command-processors, seed %d%n",
                options.rate(), options.accounts(), options.partitions(), seed);
        var redis = bench.redis();
        var stack = new LocalStack(bench.broker(), redis);
        start(bench, stack).awaitReady(PATIENCE);
        String servers = stack.broker().bootstrapServers();
        try (var admin = Admin.create(Map.of("bootstrap.servers", servers));
                var clerk = new Clerk(servers, options.accounts(), seed);
                var receipts = new Receipts(bench, servers)) {
            clerk.openEmpty();
            receipts.awaitOpened(options.accounts());
            var owners = new Owners(admin);
            try (var load = new SteadyLoad(servers, options.accounts(), options.rate(), seed)) {
                bench.out().printf("%-8s %-8s %12s %18s %18s%n", "round", "end", "partitions", "first, seconds",
                        "all, seconds");
                List<TakeOver> all = new ArrayList<>();
                for (int round = 1; round <= options.rounds(); round++) {
                    for (String end : List.of(STOP, KILL)) {
                        start(bench, stack);
                        awaitShared(receipts, owners);
                        all.add(end(bench, receipts, owners, round, end));
                    }
                }
                receipts.awaitDeposits(load.stop());
                receipts.requireDeposits(load.stop());
                return all;
            }
        }
    }

    private BootApp start(Bench bench, LocalStack stack) {
        // only so that it is seen which of them has a partition
        String name = "owner-%04d".formatted(++started);
        var app = bench.app("command-processor", stack, options.heap(), Map.of("hive.aggregates", "account",
                "hive.partitions", "" + options.partitions(),
                "spring.cloud.stream.kafka.bindings.input.consumer.configuration.client.id", name));
        apps.put(name, app);
        return app;
    }

    /** Until each of them decides on partitions of its own. */
    private void awaitShared(Receipts receipts, Owners owners) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!isShared(owners.byClient()) || !apps.values().stream().allMatch(BootApp::isReady)) {
            receipts.read();
            if (System.nanoTime() > deadline) {
                throw new Failure("The partitions were not shared within " + PATIENCE.toSeconds() + " s: "
                        + owners.byClient());
            }
        }
    }

    private boolean isShared(Map<String, Set<Integer>> owners) {
        var all = owners.values().stream().flatMap(Set::stream).collect(Collectors.toSet());
        return owners.size() == 2 && all.equals(
                IntStream.range(0, options.partitions()).boxed().collect(Collectors.toSet()));
    }

    private TakeOver end(Bench bench, Receipts receipts, Owners owners, int round, String end) throws Exception {
        var byClient = owners.byClient();
        // the one that has been there longer: both ends are those of one that is warm
        String client = byClient.keySet().stream().min(String::compareTo).orElseThrow();
        String name = apps.keySet().stream().filter(client::startsWith).findAny()
                .orElseThrow(() -> new Failure("It is not known whose partitions are those of " + client));
        var process = Objects.requireNonNull(apps.remove(name)).process();
        var partitions = Objects.requireNonNull(byClient.get(client));
        var gaps = new Gaps(partitions, System.nanoTime());
        var ended = CompletableFuture.supplyAsync(() -> {
            if (end.equals(KILL)) {
                bench.kill(process);
            } else {
                bench.end(process);
            }
            return System.currentTimeMillis();
        });
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!ended.isDone() || !gaps.areOver(ended.join())) {
            receipts.read(gaps);
            if (System.nanoTime() > deadline) {
                throw new Failure("The result is wrong: nobody has decided on " + partitions + " for "
                        + PATIENCE.toSeconds() + " s after the end (" + end + ") of their owner");
            }
        }
        var takeOver = new TakeOver(round, end, partitions.size(), gaps.seconds().min().orElseThrow(),
                gaps.seconds().max().orElseThrow());
        bench.out().printf("%-8d %-8s %12d %18.2f %18.2f%n", round, end, takeOver.partitions(), takeOver.first(),
                takeOver.last());
        return takeOver;
    }
}
