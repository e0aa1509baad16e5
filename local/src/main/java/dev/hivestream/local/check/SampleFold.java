package dev.hivestream.local.check;

import dev.hivestream.local.check.Topics.Entry;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What the events of the samples {@code content} and {@code account} fold to, written down a second time. */
final class SampleFold {

    private SampleFold() {}

    /** The state after an aggregate's events. */
    static JsonNode of(List<Entry> events) {
        ObjectNode state = JsonNodeFactory.instance.objectNode();
        for (Entry event : events) {
            apply(event.header("ce_type"), Json.read(event.value()), state);
        }
        return read(state);
    }

    /** The state after one more event. */
    static JsonNode next(JsonNode state, Event event) {
        ObjectNode next = state.isObject() ? (ObjectNode) state.deepCopy() : JsonNodeFactory.instance.objectNode();
        apply(event.type(), Json.read(event.payload()), next);
        return read(next);
    }

    private static JsonNode read(ObjectNode state) {
        // numbers read from text are equal if they are written alike, others only if they are of one Java type
        return Json.read(state.toString());
    }

    private static void apply(String type, JsonNode event, ObjectNode state) {
        switch (type) {
            case "content.created" -> state.put("text", event.path("text").asString())
                    .put("enabled", event.path("enabled").asBoolean());
            case "content.edited" -> state.put("text", event.path("text").asString());
            case "content.enabled" -> state.put("enabled", true);
            case "content.disabled" -> state.put("enabled", false);
            case "account.opened" -> state.put("status", "OPEN").put("owner", event.path("owner").asString())
                    .put("balance", 0L);
            case "account.deposited" -> state.put("balance", balance(state) + event.path("amount").asLong());
            case "account.withdrawn" -> state.put("balance", balance(state) - event.path("amount").asLong());
            case "account.closed" -> state.put("status", "CLOSED");
            default -> throw new IllegalStateException("Unknown event " + type);
        }
    }

    private static long balance(ObjectNode state) {
        return state.path("balance").asLong();
    }
}
