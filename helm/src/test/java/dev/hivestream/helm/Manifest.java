package dev.hivestream.helm;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One resource for Kubernetes, as the chart renders it. */
record Manifest(JsonObject json) {

    private static final Gson GSON = new Gson();

    static List<Manifest> all(String text) {
        return Yaml.all(text).stream().map(one -> new Manifest(GSON.toJsonTree(one).getAsJsonObject())).toList();
    }

    String kind() {
        return text("kind");
    }

    String name() {
        return text("metadata.name");
    }

    /** The text at a path of names and positions, as spec.containers.0.name; empty if nothing is there. */
    String text(String path) {
        JsonElement at = at(path);
        return at.isJsonPrimitive() ? at.getAsString() : "";
    }

    /** What is at a path; an empty object if nothing is there. */
    JsonElement at(String path) {
        return at(json, path);
    }

    static JsonElement at(JsonElement from, String path) {
        JsonElement at = from;
        for (String step : path.split("\\.")) {
            if (at.isJsonArray()) {
                int position = Integer.parseInt(step);
                at = position < at.getAsJsonArray().size() ? at.getAsJsonArray().get(position) : new JsonObject();
            } else {
                at = at.isJsonObject() && at.getAsJsonObject().has(step)
                        ? at.getAsJsonObject().get(step)
                        : new JsonObject();
            }
        }
        return at;
    }

    /** A map of texts. */
    Map<String, String> texts(String path) {
        return texts(at(path));
    }

    static Map<String, String> texts(JsonElement map) {
        Map<String, String> texts = new TreeMap<>();
        map.getAsJsonObject().entrySet().forEach(entry -> texts.put(entry.getKey(), entry.getValue().getAsString()));
        return texts;
    }

    Map<String, String> labels() {
        return texts("metadata.labels");
    }

    /** Helm's annotations, hooks among them. */
    Map<String, String> annotations() {
        return texts("metadata.annotations");
    }

    boolean isHook() {
        return annotations().containsKey(Chart.HOOK);
    }

    /** The pod that it makes, or is; null if it is about none. */
    Manifest pod() {
        return switch (kind()) {
            case "Pod" -> this;
            case "StatefulSet", "Job" -> new Manifest(at("spec.template").getAsJsonObject());
            default -> null;
        };
    }

    /** The containers of a pod, those that initialize it among them. */
    List<JsonObject> containers() {
        List<JsonObject> containers = new ArrayList<>(elements("spec.containers"));
        containers.addAll(elements("spec.initContainers"));
        return containers;
    }

    /** The objects in a list; none if there is no list. */
    List<JsonObject> elements(String path) {
        return elements(json, path);
    }

    static List<JsonObject> elements(JsonElement from, String path) {
        JsonElement at = at(from, path);
        JsonArray array = at.isJsonArray() ? at.getAsJsonArray() : new JsonArray();
        return array.asList().stream().map(JsonElement::getAsJsonObject).toList();
    }

    @Override
    public String toString() {
        return kind() + " " + name();
    }
}
