package dev.hivestream.local.benchmark;

import dev.hivestream.local.Child;
import dev.hivestream.local.LocalStack;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;

/** How fast the saga-manager passes over events that no saga waits for, compared with a consumer that only reads them. */
final class RouterRate {

    static final String BARE = "bare";
    static final String ROUTER = "router";
    private static final String SAGA = "money-transfer";

    private final SagaOptions options;
    private final long seed;

    RouterRate(SagaOptions options, long seed) {
        this.options = options;
        this.seed = seed;
    }

    /** Measures. */
    Rounds measure(Bench bench) throws Exception {
        bench.out().printf("%,d events that no saga waits for in %d partitions, timed from the assignment of the "
                + "partitions to the last commit%n", options.events(), options.partitions());
        var redis = bench.redis();
        var stack = new LocalStack(bench.broker(), redis);
        String servers = stack.broker().bootstrapServers();
        new AccountLog(servers, options.events(), Math.min(options.accounts(), options.events()), options.partitions(),
                seed).write();
        var rounds = new Rounds(bench.out(), "events");
        try (var admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            for (int round = 1; round <= options.rounds(); round++) {
                // each is first in turn: what the machine has left over for them drifts
                for (String contender : round % 2 == 1 ? List.of(BARE, ROUTER) : List.of(ROUTER, BARE)) {
                    // new in each round: it has read nothing yet
                    String name = contender + "-" + round;
                    // the name of the saga is part of a router's group
                    var group = new Group(bench, admin, contender.equals(BARE) ? name : name + "-" + SAGA,
                            AccountLog.EVENTS);
                    rounds.add(run(bench, group, round, contender,
                            () -> contender.equals(BARE) ? bare(bench, servers, name) : router(bench, stack, name)));
                }
            }
        }
        rounds.conclude();
        return rounds;
    }

    private static Round run(Bench bench, Group group, int round, String contender, Supplier<Child> member)
            throws Exception {
        long start = System.nanoTime();
        var process = member.get();
        double seconds = group.read();
        double whole = (System.nanoTime() - start) / 1e9;
        bench.end(process);
        return new Round(round, contender, group.events(), seconds, whole);
    }

    private Child bare(Bench bench, String servers, String group) {
        return bench.program(BARE, Child.jvm("-Xmx" + options.heap() + "m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", System.getProperty("java.class.path"),
                GroupReader.class.getName(), servers, group, AccountLog.EVENTS));
    }

    private Child router(Bench bench, LocalStack stack, String group) {
        return bench.app("saga-manager", stack, options.heap(), Map.of("hive.sagas", SAGA,
                "hive.partitions", "" + options.partitions(), "spring.cloud.stream.bindings.router.group", group))
                .process();
    }
}
