package dev.hivestream.helm;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A copy of the chart, with values of one's own for defaults. Its hooks are ordinary manifests, with the annotation
 * {@value #HOOK} in place of Helm's, for Helm keeps hooks out of what it renders.
 */
final class Chart {

    static final Path SOURCE = Path.of("hive-stream-processor");
    static final Path VALUES = Path.of("src", "test", "resources", "values");
    static final String HOOK = "tested/hook";
    static final String RELEASE = "rel";
    static final String NAMESPACE = "shop";
    /** The oldest that is supported. */
    private static final String KUBERNETES = "1.29.0";

    private static final Path COPIES = Path.of("target", "charts");
    private static final Map<Path, Chart> KNOWN = new HashMap<>();

    private final Path folder;
    private List<Manifest> rendered;

    private Chart(Path folder) {
        this.folder = folder;
    }

    /** The value files that the chart must take: its own, and those of the tests. */
    static List<Path> valueFiles() {
        List<Path> files = new ArrayList<>(List.of(SOURCE.resolve("values.yaml"),
                SOURCE.resolve("values-production.yaml")));
        try (Stream<Path> own = Files.list(VALUES)) {
            own.sorted().forEach(files::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    /** The chart with a file of values laid over its own; the same one for the same file. */
    static synchronized Chart with(Path file) throws IOException {
        Chart known = KNOWN.get(file);
        if (known == null) {
            known = with(COPIES.resolve(file.getFileName().toString()), Yaml.map(Files.readString(file)));
            KNOWN.put(file, known);
        }
        return known;
    }

    /** The chart with these values laid over its own, in a folder of this name. */
    static Chart with(Path folder, Map<String, Object> values) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(SOURCE)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            Path copy = folder.resolve(SOURCE.relativize(file).toString());
            Files.createDirectories(copy.getParent());
            String text = Files.readString(file);
            Files.writeString(copy, text.replace("helm.sh/hook:", HOOK + ":"));
        }
        Map<String, Object> merged = merged(Yaml.map(Files.readString(SOURCE.resolve("values.yaml"))), values);
        Files.writeString(folder.resolve("values.yaml"), Yaml.text(merged));
        return new Chart(folder);
    }

    LintResult lint() {
        return new Helm(folder).lint().call();
    }

    /**
     * What would be installed.
     *
     * @throws IllegalStateException with what is wrong with the values
     */
    synchronized List<Manifest> render() {
        if (rendered == null) {
            rendered = render(RELEASE);
        }
        return rendered;
    }

    /** The same, under another release's name. */
    List<Manifest> render(String release) {
        String rendered = new Helm(folder).template().withName(release).withNamespace(NAMESPACE)
                .withKubeVersion(KUBERNETES).call();
        return rendered == null ? List.of() : Manifest.all(rendered);
    }

    /** As Helm does: maps are laid over each other, all else is replaced. */
    @SuppressWarnings("unchecked")
    private static Map<String, Object> merged(Map<String, Object> under, Map<String, Object> over) {
        Map<String, Object> merged = new TreeMap<>(under);
        over.forEach((key, value) -> merged.put(key, value instanceof Map && merged.get(key) instanceof Map<?, ?> below
                ? merged((Map<String, Object>) below, (Map<String, Object>) value)
                : value));
        return merged;
    }
}
