package dev.hivestream.commandprocessor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The tables in the documentation. */
final class Documents {

    private static final Path DOCS = Path.of("..", "docs");

    private Documents() {}

    /** The rows whose first cell is something of ours: {@code `hive.…`}. */
    static List<List<String>> rows(String document) throws IOException {
        return Files.readAllLines(DOCS.resolve(document)).stream().filter(line -> line.startsWith("| `hive."))
                .map(line -> Arrays.stream(line.substring(1, line.length() - 1).split("\\|")).map(String::strip)
                        .toList())
                .toList();
    }
}
