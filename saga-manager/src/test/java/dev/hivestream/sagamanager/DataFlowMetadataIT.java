package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** In the boot jars, where Data Flow looks for it. */
class DataFlowMetadataIT {

    private static final String GENERATED = "META-INF/spring-configuration-metadata.json";

    private final Set<String> classes = new TreeSet<>();
    private final Set<String> names = new TreeSet<>();

    @ParameterizedTest
    @ValueSource(strings = {"command-processor", "saga-manager", "cache-rebuilder"})
    void what_data_flow_shows_of_an_app_are_properties_that_it_has(String app) throws IOException {
        Properties shown = new Properties();
        try (ZipFile jar = new ZipFile(Path.of("..", app, "target", app + "-boot.jar").toFile())) {
            try (InputStream file = jar.getInputStream(
                    jar.getEntry("META-INF/dataflow-configuration-metadata.properties"))) {
                shown.load(file);
            }
            for (ZipEntry entry : (Iterable<ZipEntry>) jar.stream().map(ZipEntry.class::cast)::iterator) {
                if (entry.getName().equals(GENERATED)) {
                    read(jar.getInputStream(entry));
                } else if (entry.getName().matches("BOOT-INF/lib/(hive|spring-boot)-.*\\.jar")) {
                    library(jar, entry);
                }
            }
        }
        assertThat(list(shown, "classes")).isNotEmpty().isSubsetOf(classes);
        assertThat(list(shown, "names")).isNotEmpty().isSubsetOf(names);
        assertThat(list(shown, "inbound-ports")).isEqualTo(app.equals("saga-manager")
                ? List.of("router", "inbox")
                : List.of("input"));
        assertThat(shown.stringPropertyNames()).allMatch(name -> name.startsWith("configuration-properties."));
    }

    private void library(ZipFile jar, ZipEntry library) throws IOException {
        try (ZipInputStream entries = new ZipInputStream(jar.getInputStream(library))) {
            for (ZipEntry entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
                if (entry.getName().equals(GENERATED)) {
                    read(entries);
                    return;
                }
            }
        }
    }

    private void read(InputStream file) throws IOException {
        for (JsonNode property : JsonMapper.shared().readTree(file.readAllBytes()).path("properties")) {
            names.add(property.path("name").asString());
            classes.add(property.path("sourceType").asString(""));
        }
    }

    private static List<String> list(Properties shown, String what) {
        return List.of(shown.getProperty("configuration-properties." + what).split(","));
    }
}
