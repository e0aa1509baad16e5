package dev.hivestream.runtime.api;

import dev.hivestream.runtime.message.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.node.ObjectNode;

/** What both documents begin with, what is the same for every domain, and how they are written. */
final class Document {

    private static final DefaultIndenter LINES = new DefaultIndenter("  ", "\n");
    private static final ObjectWriter WRITER = Json.TOLERANT.writer().with(
            new DefaultPrettyPrinter().withObjectIndenter(LINES).withArrayIndenter(LINES));

    private Document() {}

    /** What is the same for every domain. */
    static ObjectNode template(String name, String version) {
        try (InputStream resource = Objects.requireNonNull(Document.class.getResourceAsStream(name), name)) {
            ObjectNode document = (ObjectNode) Json.TOLERANT.readTree(resource);
            document.withObject("/info").put("version", version);
            return document;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As JSON that people can read too, the same on every platform. */
    static byte[] write(ObjectNode document) {
        return WRITER.writeValueAsBytes(document);
    }

    /** In an order that does not depend on the run. */
    static <T extends Comparable<T>> List<T> sorted(Iterable<T> names) {
        List<T> sorted = new ArrayList<>();
        names.forEach(sorted::add);
        sorted.sort(null);
        return sorted;
    }
}
