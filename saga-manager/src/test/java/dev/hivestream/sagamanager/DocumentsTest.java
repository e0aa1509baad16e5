package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.message.Json;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The tables in docs/sagas.md. */
class DocumentsTest {

    @Test
    void the_properties_are_documented_as_they_are() throws IOException {
        Map<String, List<String>> declared = new TreeMap<>();
        try (InputStream metadata = SagaProperties.class
                .getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            for (JsonNode property : Json.TOLERANT.readTree(metadata).path("properties")) {
                String name = property.path("name").asString();
                if (name.startsWith("hive.saga.")) {
                    String type = property.path("type").asString();
                    declared.put(name, List.of(type.substring(type.lastIndexOf('.') + 1),
                            "`" + property.path("defaultValue").asString() + "`",
                            property.path("description").asString()));
                }
            }
        }
        Map<String, List<String>> documented = new TreeMap<>();
        rows().stream().filter(row -> declared.containsKey(row.getFirst()))
                .forEach(row -> documented.put(row.getFirst(), row.subList(1, row.size())));
        assertThat(declared).isNotEmpty();
        assertThat(documented).isEqualTo(declared);
    }

    @Test
    void the_meters_are_documented_as_they_are() throws IOException {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        SagaMeters meters = new SagaMeters(registry);
        meters.routed("a");
        meters.handled("a");
        meters.ignored("a");
        meters.sent("a", 1);
        meters.parked("a");
        meters.deadLettered("a");
        meters.deadline("a");
        Map<String, String> registered = new TreeMap<>();
        registry.getMeters().stream().map(Meter::getId).filter(id -> id.getName().startsWith("hive.saga."))
                .forEach(id -> registered.put(id.getName(), id.getTags().stream()
                        .map(tag -> "`" + tag.getKey() + "`").collect(Collectors.joining(", "))));
        registered.put("hive.saga.instances", "`saga`, `status`");
        registered.put("hive.saga.deadlines.pending", "`saga`");
        Map<String, String> documented = new TreeMap<>();
        rows().stream().filter(row -> row.get(1).equals("counter") || row.get(1).equals("gauge"))
                .forEach(row -> documented.put(row.getFirst(), row.get(2)));
        assertThat(documented).isEqualTo(registered);
    }

    private static List<List<String>> rows() throws IOException {
        return Files.readAllLines(Path.of("..", "docs", "sagas.md")).stream()
                .filter(line -> line.startsWith("| `hive."))
                .map(line -> Arrays.stream(line.substring(1, line.length() - 1).split("\\|")).map(String::strip)
                        .map(cell -> cell.startsWith("`hive.") ? cell.replace("`", "") : cell).toList())
                .toList();
    }
}
