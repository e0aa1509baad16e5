package dev.hivestream.runtime.api;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.CommandType;
import dev.hivestream.runtime.message.Codec;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The description of HTTP, as docs/http.md has it, in OpenAPI 3.1. */
public final class OpenApi {

    private static final String COMMAND = "/v1/{aggregate}/{id}/{command}";
    private static final String STATE = "/v1/{aggregate}/{id}";
    private static final String RESULT = "/v1/results/{commandId}";

    private final ObjectNode document;
    private final ObjectNode paths;
    private final ObjectNode schemas;
    private final JsonSchemas types;

    private OpenApi(String version) {
        document = Document.template("openapi.json", version);
        paths = Json.TOLERANT.createObjectNode();
        schemas = document.withObject("/components/schemas");
        types = new JsonSchemas(schemas);
    }

    /**
     * The document of these aggregates, as JSON; the same for the same domain.
     *
     * @param version what is described, for {@code info.version}
     */
    public static byte[] of(Collection<? extends Aggregate<?, ?, ?>> aggregates, String version) {
        return new OpenApi(version).with(aggregates);
    }

    private byte[] with(Collection<? extends Aggregate<?, ?, ?>> aggregates) {
        JsonNode templates = document.path("paths");
        aggregates.stream().sorted(Comparator.comparing(Aggregate::name))
                .forEach(aggregate -> describe(aggregate, templates));
        paths.set(RESULT, templates.path(RESULT));
        document.set("paths", paths);
        document.withArray("/tags").addObject().put("name", "results").put("description",
                "What became of commands");
        return Document.write(document);
    }

    private <C> void describe(Aggregate<C, ?, ?> aggregate, JsonNode templates) {
        String name = aggregate.name();
        document.withArray("/tags").addObject().put("name", name).put("description", "The aggregate type " + name);
        ObjectNode state = template(templates, STATE);
        ObjectNode get = named(state.withObject("/get"), name, name, "The state of " + name);
        ((ObjectNode) get.at("/responses/200/content/application~1json")).set("schema",
                types.define(name, aggregate.stateType(), JsonSchemas.Use.STATE));
        paths.set("/v1/" + name + "/{id}", state);
        Codec<C, ?> codec = new Codec<>(aggregate);
        for (String command : Document.sorted(aggregate.commands().keySet())) {
            describe(name, Objects.requireNonNull(aggregate.commands().get(command)), codec, templates);
        }
    }

    private <C> void describe(String aggregate, CommandType<C> command, Codec<C, ?> codec, JsonNode templates) {
        String wireName = aggregate + "." + command.name();
        ObjectNode path = template(templates, COMMAND);
        ObjectNode post = named(path.withObject("/post"), wireName, aggregate,
                "Send " + command.name() + " to " + aggregate);
        ObjectNode body = (ObjectNode) post.at("/requestBody/content/application~1json");
        ObjectNode schema = types.define(wireName, command.type(), JsonSchemas.Use.COMMAND);
        body.set("schema", schema);
        JsonNode example = Examples.of(schema, schemas);
        if (example != null && taken(codec, wireName, example)) {
            body.set("example", example);
        }
        paths.set("/v1/" + aggregate + "/{id}/" + command.name(), path);
    }

    /** A rule in the record may refuse what its schema allows: then there is no example. */
    private static boolean taken(Codec<?, ?> codec, String wireName, JsonNode example) {
        try {
            codec.readCommand(wireName, Json.TOLERANT.writeValueAsBytes(example));
            return true;
        } catch (Malformed e) {
            return false;
        }
    }

    private static ObjectNode template(JsonNode templates, String path) {
        return (ObjectNode) templates.path(path).deepCopy();
    }

    private static ObjectNode named(ObjectNode operation, String id, String tag, String summary) {
        operation.put("operationId", id).put("summary", summary).putArray("tags").addAll(List.of(
                operation.stringNode(tag)));
        return operation;
    }
}
