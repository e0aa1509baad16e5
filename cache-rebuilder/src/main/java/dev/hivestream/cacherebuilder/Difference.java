package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.message.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Something in which a cache is not what the log says.
 *
 * @param slot {@code account:3}
 * @param id of the aggregate; null if it is the checkpoint
 * @param what is wrong
 * @param expected version, by the log; null if none is
 * @param actual version, in the cache; null if there is none
 * @param changes where the snapshot differs, as JSON pointers
 */
record Difference(String slot, @Nullable String id, String what, @Nullable Long expected, @Nullable Long actual,
        List<Change> changes) {

    private static final int CHANGES = 20;

    /**
     * A value that differs.
     *
     * @param at JSON pointer
     * @param expected as JSON, null if there should be none
     * @param actual as JSON, null if there is none
     */
    record Change(String at, @Nullable String expected, @Nullable String actual) {}

    /** The snapshot as a tree; null if it is not JSON. */
    static @Nullable JsonNode tree(byte[] stored) {
        try {
            return Json.TOLERANT.readTree(stored);
        } catch (JacksonException e) {
            return null;
        }
    }

    /** Where two trees differ. The order of an object's members counts only under {@code commands}: it is their age. */
    static List<Change> changes(JsonNode expected, JsonNode actual) {
        List<Change> changes = new ArrayList<>();
        compare("", expected, actual, changes);
        if (changes.isEmpty()
                && !expected.path("commands").propertyNames().equals(actual.path("commands").propertyNames())) {
            changes.add(new Change("/commands", "another order", null));
        }
        return changes;
    }

    private static void compare(String at, @Nullable JsonNode expected, @Nullable JsonNode actual,
            List<Change> changes) {
        if (changes.size() >= CHANGES) {
            return;
        }
        if (expected != null && actual != null && expected.isObject() && actual.isObject()) {
            Set<String> names = new TreeSet<>(expected.propertyNames());
            names.addAll(actual.propertyNames());
            for (String name : names) {
                compare(at + "/" + name.replace("~", "~0").replace("/", "~1"), expected.get(name), actual.get(name),
                        changes);
            }
        } else if (expected == null || !expected.equals(actual)) {
            changes.add(new Change(at, expected == null ? null : expected.toString(),
                    actual == null ? null : actual.toString()));
        }
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("slot", slot);
        if (id != null) {
            json.put("id", id);
        }
        json.put("what", what);
        if (expected != null) {
            json.put("expectedVersion", expected);
        }
        if (actual != null) {
            json.put("actualVersion", actual);
        }
        if (!changes.isEmpty()) {
            json.put("changes", changes);
        }
        return json;
    }

    String text() {
        StringBuilder text = new StringBuilder(slot);
        if (id != null) {
            text.append(" '").append(id).append('\'');
        }
        text.append(": ").append(what);
        for (Change change : changes) {
            text.append("\n    ").append(change.at.isEmpty() ? "/" : change.at).append(": ")
                    .append(change.expected == null ? "nothing" : change.expected).append(" in the log, ")
                    .append(change.actual == null ? "nothing" : change.actual).append(" in the cache");
        }
        return text.toString();
    }
}
