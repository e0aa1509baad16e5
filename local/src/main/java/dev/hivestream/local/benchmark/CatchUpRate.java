package dev.hivestream.local.benchmark;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.RedisServer;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import tools.jackson.databind.json.JsonMapper;

/**
 * How fast the command-processor catches up a cache that was lost: when it has just been started, from the assignment of
 * the partitions until they are open, and while it runs, from its noticing.
 */
final class CatchUpRate {

    static final String STARTED = "started";
    static final String RUNNING = "running";
    private static final int LOOK_MILLIS = 10;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final RecoverOptions options;
    private final long seed;

    CatchUpRate(RecoverOptions options, long seed) {
        this.options = options;
        this.seed = seed;
    }

    /**
     * Measures.
     *
     * @throws Failure if the cache is not what the log says
     */
    Rounds measure(Bench bench) throws Exception {
        bench.out().printf("%,d events of %,d accounts in %d partitions to be caught up, seed %d%n", options.events(),
                options.accounts(), options.partitions(), seed);
        var redis = bench.redis();
        var broker = bench.broker();
        var log = new AccountLog(broker.bootstrapServers(), options.events(), options.accounts(), options.partitions(),
                seed);
        log.write();
        var rounds = new Rounds(bench.out(), "events");
        try (var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            for (int round = 1; round <= options.rounds(); round++) {
                round(bench, broker, redis, new Owners(admin), log, round, rounds);
            }
        }
        rounds.conclude();
        return rounds;
    }

    private void round(Bench bench, KafkaBroker broker, RedisServer redis, Owners owners, AccountLog log, int round,
            Rounds rounds) throws Exception {
        redis.call("FLUSHALL");
        long start = System.nanoTime();
        var app = bench.app("command-processor", new LocalStack(broker, redis), options.heap(),
                Map.of("hive.aggregates", "account", "hive.partitions", "" + options.partitions()));
        await(bench, () -> owners.byClient().values().stream().mapToInt(Set::size).sum() == options.partitions());
        long taken = System.nanoTime();
        await(bench, app::isReady);
        add(rounds, round, STARTED, start, taken);
        requireCaughtUp(app, redis, log, 1);

        start = System.nanoTime();
        redis.call("FLUSHALL");
        await(bench, () -> !app.isReady() || caughtUp(app) >= 2.0 * options.events());
        long noticed = System.nanoTime();
        await(bench, () -> caughtUp(app) >= 2.0 * options.events() && app.isReady());
        add(rounds, round, RUNNING, start, noticed);
        requireCaughtUp(app, redis, log, 2);
        bench.end(app.process());
    }

    private void add(Rounds rounds, int round, String contender, long start, long begun) {
        long now = System.nanoTime();
        rounds.add(new Round(round, contender, options.events(), (now - begun) / 1e9, (now - start) / 1e9));
    }

    private void requireCaughtUp(BootApp app, RedisServer redis, AccountLog log, int times) throws IOException {
        double folded = caughtUp(app);
        if (folded != (double) options.events() * times) {
            throw new Failure("The result is wrong: " + folded + " of " + times + " x " + options.events()
                    + " events were folded");
        }
        var _ = CacheFigures.read(redis.port(), options.accounts(), log);
    }

    private static double caughtUp(BootApp app) throws IOException {
        var url = URI.create(app.url() + "/actuator/metrics/hive.catchup.events").toURL();
        try (var metric = url.openStream()) {
            return JsonMapper.shared().readTree(metric).path("measurements").path(0).path("value").asDouble();
        } catch (FileNotFoundException nothingYet) {
            return 0;
        }
    }

    private static void await(Bench bench, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            bench.requireRunning();
            if (System.nanoTime() > deadline) {
                throw new Failure("The cache was not caught up within " + PATIENCE.toSeconds() + " s");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }
}
