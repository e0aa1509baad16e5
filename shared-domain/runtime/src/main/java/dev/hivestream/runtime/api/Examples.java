package dev.hivestream.runtime.api;

import dev.hivestream.runtime.message.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** Values that schemas of {@link JsonSchemas} describe, for people to begin with. */
final class Examples {

    /** Of a record that holds itself, no deeper. */
    private static final int DEEP = 16;

    private Examples() {}

    /**
     * A value of a schema; text is the name of its field. Null if it would have no end.
     *
     * @param definitions what references of the schema refer to
     */
    static @Nullable JsonNode of(JsonNode schema, ObjectNode definitions) {
        return value("text", schema, definitions, 0);
    }

    private static @Nullable JsonNode value(String name, JsonNode schema, ObjectNode definitions, int depth) {
        if (depth > DEEP) {
            return null;
        }
        JsonNode reference = schema.path("$ref");
        if (reference.isString()) {
            String to = reference.asString();
            return value(name, definitions.path(to.substring(to.lastIndexOf('/') + 1)), definitions, depth + 1);
        }
        if (schema.has("const")) {
            return schema.path("const");
        }
        if (schema.has("enum")) {
            return schema.path("enum").path(0);
        }
        for (String choice : new String[]{"oneOf", "anyOf"}) {
            for (JsonNode one : schema.path(choice)) {
                JsonNode value = value(name, one, definitions, depth + 1);
                if (value != null) {
                    return value;
                }
            }
        }
        JsonNode type = schema.path("type");
        return switch (type.isArray() ? type.path(0).asString() : type.asString("")) {
            case "string" -> StringNode.valueOf(text(name, schema));
            case "integer" -> Json.TOLERANT.valueToTree(1);
            case "number" -> Json.TOLERANT.valueToTree(1.5);
            case "boolean" -> Json.TOLERANT.valueToTree(true);
            case "array" -> {
                ArrayNode array = Json.TOLERANT.createArrayNode();
                JsonNode item = value(name, schema.path("items"), definitions, depth + 1);
                yield item == null ? array : array.add(item);
            }
            case "object" -> object(schema, definitions, depth);
            default -> Json.TOLERANT.nullNode();
        };
    }

    private static @Nullable ObjectNode object(JsonNode schema, ObjectNode definitions, int depth) {
        ObjectNode object = Json.TOLERANT.createObjectNode();
        for (var property : schema.path("properties").properties()) {
            JsonNode value = value(property.getKey(), property.getValue(), definitions, depth + 1);
            if (value == null) {
                return null;
            }
            object.set(property.getKey(), value);
        }
        return object;
    }

    private static String text(String name, JsonNode schema) {
        if (schema.has("contentEncoding")) {
            return "aGl2ZQ==";
        }
        return switch (schema.path("format").asString("")) {
            case "date-time" -> "2026-01-31T12:00:00Z";
            case "date" -> "2026-01-31";
            case "duration" -> "PT1H";
            case "uuid" -> "0d9f4a52-5b5e-4c0e-9d0a-6c3c1f2b7a11";
            default -> schema.path("maxLength").asInt(0) == 1 ? "t" : name;
        };
    }
}
