package dev.hivestream.helm;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Reads manifests with Kubernetes' own model, at any depth: a field that it does not have, lacks or has of another type is
 * an error. Resources of operators are read with the fields that are listed in custom-resources.yaml.
 */
final class Strictly {

    private static final String MODEL = "io.kubernetes.client.openapi.models.";
    private static final Map<String, Object> CUSTOM = custom();

    private Strictly() {}

    /**
     * Reads it.
     *
     * @throws IllegalArgumentException with what is wrong
     */
    static void read(Manifest manifest) {
        String version = manifest.text("apiVersion");
        if (CUSTOM.containsKey(manifest.kind())) {
            fields(manifest.kind(), CUSTOM.get(manifest.kind()), manifest.json());
            return;
        }
        String type = version.substring(version.indexOf('/') + 1);
        Class<?> model;
        try {
            model = Class.forName(MODEL + type.substring(0, 1).toUpperCase(Locale.ROOT) + type.substring(1)
                    + manifest.kind());
            model.getMethod("validateJsonElement", JsonElement.class).invoke(null, manifest.json());
            texts(manifest.json(), manifest.kind());
            Objects.requireNonNull(JSON.getGson().fromJson(manifest.json(), model));
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException("Kubernetes has no " + version + " " + manifest.kind(), e);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(manifest + ": " + e.getCause().getMessage(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(manifest + ": " + e.getMessage(), e);
        }
    }

    /** Numbers and booleans where Kubernetes wants texts: the model takes them, the API server does not. */
    private static void texts(JsonElement json, String where) {
        if (json.isJsonArray()) {
            json.getAsJsonArray().forEach(each -> texts(each, where));
        } else if (json.isJsonObject()) {
            JsonObject object = json.getAsJsonObject();
            for (String name : List.of("labels", "annotations", "matchLabels", "nodeSelector", "data", "args",
                    "command",
                    "value")) {
                JsonElement at = object.get(name);
                if (at != null) {
                    requireTexts(at, where + "." + name);
                }
            }
            object.entrySet().forEach(entry -> texts(entry.getValue(), where + "." + entry.getKey()));
        }
    }

    private static void requireTexts(JsonElement json, String where) {
        if (json.isJsonPrimitive() && !json.getAsJsonPrimitive().isString()) {
            throw new IllegalArgumentException(where + " is " + json + ", and a text is wanted");
        } else if (json.isJsonArray()) {
            json.getAsJsonArray().forEach(each -> requireTexts(each, where));
        } else if (json.isJsonObject()) {
            json.getAsJsonObject().entrySet()
                    .forEach(each -> requireTexts(each.getValue(), where + "." + each.getKey()));
        }
    }

    /** A map of fields, a list with what its elements are, or the name of a type. */
    private static void fields(String where, Object allowed, JsonElement json) {
        if (allowed instanceof Map<?, ?> names) {
            require(json.isJsonObject(), where, "an object", json);
            json.getAsJsonObject().entrySet().forEach(field -> {
                if (!names.containsKey(field.getKey())) {
                    throw new IllegalArgumentException(where + " has no field `" + field.getKey() + "`");
                }
                fields(where + "." + field.getKey(), names.get(field.getKey()), field.getValue());
            });
        } else if (allowed instanceof List<?> element) {
            require(json.isJsonArray(), where, "a list", json);
            json.getAsJsonArray().forEach(each -> fields(where, element.getFirst(), each));
        } else {
            switch (String.valueOf(allowed)) {
                case "text" -> require(json.isJsonPrimitive() && json.getAsJsonPrimitive().isString(), where, "a text",
                        json);
                case "number" -> require(json.isJsonPrimitive() && json.getAsJsonPrimitive().isNumber(), where,
                        "a number", json);
                case "texts" -> {
                    require(json.isJsonObject(), where, "an object", json);
                    requireTexts(json, where);
                }
                default -> throw new IllegalStateException("custom-resources.yaml: " + allowed);
            }
        }
    }

    private static void require(boolean holds, String where, String wanted, JsonElement json) {
        if (!holds) {
            throw new IllegalArgumentException(where + " is " + json + ", and " + wanted + " is wanted");
        }
    }

    private static Map<String, Object> custom() {
        try {
            return Yaml.map(Files.readString(Path.of("src", "test", "resources", "custom-resources.yaml")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
