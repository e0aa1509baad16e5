package dev.hivestream.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Dashboard and alerts ask for nothing that is not there. */
class MetricsTest {

    private static final Path DOCS = Path.of("..", "docs");
    /** Of Spring Boot, the JVM and Kafka's clients, as Micrometer names them for Prometheus. */
    private static final Set<String> OTHERS = Set.of("http_server_requests_seconds_count",
            "http_server_requests_seconds_sum",
            "jvm_gc_pause_seconds_sum", "jvm_info", "jvm_memory_used_bytes",
            "kafka_consumer_fetch_manager_records_lag_max", "process_cpu_usage");
    private static final Pattern ROW = Pattern
            .compile("(?m)^\\| `(hive[a-z.]+)` \\| (counter|gauge|timer|summary) \\|");
    private static final Pattern METRIC = Pattern.compile("([a-z_]+)\\{|label_values\\((\\w+),");
    private static final Map<String, List<String>> SUFFIXES = Map.of("counter", List.of("_total"), "gauge", List.of(""),
            "timer", List.of("_seconds_count", "_seconds_sum", "_seconds_max"), "summary",
            List.of("_count", "_sum", "_max"));

    @Test
    void each_metric_of_the_dashboard_is_documented() throws IOException {
        JsonElement dashboard = JsonParser.parseString(Files.readString(Chart.SOURCE.resolve("dashboards/hive.json")));
        Set<String> asked = metrics(dashboard.toString());

        assertThat(asked).hasSizeGreaterThan(20).isSubsetOf(documented());
        JsonArray panels = dashboard.getAsJsonObject().getAsJsonArray("panels");
        assertThat(panels).extracting(panel -> panel.getAsJsonObject().get("id").getAsInt()).doesNotHaveDuplicates();
    }

    @Test
    void each_metric_of_the_alerts_is_documented() throws IOException {
        String rules = rendered("PrometheusRule").json().toString();

        assertThat(metrics(rules)).hasSizeGreaterThan(5).isSubsetOf(documented());
        assertThat(rules).contains("namespace=\\\"" + Chart.NAMESPACE + "\\\"");
    }

    @Test
    void grafana_finds_the_dashboard_and_prometheus_the_pods() throws IOException {
        Manifest dashboard = rendered("ConfigMap", "-dashboard");
        assertThat(dashboard.labels()).containsEntry("grafana_dashboard", "1");
        assertThat(JsonParser.parseString(Manifest.texts(dashboard.at("data")).get("hive.json")))
                .isEqualTo(JsonParser.parseString(Files.readString(Chart.SOURCE.resolve("dashboards/hive.json"))));

        Manifest monitor = rendered("ServiceMonitor");
        assertThat(monitor.text("spec.endpoints.0.path")).isEqualTo("/actuator/prometheus");
        assertThat(rendered("Service", "-commands-pods").labels().entrySet())
                .containsAll(monitor.texts("spec.selector.matchLabels").entrySet());
        assertThat(rendered("Service", "-commands").labels().entrySet())
                .as("scraped once").doesNotContainSequence(monitor.texts("spec.selector.matchLabels").entrySet());
    }

    private Manifest rendered(String kind) throws IOException {
        return rendered(kind, "");
    }

    private Manifest rendered(String kind, String end) throws IOException {
        return Chart.with(Chart.SOURCE.resolve("values-production.yaml")).render().stream()
                .filter(one -> one.kind().equals(kind) && one.name().endsWith(end)).findFirst().orElseThrow();
    }

    /** The metrics in expressions, all of which have a selector. */
    private static Set<String> metrics(String expressions) {
        Set<String> metrics = new TreeSet<>();
        METRIC.matcher(expressions).results()
                .forEach(found -> metrics.add(found.group(1) == null ? found.group(2) : found.group(1)));
        return metrics;
    }

    private static Set<String> documented() throws IOException {
        Set<String> documented = new TreeSet<>(OTHERS);
        List<Path> pages;
        try (Stream<Path> all = Files.list(DOCS)) {
            pages = all.filter(page -> page.toString().endsWith(".md")).toList();
        }
        for (Path page : pages) {
            ROW.matcher(Files.readString(page)).results().forEach(row -> SUFFIXES.get(row.group(2))
                    .forEach(suffix -> documented.add(row.group(1).replace('.', '_') + suffix)));
        }
        return documented;
    }
}
