package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.message.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class PropertiesTest {

    private static final String METADATA = "META-INF/spring-configuration-metadata.json";

    @Test
    void every_property_has_a_description_for_editors() throws IOException {
        assertThat(properties()).hasSizeGreaterThan(15).allSatisfy((name, property) -> {
            assertThat(property.path("description").asString("")).as(name).isNotBlank().endsWith(".");
            assertThat(property.has("type")).as(name).isTrue();
        });
    }

    @Test
    void the_documentation_says_the_same() throws IOException {
        Map<String, List<String>> documented = new TreeMap<>();
        // hive.instance is there twice: what the apps share, and what this app makes of it
        Documents.rows("configuration.md").forEach(row -> documented.putIfAbsent(row.getFirst().replace("`", ""), row));
        Map<String, List<String>> declared = new TreeMap<>();
        properties().forEach((name, property) -> {
            String type = property.path("type").asString().replace("java.util.List<java.lang.String>", "List<String>")
                    .replaceFirst("^java.util.Map<.*", "Map");
            JsonNode value = property.path("defaultValue");
            declared.put(name,
                    List.of("`" + name + "`",
                            type.substring(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1),
                            value.isMissingNode() ? "" : "`" + value.asString() + "`",
                            property.path("description").asString()));
        });
        assertThat(documented).isEqualTo(declared);
    }

    private static Map<String, JsonNode> properties() throws IOException {
        Map<String, JsonNode> properties = new TreeMap<>();
        for (URL metadata : Collections.list(PropertiesTest.class.getClassLoader().getResources(METADATA))) {
            try (InputStream file = metadata.openStream()) {
                for (JsonNode property : Json.TOLERANT.readTree(file).path("properties")) {
                    String name = property.path("name").asString();
                    if (name.startsWith("hive.")) {
                        properties.put(name, property);
                    }
                }
            }
        }
        return properties;
    }
}
