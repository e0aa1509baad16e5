package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.LocalStack;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How long a command takes over HTTP, from the request to the answer that its events are committed, beside a transaction of
 * one record on the same broker and the way through Kafka alone; and how many there are a second, beside answers of the same
 * server that cost it nothing.
 */
final class Http implements SubCommand {

    private static final long SEED = 20_260_101;
    private static final List<Integer> CONNECTIONS = List.of(1, 16, 64, 256);
    private static final String TRANSACTION = "transaction";
    private static final String CONSTANT = "constant";
    private static final String KAFKA = "kafka";
    /** Where latencies are compared. */
    private static final int FEW = 16;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final int WARM_UP_CONNECTIONS = 256;
    private static final Duration WARM_UP_WINDOW = Duration.ofSeconds(4);
    private static final int LEAST_WINDOWS = 10;
    private static final int MOST_WINDOWS = 30;
    /** So many windows in a row that are not so much faster than all before them are the end of the warm-up. */
    private static final int STEADY_WINDOWS = 3;
    private static final double STEADY = 1.05;

    private final HttpOptions options;

    Http(HttpOptions options) {
        this.options = options;
    }

    /** Runs a contender for a while. */
    private interface Contender {

        Latencies run(Duration duration) throws IOException;
    }

    @Override
    public void run(Bench bench) throws Exception {
        bench.out().printf("Deposits of 300 bytes to %,d accounts in %d partitions, seed %d%n", options.accounts(),
                options.partitions(), SEED);
        var redis = bench.redis();
        var stack = new LocalStack(bench.broker(), redis);
        var app = bench.app("command-processor", stack, options.heap(),
                // a machine that stands still for ten seconds is not what is measured
                Map.of("hive.aggregates", "account", "hive.partitions", "" + options.partitions(),
                        "hive.http.patience", "25s"));
        app.awaitReady(PATIENCE);
        String servers = stack.broker().bootstrapServers();
        try (var clerk = new Clerk(servers, options.accounts(), SEED);
                var receipts = new Receipts(bench, servers);
                var transaction = new BareTransaction(servers, options.partitions(), Http::payload);
                var kafka = new BareRoundTrip(bench, servers, options.partitions(), Http::payload)) {
            clerk.openEmpty();
            receipts.awaitOpened(options.accounts());
            var requests = new Requests(options.accounts(), SEED);
            var contenders = contenders(bench, app, requests, transaction, kafka);
            warmUp(bench, new HttpLoad(bench, port(app), requests::deposit), contenders);
            var rounds = new LatencyRounds(bench.out());
            for (int round = 1; round <= options.rounds(); round++) {
                for (var contender : contenders.entrySet()) {
                    rounds.add(LatencyRound.of(round, contender.getKey(),
                            contender.getValue().run(Duration.ofSeconds(options.seconds()))));
                }
            }
            rounds.conclude();
            receipts.requireDeposits(requests.deposits());
            bench.out().printf("%nNothing lost: %,d deposits were answered, and each is in the log once%n",
                    requests.deposits());
            conclude(bench, rounds, requests.deposits());
        }
    }

    private static byte[] payload() {
        return AccountRecords.deposit(1).getBytes(US_ASCII);
    }

    private static int port(BootApp app) {
        return URI.create(app.url()).getPort();
    }

    private static Map<String, Contender> contenders(Bench bench, BootApp app, Requests requests,
            BareTransaction transaction, BareRoundTrip kafka) {
        var deposits = new HttpLoad(bench, port(app), requests::deposit);
        byte[] constant = requests.constant();
        var constants = new HttpLoad(bench, port(app), () -> constant);
        int most = CONNECTIONS.getLast();
        // the ones that are compared stand side by side: what the machine has left over for them drifts
        Map<String, Contender> contenders = new LinkedHashMap<>();
        contenders.put("1", duration -> deposits.run(1, duration));
        contenders.put(TRANSACTION, transaction::run);
        contenders.put(KAFKA, duration -> kafka.run(FEW, duration));
        CONNECTIONS.stream().skip(1)
                .forEach(count -> contenders.put("" + count, duration -> deposits.run(count, duration)));
        contenders.put(CONSTANT, duration -> constants.run(most, duration));
        return contenders;
    }

    /** Until the server is no longer getting faster. */
    private static void warmUp(Bench bench, HttpLoad deposits, Map<String, Contender> contenders) throws IOException {
        double best = 0;
        double last = 0;
        int windows = 0;
        int steady = 0;
        while (windows < LEAST_WINDOWS || steady < STEADY_WINDOWS && windows < MOST_WINDOWS) {
            last = deposits.run(WARM_UP_CONNECTIONS, WARM_UP_WINDOW).perSecond();
            steady = last > STEADY * best ? 0 : steady + 1;
            best = Math.max(best, last);
            windows++;
        }
        for (String contender : List.of(TRANSACTION, KAFKA, CONSTANT)) {
            var _ = Objects.requireNonNull(contenders.get(contender)).run(WARM_UP_WINDOW);
        }
        bench.out().printf("Warmed up for %d s, at last %,.0f requests/s at %d connections%n%n",
                windows * WARM_UP_WINDOW.toSeconds(), last, WARM_UP_CONNECTIONS);
    }

    private void conclude(Bench bench, LatencyRounds rounds, int deposits) throws IOException {
        var ratios = new LinkedHashMap<String, Double>();
        ratios.put("http_p50_vs_transaction",
                rounds.median("" + FEW, LatencyRound::p50) / rounds.median(TRANSACTION, LatencyRound::p50));
        ratios.put("kafka_p50_vs_transaction",
                rounds.median(KAFKA, LatencyRound::p50) / rounds.median(TRANSACTION, LatencyRound::p50));
        ratios.put("http_p99_ms_16", rounds.median("" + FEW, LatencyRound::p99));
        ratios.put("http_vs_constant",
                rounds.median("256", LatencyRound::perSecond) / rounds.median(CONSTANT, LatencyRound::perSecond));
        ratios.forEach((name, ratio) -> bench.out().printf("%s %.3f%n", name, ratio));

        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", "http");
        figures.put("seconds", options.seconds());
        figures.put("accounts", options.accounts());
        figures.put("partitions", options.partitions());
        figures.put("heapMegabytes", options.heap());
        figures.put("seed", SEED);
        figures.put("deposits", deposits);
        figures.put("rounds", rounds.all());
        figures.put("medians", rounds.medians());
        figures.put("ratios", ratios);
        FiguresFile.write(options.json(), figures);
    }
}
