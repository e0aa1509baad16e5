package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** All that is measured, one after the other, in one file with all ratios, and as a chart. */
final class All implements SubCommand {

    static final Map<String, Function<List<String>, SubCommand>> PARTS = parts();

    private final AllOptions options;

    All(AllOptions options) {
        this.options = options;
    }

    private static Map<String, Function<List<String>, SubCommand>> parts() {
        var parts = new LinkedHashMap<String, Function<List<String>, SubCommand>>();
        parts.put("commands", given -> new Commands(CommandsOptions.parse(given)));
        parts.put("http", given -> new Http(HttpOptions.parse(given)));
        parts.put("growth", given -> new Growth(GrowthOptions.parse(given)));
        parts.put("rebuild", given -> new Rebuild(RebuildOptions.parse(given)));
        parts.put("recover", given -> new Recover(RecoverOptions.parse(given)));
        parts.put("saga", given -> new Saga(SagaOptions.parse(given)));
        parts.put("start", given -> new Start(StartOptions.parse(given)));
        return parts;
    }

    @Override
    public void run(Bench bench) throws Exception {
        var ratios = new LinkedHashMap<String, Object>();
        var parts = new LinkedHashMap<String, JsonNode>();
        var failed = new ArrayList<String>();
        for (var part : PARTS.entrySet()) {
            if (options.only().isEmpty() || options.only().contains(part.getKey())) {
                bench.out().printf("%n== %s%n%n", part.getKey());
                try {
                    JsonNode figures = figures(bench, part.getKey(), part.getValue());
                    figures.path("ratios").properties()
                            .forEach(ratio -> ratios.put(ratio.getKey(), ratio.getValue()));
                    parts.put(part.getKey(), figures);
                } catch (Failure | StartFailure e) {
                    // hours went into the others
                    bench.out().println(part.getKey() + " failed: " + e.getMessage());
                    failed.add(part.getKey());
                }
                write(ratios, parts);
            }
        }
        bench.out().println();
        ratios.forEach((name, ratio) -> bench.out().printf("%s %s%n", name, ratio));
        if (!failed.isEmpty()) {
            throw new Failure("These failed: " + failed);
        }
    }

    private JsonNode figures(Bench bench, String name, Function<List<String>, SubCommand> part) throws Exception {
        Path json = Files.createTempFile("hive-" + name, ".json");
        try {
            part.apply(List.of("--rounds", "" + options.rounds(), "--json", json.toString())).run(bench);
            return JsonMapper.shared().readTree(Files.readString(json));
        } finally {
            bench.clear();
            Files.delete(json);
        }
    }

    private void write(Map<String, Object> ratios, Map<String, JsonNode> parts) throws IOException {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", "all");
        figures.put("ratios", ratios);
        figures.put("parts", parts);
        FiguresFile.write(options.json(), figures);
        JsonNode commands = parts.get("commands");
        JsonNode http = parts.get("http");
        if (options.chart() != null && commands != null && http != null) {
            Files.writeString(options.chart(), Chart.of(commands, http));
        }
    }
}
