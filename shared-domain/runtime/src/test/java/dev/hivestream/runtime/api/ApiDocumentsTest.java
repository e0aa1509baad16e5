package dev.hivestream.runtime.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.samples.SampleDomain;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The documents of the samples, under docs/api. */
class ApiDocumentsTest {

    private static final String RENEW = "./mvnw -pl shared-domain/runtime -am -Dapi.write -Dtest=ApiDocumentsTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false test";
    private static final Path DOCS = Path.of("..", "..", "docs");
    private static final SampleDomain SAMPLES = new SampleDomain();
    private static final Map<String, byte[]> DOCUMENTS = Map.of(
            "openapi.json", OpenApi.of(SAMPLES.aggregates(), "samples"),
            "asyncapi.json", AsyncApi.of(SAMPLES.aggregates(), SAMPLES.sagas(), 8, "samples"));
    private static final JsonNode OPEN_API = Json.TOLERANT.readTree(DOCUMENTS.get("openapi.json"));
    private static final JsonNode ASYNC_API = Json.TOLERANT.readTree(DOCUMENTS.get("asyncapi.json"));

    static Stream<JsonNode> documents() {
        return Stream.of(OPEN_API, ASYNC_API);
    }

    @ParameterizedTest
    @ValueSource(strings = {"openapi.json", "asyncapi.json"})
    void the_committed_document_is_the_one_of_the_samples(String name) throws IOException {
        Path file = DOCS.resolve("api").resolve(name);
        String document = new String(DOCUMENTS.get(name), StandardCharsets.UTF_8) + "\n";
        if (System.getProperty("api.write") != null) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, document);
        }

        assertThat(file).as("renewed by " + RENEW).exists();
        assertThat(Files.readString(file)).as(file.normalize() + ", renewed by " + RENEW).isEqualTo(document);
    }

    @Test
    void the_parser_of_OpenAPI_has_nothing_to_say() {
        ParseOptions options = new ParseOptions();
        options.setResolve(true);
        SwaggerParseResult result = new OpenAPIV3Parser().readContents(OPEN_API.toString(), null, options);
        assertThat(result.getMessages()).isEmpty();
        assertThat(result.isOpenapi31()).isTrue();
        assertThat(result.getOpenAPI().getPaths()).hasSize(4 + 15 + 1);
    }

    @Test
    void the_schema_of_AsyncAPI_takes_the_document() throws IOException {
        try (InputStream schema = new GZIPInputStream(
                ApiDocumentsTest.class.getResourceAsStream("/asyncapi/3.0.0.json.gz"))) {
            assertThat(SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7)
                    .getSchema(Json.TOLERANT.readTree(schema)).validate(ASYNC_API)).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void every_reference_leads_somewhere(JsonNode document) {
        List<String> references = document.findValuesAsString("$ref");
        assertThat(references).isNotEmpty().allSatisfy(reference -> assertThat(
                document.at(reference.substring(1)).isMissingNode()).as(reference).isFalse());
    }

    @ParameterizedTest
    @MethodSource("documents")
    void every_schema_is_one(JsonNode document) {
        for (SpecificationVersion version : List.of(SpecificationVersion.DRAFT_7, SpecificationVersion.DRAFT_2020_12)) {
            var metaschema = SchemaRegistry.withDefaultDialect(version)
                    .getSchema(SchemaLocation.of(version.getDialectId()));
            for (var schema : document.at("/components/schemas").properties()) {
                assertThat(metaschema.validate(schema.getValue())).as(schema.getKey()).isEmpty();
            }
        }
    }

    @Test
    void every_example_of_an_answer_has_the_schema_of_the_answer() {
        for (String problem : OPEN_API.at("/components/responses").propertyNames()) {
            for (var content : OPEN_API.at("/components/responses/" + problem + "/content").properties()) {
                List<JsonNode> examples = new ArrayList<>();
                content.getValue().path("examples").forEach(example -> examples.add(example.path("value")));
                if (content.getValue().has("example")) {
                    examples.add(content.getValue().path("example"));
                }
                assertThat(examples).as(problem).isNotEmpty();
                var schema = schema(OPEN_API, content.getValue().path("schema"));
                assertThat(examples).allSatisfy(example -> assertThat(schema.validate(example)).isEmpty());
            }
        }
    }

    @Test
    void every_result_has_the_schema_of_results() {
        for (Result result : List.of(Result.accepted("c", "content", "a", 1L, 2), Result.accepted("c", "content", "a",
                null, 2), Result.rejected("c", "content", "a", 0, "not-found", "no"),
                Result.rejected("c", "content", "a", 0, Result.Code.EXPECTED_VERSION, "no"),
                Result.failed("c", "content", "a", Result.Code.FAULT, "no"))) {
            for (JsonNode document : List.of(OPEN_API, ASYNC_API)) {
                assertThat(schema(document, JsonSchemas.reference("Result"))
                        .validate(Json.TOLERANT.<JsonNode>valueToTree(result))).isEmpty();
            }
        }
        Set<String> fields = Arrays.stream(Result.class.getRecordComponents())
                .map(RecordComponent::getName).collect(Collectors.toSet());
        assertThat(OPEN_API.at("/components/schemas/Result/properties").propertyNames())
                .containsExactlyInAnyOrderElementsOf(fields);
    }

    @Test
    void every_problem_of_the_page_on_http_is_an_example_and_no_other_is() throws IOException {
        Set<String> documented = new TreeSet<>();
        Pattern row = Pattern.compile("\\| (\\d{3}) \\| (`[^|]*`) \\|.*");
        for (String line : Files.readAllLines(DOCS.resolve("http.md"))) {
            Matcher matcher = row.matcher(line);
            if (matcher.matches()) {
                for (String code : matcher.group(2).replace("`", "").split(", ")) {
                    documented.add(matcher.group(1) + " " + code);
                }
            }
        }
        Set<String> examples = new TreeSet<>();
        for (JsonNode response : OPEN_API.at("/components/responses")) {
            for (JsonNode example : response.at("/content/application~1problem+json/examples")) {
                int status = example.at("/value/status").asInt();
                String code = example.at("/value/code").asString();
                // a domain's codes are its own
                if (status != 422 || code.startsWith("hive.")) {
                    examples.add(status + " " + code);
                }
            }
        }
        assertThat(examples).isEqualTo(documented);
        JsonNode codes = OPEN_API.at("/components/schemas/Problem/properties/code/anyOf/0/enum");
        assertThat(codes.valueStream().map(JsonNode::asString)).containsExactlyInAnyOrderElementsOf(
                documented.stream().map(problem -> problem.substring(4)).distinct().toList());
    }

    @Test
    void every_header_of_records_is_described() throws IllegalAccessException {
        Set<String> headers = new TreeSet<>();
        for (Field field : Header.class.getFields()) {
            if (field.getType() == String.class) {
                headers.add((String) field.get(null));
            }
        }
        Set<String> described = new TreeSet<>();
        for (String kind : List.of("command", "event", "result", "deadLetter", "inbox", "history")) {
            described.addAll(ASYNC_API.at("/components/schemas/" + kind + "Headers/properties").propertyNames());
        }
        assertThat(described).isEqualTo(headers);
    }

    @Test
    void every_command_and_every_event_has_an_example() {
        for (JsonNode path : OPEN_API.path("paths")) {
            if (path.has("post")) {
                assertThat(path.at("/post/requestBody/content/application~1json").has("example")).isTrue();
            }
        }
        for (JsonNode message : ASYNC_API.at("/components/messages")) {
            if (message.has("traits")) {
                assertThat(message.path("examples")).as(message.path("name").asString()).isNotEmpty();
            }
        }
    }

    @Test
    void only_what_must_be_sent_has_an_example_for_the_page_sends_examples() {
        for (JsonNode parameter : OPEN_API.at("/components/parameters")) {
            boolean example = parameter.has("example") || parameter.has("examples");
            assertThat(example).as(parameter.path("name").asString())
                    .isEqualTo(parameter.path("required").asBoolean(false));
        }
    }

    @Test
    void only_what_is_served_is_described() {
        JsonNode one = Json.TOLERANT.readTree(OpenApi.of(List.of(SampleDomain.CONTENT), "1"));
        assertThat(one.path("paths").propertyNames()).containsExactly("/v1/content/{id}", "/v1/content/{id}/create",
                "/v1/content/{id}/disable", "/v1/content/{id}/edit", "/v1/content/{id}/enable",
                "/v1/results/{commandId}");
        JsonNode topics = Json.TOLERANT
                .readTree(AsyncApi.of(List.of(SampleDomain.CONTENT), List.of(SampleDomain.PUBLICATION), 3, "1"));
        assertThat(topics.path("channels").propertyNames()).containsExactly("content.commands", "content.events",
                "content.results", "content.commands.dlq", "publication.inbox", "publication.history",
                "publication.inbox.dlq");
        assertThat(topics.at("/channels/publication.inbox/messages").propertyNames()).contains("content.created",
                "review.approved", "hive.deadline", "hive.result");
        assertThat(topics.at("/components/messages").has("review.requested")).isFalse();
        assertThat(topics.at("/channels/content.events/bindings/kafka/partitions").asInt()).isEqualTo(3);
    }

    private static Schema schema(JsonNode document, JsonNode schema) {
        var root = Json.TOLERANT.createObjectNode();
        root.set("components", document.path("components"));
        root.set("allOf", Json.TOLERANT.createArrayNode().add(schema));
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(root);
    }
}
