package dev.hivestream.local.benchmark;

import java.util.LinkedHashMap;
import java.util.Map;

/** How fast sagas are: transfers beside plain commands, and the router beside a consumer that only reads. */
final class Saga implements SubCommand {

    private static final long SEED = 20_260_101;

    private final SagaOptions options;

    Saga(SagaOptions options) {
        this.options = options;
    }

    @Override
    public void run(Bench bench) throws Exception {
        var transfers = new TransferRate(options, SEED).measure(bench);
        bench.clear();
        bench.out().println();
        var router = new RouterRate(options, SEED).measure(bench);

        double transfersPerSecond = transfers.perSecond(TransferRate.TRANSFERS);
        double commandsPerSecond = transfers.perSecond(TransferRate.COMMANDS);
        double transfersVsCommands = transfersPerSecond / commandsPerSecond;
        double routerVsBare = router.perSecond(RouterRate.ROUTER) / router.perSecond(RouterRate.BARE);
        bench.out().printf("%nA transfer takes 4 commands: request, withdraw, deposit, complete%n");
        bench.out().printf("transfers_per_second %.0f%ncommands_per_second %.0f%n", transfersPerSecond,
                commandsPerSecond);
        bench.out().printf("transfers_vs_commands %.3f%nrouter_vs_bare %.3f%n", transfersVsCommands, routerVsBare);

        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", "saga");
        figures.put("transfers", options.transfers());
        figures.put("accounts", options.accounts());
        figures.put("partitions", options.partitions());
        figures.put("events", options.events());
        figures.put("heapMegabytes", options.heap());
        figures.put("seed", SEED);
        figures.put("throughput", Map.of("rounds", transfers.figures(), "medians", transfers.medians()));
        figures.put("router", Map.of("rounds", router.figures(), "medians", router.medians()));
        figures.put("transfers_per_second", Math.round(transfersPerSecond));
        figures.put("commands_per_second", Math.round(commandsPerSecond));
        figures.put("ratios",
                Map.of("transfers_vs_commands", transfersVsCommands, "router_vs_bare", routerVsBare));
        FiguresFile.write(options.json(), figures);
    }
}
