package dev.hivestream.local.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** All that is measured, one after the other, in one file with all ratios, and as a chart. */
final class All implements SubCommand {

    private static final Map<String, Function<List<String>, SubCommand>> PARTS = parts();

    private final AllOptions options;

    All(AllOptions options) {
        this.options = options;
    }

    private static Map<String, Function<List<String>, SubCommand>> parts() {
        var parts = new LinkedHashMap<String, Function<List<String>, SubCommand>>();
        parts.put("commands", given -> new Commands(CommandsOptions.parse(given)));
        parts.put("http", given -> new Http(HttpOptions.parse(given)));
        parts.put("rebuild", given -> new Rebuild(RebuildOptions.parse(given)));
        parts.put("recover", given -> new Recover(RecoverOptions.parse(given)));
        parts.put("saga", given -> new Saga(SagaOptions.parse(given)));
        parts.put("growth", given -> new Growth(GrowthOptions.parse(given)));
        parts.put("start", given -> new Start(StartOptions.parse(given)));
        return parts;
    }

    @Override
    public void run(Bench bench) throws Exception {
        var ratios = new LinkedHashMap<String, Object>();
        var parts = new LinkedHashMap<String, JsonNode>();
        for (var part : PARTS.entrySet()) {
            bench.out().printf("%n== %s%n%n", part.getKey());
            Path json = Files.createTempFile("hive-" + part.getKey(), ".json");
            try {
                part.getValue().apply(List.of("--rounds", "" + options.rounds(), "--json", json.toString())).run(bench);
                JsonNode figures = JsonMapper.shared().readTree(Files.readString(json));
                figures.path("ratios").properties().forEach(ratio -> ratios.put(ratio.getKey(), ratio.getValue()));
                parts.put(part.getKey(), figures);
            } finally {
                bench.clear();
                Files.delete(json);
            }
        }
        bench.out().println();
        ratios.forEach((name, ratio) -> bench.out().printf("%s %s%n", name, ratio));
        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", "all");
        figures.put("ratios", ratios);
        figures.put("parts", parts);
        FiguresFile.write(options.json(), figures);
        if (options.chart() != null) {
            Files.writeString(options.chart(), Chart.of(Objects.requireNonNull(parts.get("commands")),
                    Objects.requireNonNull(parts.get("http"))));
        }
    }
}
