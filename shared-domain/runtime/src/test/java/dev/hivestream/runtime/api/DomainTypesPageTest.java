package dev.hivestream.runtime.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.hivestream.runtime.message.DomainTypes;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.TypeExamples;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.node.ObjectNode;

/** The table in docs/domain-types.md, made of what the codec writes and what its schemas say. */
class DomainTypesPageTest {

    private static final String RENEW = "./mvnw -pl shared-domain/runtime -am -Dapi.write -Dtest=DomainTypesPageTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false test";
    private static final Path PAGE = Path.of("..", "..", "docs", "domain-types.md");
    private static final String BEGIN = "<!-- values -->\n";
    private static final String END = "<!-- end of values -->\n";

    record One<T>(T value) {}

    @Test
    void the_page_has_every_type_with_its_JSON_and_its_schema() throws IOException {
        String page = Files.readString(PAGE);
        String before = page.substring(0, page.indexOf(BEGIN) + BEGIN.length());
        String after = page.substring(page.indexOf(END));
        String wanted = before + "| type | JSON | schema | key of a map |\n|---|---|---|---|\n"
                + DomainTypes.VALUES.stream().map(DomainTypesPageTest::row).collect(Collectors.joining()) + after;
        if (System.getProperty("api.write") != null) {
            Files.writeString(PAGE, wanted);
        }
        assertThat(Files.readString(PAGE)).as("renewed by " + RENEW).isEqualTo(wanted);
    }

    private static String row(DomainTypes.Value value) {
        Object example = TypeExamples.BY_TYPE.get(value.type()).getLast();
        return "| `" + value.type().getSimpleName() + "` | `" + Json.TOLERANT.writeValueAsString(example) + "` | `"
                + schema(value.type()) + "` | " + (value.isKey() ? "yes" : "no") + " |\n";
    }

    private static String schema(Class<?> type) {
        return schemaOf(type, JsonSchemas.Use.COMMAND).toString();
    }

    private static ObjectNode schemaOf(Class<?> type, JsonSchemas.Use use) {
        ObjectNode definitions = Json.TOLERANT.createObjectNode();
        new JsonSchemas(definitions).define("one", type, use);
        return (ObjectNode) definitions.path("one");
    }

    @Test
    void every_value_is_what_its_schema_says() {
        for (DomainTypes.Value value : DomainTypes.VALUES) {
            JavaType type = Json.TOLERANT.getTypeFactory().constructType(value.type());
            for (Object example : TypeExamples.BY_TYPE.get(value.type())) {
                String json = Json.TOLERANT.writerFor(type).writeValueAsString(example);
                for (JsonSchemas.Use use : JsonSchemas.Use.values()) {
                    String schema = schemaOf(value.type(), use).toString();
                    if (example instanceof BigDecimal decimal && !Double.isFinite(decimal.doubleValue())) {
                        // the validator reads numbers as doubles
                        continue;
                    }
                    boolean isEmpty = json.equals("null") && use != JsonSchemas.Use.STATE;
                    assertThat(isEmpty || SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                            .getSchema(schema).validate(json, com.networknt.schema.InputFormat.JSON).isEmpty())
                            .as("%s: %s against %s", value.type(), json, schema).isTrue();
                }
            }
        }
    }
}
