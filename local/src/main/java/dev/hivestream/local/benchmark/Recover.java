package dev.hivestream.local.benchmark;

import java.util.LinkedHashMap;
import java.util.Map;

/** How long commands wait when their owner is stopped or killed, and how fast a lost cache is caught up. */
final class Recover implements SubCommand {

    private static final long SEED = 20_260_101;

    private final RecoverOptions options;

    Recover(RecoverOptions options) {
        this.options = options;
    }

    @Override
    public void run(Bench bench) throws Exception {
        var takeOvers = new TakeOverTime(options, SEED).measure(bench);
        bench.clear();
        bench.out().println();
        var catchUps = new CatchUpRate(options, SEED).measure(bench);

        var ratios = new LinkedHashMap<String, Double>();
        ratios.put("recover_clean_s", TakeOver.median(takeOvers, TakeOverTime.STOP));
        ratios.put("recover_kill_s", TakeOver.median(takeOvers, TakeOverTime.KILL));
        bench.out().printf("%ncatch_up_events_per_second %.0f%n", catchUps.perSecond(CatchUpRate.RUNNING));
        ratios.forEach((name, figure) -> bench.out().printf("%s %.2f%n", name, figure));

        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", "recover");
        figures.put("rate", options.rate());
        figures.put("events", options.events());
        figures.put("accounts", options.accounts());
        figures.put("partitions", options.partitions());
        figures.put("heapMegabytes", options.heap());
        figures.put("seed", SEED);
        figures.put("takeOvers", takeOvers);
        figures.put("catchUps", Map.of("rounds", catchUps.figures(), "medians", catchUps.medians()));
        figures.put("catch_up_events_per_second", Math.round(catchUps.perSecond(CatchUpRate.RUNNING)));
        figures.put("ratios", ratios);
        FiguresFile.write(options.json(), figures);
    }
}
