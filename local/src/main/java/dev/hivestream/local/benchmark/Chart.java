package dev.hivestream.local.benchmark;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Bars of what was measured, as an SVG that is readable on light and dark pages. */
final class Chart {

    private static final int WIDTH = 760;
    private static final int LABEL = 220;
    private static final int VALUE = 90;
    private static final int ROW = 26;
    private static final Map<String, String> CONTENDERS = Map.of("limit", "copy in transactions (the limit)",
            "undecided",
            "the same writes, undecided", "streams",
            "Kafka Streams", "partition", "command-processor", "partition-2", "two command-processors", "aggregate",
            "lock an aggregate", "aggregate-2", "lock an aggregate, two", "single", "a transaction a command");

    private final StringBuilder svg = new StringBuilder();
    private int y;

    private Chart() {}

    /**
     * Draws medians.
     *
     * @param commands figures of {@link Commands}
     * @param http figures of {@link Http}
     */
    static String of(JsonNode commands, JsonNode http) {
        var chart = new Chart();
        var rates = new LinkedHashMap<String, Double>();
        commands.path("medians").properties().forEach(contender -> rates.put(
                CONTENDERS.getOrDefault(contender.getKey(), contender.getKey()),
                contender.getValue().path("commandsPerSecond").asDouble()));
        chart.bars("Commands a second, from a full topic to committed events and written snapshots", rates);
        var latencies = new LinkedHashMap<String, Double>();
        http.path("medians").properties().forEach(load -> {
            if (load.getKey().matches("\\d+")) {
                latencies.put(load.getKey() + " connections", load.getValue().path("p50").asDouble());
            }
        });
        chart.bars("HTTP: median milliseconds until the answer that the events are committed", latencies);
        return chart.whole();
    }

    private void bars(String title, Map<String, Double> values) {
        y += ROW + 8;
        svg.append("<text x=\"0\" y=\"%d\" font-weight=\"bold\">%s</text>%n".formatted(y, title));
        y += 8;
        double most = values.values().stream().mapToDouble(Double::doubleValue).max().orElse(1);
        values.forEach((name, value) -> {
            int width = (int) Math.max(1, value / most * (WIDTH - LABEL - VALUE));
            svg.append("<text x=\"0\" y=\"%d\">%s</text>%n".formatted(y + 17, name));
            svg.append(
                    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\" fill=\"#3b82c4\"/>%n".formatted(LABEL,
                            y + 4, width, ROW - 8));
            svg.append("<text x=\"%d\" y=\"%d\">%s</text>%n".formatted(LABEL + width + 6, y + 17,
                    value < 100 ? "%.1f".formatted(value) : "%,.0f".formatted(value)));
            y += ROW;
        });
    }

    private String whole() {
        return """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" fill="#777">
                %s</svg>
                """
                .formatted(WIDTH, y + 8, svg);
    }
}
