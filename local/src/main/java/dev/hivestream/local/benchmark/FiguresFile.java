package dev.hivestream.local.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What a benchmark found out, as JSON. */
final class FiguresFile {

    private FiguresFile() {}

    /** Writes figures, and on what they were measured; no file: does nothing. */
    static void write(@Nullable Path file, Map<String, Object> figures) throws IOException {
        if (file == null) {
            return;
        }
        var all = new LinkedHashMap<>(figures);
        all.put("processors", Runtime.getRuntime().availableProcessors());
        all.put("java", System.getProperty("java.version"));
        var mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        Files.writeString(file, mapper.writeValueAsString(all) + "\n");
    }
}
