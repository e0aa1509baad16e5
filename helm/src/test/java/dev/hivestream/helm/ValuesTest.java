package dev.hivestream.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Schema, values and the table in README.md say the same. */
class ValuesTest {

    private static final String RENEW = "./mvnw -pl helm -Dvalues.write test";
    private static final Path PAGE = Path.of("README.md");
    private static final String BEGIN = "<!-- values -->\n";
    private static final String END = "<!-- end of values -->\n";

    private final JsonObject schema = JsonParser
            .parseString(Files.readString(Chart.SOURCE.resolve("values.schema.json")))
            .getAsJsonObject();
    private final String text = Files.readString(Chart.SOURCE.resolve("values.yaml"));
    private final Map<String, Object> values = Yaml.map(text);

    ValuesTest() throws IOException {}

    @Test
    void each_value_in_the_schema_has_a_description() {
        assertThat(properties()).allSatisfy((path, property) -> assertThat(text(property, "description")).as(path)
                .isNotBlank());
    }

    @Test
    void each_value_in_the_schema_is_in_the_values_with_a_comment() {
        properties().forEach((path, property) -> {
            if (path.equals("global")) {
                return;
            }
            String name = path.substring(path.lastIndexOf('.') + 1);
            if (!path.contains("[]")) {
                assertThat(at(path)).as(path).isTrue();
            } else if (!path.startsWith("env") && !path.contains(".env[]")) {
                assertThat(text).as(path).containsPattern("(?m)^ +" + Pattern.quote(name) + ":");
            }
        });
    }

    @Test
    void each_value_is_in_the_schema() {
        Map<String, JsonObject> known = properties();
        values.forEach((name, value) -> requireKnown(known, name, value));
    }

    @Test
    void no_object_takes_names_that_it_does_not_know_but_those_that_kubernetes_or_spring_know() {
        assertThat(properties()).allSatisfy((path, property) -> {
            if (property.has("properties")) {
                assertThat(property.get("additionalProperties")).as(path).hasToString("false");
            }
        });
        assertThat(schema.get("additionalProperties")).hasToString("false");
    }

    @Test
    void the_readme_has_the_values() throws IOException {
        String table = table();
        String page = Files.readString(PAGE);
        if (System.getProperty("values.write") != null) {
            int begin = page.indexOf(BEGIN) + BEGIN.length();
            page = page.substring(0, begin) + table + page.substring(page.indexOf(END));
            Files.writeString(PAGE, page);
        }

        assertThat(page).as("helm/README.md, renewed by " + RENEW).contains(BEGIN + table + END);
    }

    /** All that is not merely a group of others. */
    private String table() {
        StringBuilder table = new StringBuilder("\n| value | default | meaning |\n|---|---|---|\n");
        properties().forEach((path, property) -> {
            // what an entry may override is listed once, with the defaults
            if (property.has("properties") || path.equals("global") || path.contains("env[]")
                    || path.contains("[].") && overridden(path)) {
                return;
            }
            table.append("| `%s` | %s | %s |%n".formatted(path, shown(path), text(property, "description")
                    .replace("|", "\\|")));
        });
        return table.append('\n').toString().replace("\r\n", "\n");
    }

    private boolean overridden(String path) {
        String name = path.substring(path.indexOf("[].") + 3).replaceAll("[.\\[].*", "");
        return schema.getAsJsonObject("definitions").has(name);
    }

    @SuppressWarnings("unchecked")
    private String shown(String path) {
        Object at = values;
        for (String step : path.split("\\.")) {
            String name = step.replace("[]", "");
            at = at instanceof Map<?, ?> map ? ((Map<String, Object>) map).get(name) : null;
            if (step.endsWith("[]") && at instanceof List<?> list) {
                at = list.getFirst();
            }
        }
        boolean entries = path.equals("commandProcessors") || path.equals("sagaManagers");
        if (at == null || entries || at.equals("") || at instanceof Map<?, ?> map && map.isEmpty()
                || at instanceof List<?> list && list.isEmpty()) {
            return "";
        }
        return "`" + at.toString().replace("|", "\\|") + "`";
    }

    private boolean at(String path) {
        Object at = values;
        for (String step : path.split("\\.")) {
            if (!(at instanceof Map<?, ?> map) || !map.containsKey(step)) {
                return false;
            }
            at = map.get(step);
        }
        return true;
    }

    private void requireKnown(Map<String, JsonObject> known, String path, Object value) {
        assertThat(known).containsKey(path);
        JsonObject property = known.get(path);
        if (value instanceof Map<?, ?> map && property.has("properties")) {
            map.forEach((name, inner) -> requireKnown(known, path + "." + name, inner));
        } else if (value instanceof List<?> list && property.has("items")) {
            list.forEach(each -> {
                if (each instanceof Map<?, ?> map) {
                    map.forEach((name, inner) -> requireKnown(known, path + "[]." + name, inner));
                }
            });
        }
    }

    /** All properties, by their paths; those of a list's elements have [] before them. */
    private Map<String, JsonObject> properties() {
        Map<String, JsonObject> properties = new TreeMap<>();
        collect("", schema, properties);
        return properties;
    }

    private void collect(String path, JsonObject node, Map<String, JsonObject> into) {
        JsonElement inner = node.get("properties");
        if (inner != null) {
            inner.getAsJsonObject().entrySet().forEach(entry -> {
                JsonObject property = resolved(entry.getValue().getAsJsonObject());
                String name = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
                into.put(name, property);
                collect(name, property, into);
            });
        }
        if (node.has("items") && node.get("items").isJsonObject()) {
            collect(path + "[]", resolved(node.getAsJsonObject("items")), into);
        }
    }

    private JsonObject resolved(JsonObject node) {
        return node.has("$ref")
                ? schema.getAsJsonObject("definitions")
                        .getAsJsonObject(text(node, "$ref").substring("#/definitions/".length()))
                : node;
    }

    private static String text(JsonObject node, String name) {
        return node.has(name) ? node.get(name).getAsString() : "";
    }
}
