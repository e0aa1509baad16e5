package dev.hivestream.local.check;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The checks' JSON: trees, without any class of the apps. Two are compared only if both were read from text. */
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private Json() {}

    static JsonNode read(String text) {
        return MAPPER.readTree(text);
    }
}
