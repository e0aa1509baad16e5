package dev.hivestream.local.benchmark;

import dev.hivestream.local.Child;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.RedisServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** How fast the cache-rebuilder makes a cache of a log, compared with a consumer that only reads the same log. */
final class Rebuild implements SubCommand {

    private static final String BARE = "bare";
    private static final String REBUILD = "rebuild";
    private static final long SEED = 20_260_101;

    private final RebuildOptions options;

    Rebuild(RebuildOptions options) {
        this.options = options;
    }

    /** A log and how long it took to write it. */
    private record Written(AccountLog log, double seconds) {}

    @Override
    public void run(Bench bench) throws Exception {
        var redis = bench.redis();
        var broker = bench.broker();
        var bare = bare(broker);
        var rebuild = rebuild(bench, broker, redis);
        var written = write(bench, broker);

        var rounds = new Rounds(bench.out(), "events");
        var caches = new ArrayList<CacheFigures>();
        for (int round = 1; round <= options.rounds(); round++) {
            // each is first in turn: what the machine has left over for them drifts
            boolean bareFirst = round % 2 == 1;
            if (bareFirst) {
                rounds.add(round, BARE, bench.run(BARE, bare), options.events());
            }
            redis.call("FLUSHALL");
            rounds.add(round, REBUILD, bench.run(REBUILD, rebuild), options.events());
            caches.add(CacheFigures.read(redis.port(), options.accounts(), written.log()));
            if (!bareFirst) {
                rounds.add(round, BARE, bench.run(BARE, bare), options.events());
            }
        }
        rounds.conclude();
        conclude(bench, rounds, written, caches.getLast());
    }

    private Written write(Bench bench, KafkaBroker broker) throws ExecutionException, InterruptedException {
        bench.out().printf("Writing %,d events of %,d accounts to %d partitions, seed %d%n", options.events(),
                options.accounts(), options.partitions(), SEED);
        var log = new AccountLog(broker.bootstrapServers(), options.events(), options.accounts(), options.partitions(),
                SEED);
        long start = System.nanoTime();
        log.write();
        double seconds = (System.nanoTime() - start) / 1e9;
        bench.out().printf("Written in %.1f s, %,.0f events/s%n%n", seconds, options.events() / seconds);
        return new Written(log, seconds);
    }

    private List<String> bare(KafkaBroker broker) {
        return Child.jvm("-Xmx" + options.heap() + "m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"), BareReader.class.getName(), broker.bootstrapServers(),
                AccountLog.EVENTS);
    }

    private List<String> rebuild(Bench bench, KafkaBroker broker, RedisServer redis) {
        var program = Child.jvm();
        program.addAll(bench.jvm("cache-rebuilder", options.heap()));
        program.addAll(List.of("-Dloader.path=" + bench.samples(), "-jar", bench.jar("cache-rebuilder").toString(),
                "rebuild", "--restart", "--json", "--hive.aggregates=account",
                "--hive.partitions=" + options.partitions(),
                "--spring.kafka.bootstrap-servers=" + broker.bootstrapServers(),
                "--spring.data.redis.url=" + redis.uri()));
        return program;
    }

    private void conclude(Bench bench, Rounds rounds, Written written, CacheFigures cache) throws IOException {
        double ratio = rounds.perSecond(REBUILD) / rounds.perSecond(BARE);
        bench.out().printf("%nrebuild_vs_consumer %.3f%n", ratio);
        bench.out().printf("Redis: %,d snapshots of %,d accounts, %,d keys, %,d MB used%n", cache.snapshots(),
                options.accounts(), cache.keys(), cache.usedMemory() / (1024 * 1024));
        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", REBUILD);
        figures.put("events", options.events());
        figures.put("accounts", options.accounts());
        figures.put("partitions", options.partitions());
        figures.put("heapMegabytes", options.heap());
        figures.put("seed", SEED);
        figures.put("writeSeconds", written.seconds());
        figures.put("rounds", rounds.figures());
        figures.put("medians", rounds.medians());
        figures.put("redis", cache);
        figures.put("ratios", Map.of("rebuild_vs_consumer", ratio));
        FiguresFile.write(options.json(), figures);
    }
}
