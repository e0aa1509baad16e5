package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PropertiesTest {

    @Test
    void the_documentation_names_every_property_with_its_default_and_meaning() throws IOException {
        List<String> documented = Files.readAllLines(Path.of("../docs/rebuilding.md")).stream()
                .filter(line -> line.startsWith("| `hive.rebuild.") && line.chars().filter(c -> c == '|').count() == 5)
                .filter(line -> !line.contains("| gauge |") && !line.contains("| counter |")).toList();
        var declared = new TreeSet<String>();
        JsonNode metadata = JsonMapper.shared()
                .readTree(Path.of("target/classes/META-INF/spring-configuration-metadata.json"));
        metadata.path("properties").forEach(property -> {
            if (!property.path("name").asString().startsWith("hive.")) {
                return;
            }
            String type = property.path("type").asString().replace("java.util.List<java.lang.String>", "List<String>");
            JsonNode value = property.path("defaultValue");
            declared.add("| `" + property.path("name").asString() + "` | "
                    + type.substring(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1) + " | "
                    + (value.isMissingNode() ? "" : "`" + value.asString() + "`") + " | "
                    + property.path("description").asString() + " |");
        });
        assertThat(documented).containsExactlyElementsOf(declared);
    }
}
