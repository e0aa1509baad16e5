package dev.hivestream.helm;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** YAML, in which no key may be there twice. */
final class Yaml {

    private Yaml() {}

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(String text) {
        Object read = yaml().load(text);
        return read == null ? Map.of() : (Map<String, Object>) read;
    }

    /** The documents in a text, without empty ones. */
    static List<Object> all(String text) {
        return StreamSupport.stream(yaml().loadAll(text).spliterator(), false).filter(Objects::nonNull).toList();
    }

    static String text(Map<String, Object> map) {
        return yaml().dump(map);
    }

    private static org.yaml.snakeyaml.Yaml yaml() {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        return new org.yaml.snakeyaml.Yaml(new SafeConstructor(options));
    }
}
