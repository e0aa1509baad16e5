package dev.hivestream.runtime.message;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.samples.SampleDomain;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {

    private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();
    private static final StandardJavaFileManager FILES = COMPILER.getStandardFileManager(null, null, null);

    private static final String BASE = """
            record State(String name, Inner inner, Shape shape, Mood mood, java.util.List<Item> items) {}
            record Inner(long depth) {}
            record Item(int count, State parent) {}
            sealed interface Shape {}
            record Circle(long radius) implements Shape {}
            record Square(long side) implements Shape {}
            enum Mood { GOOD, BAD }
            """;

    @TempDir
    Path directory;

    @Test
    void the_samples_have_the_fingerprints_that_they_have_in_this_format() {
        // a change of these is a rebuild for everybody: it must be meant
        assertThat(Fingerprint.of(SampleDomain.CONTENT, "topic")).isEqualTo("6e392c308c85");
        assertThat(Fingerprint.of(SampleDomain.ACCOUNT, "topic")).isEqualTo("28e1a697feed");
    }

    @Test
    void it_is_the_same_for_the_same_shape() throws Exception {
        String base = of(BASE);
        assertThat(base).matches("[0-9a-f]{12}");
        assertThat(of(BASE + "record Stranger(long other) {}")).isEqualTo(base);
        assertThat(of(BASE.replace("Inner(long depth) {}", "Inner(long depth) { long twice() { return 2 * depth; } }")))
                .isEqualTo(base);
        assertThat(of(BASE.replace("record Circle(long radius) implements Shape {}\n", "")
                + "record Circle(long radius) implements Shape {}"))
                .as("the order in which permitted subtypes are declared").isEqualTo(base);
    }

    @Test
    void every_change_of_the_shape_changes_it() throws Exception {
        List<String> changes = List.of(BASE, BASE.replace("String name", "String title"),
                BASE.replace("String name", "CharSequence name"), BASE.replace("String name, ", ""),
                BASE.replace("String name", "String name, String more"), BASE.replace("long depth", "int depth"),
                BASE.replace("long depth", "long height"), BASE.replace("int count", "long count"),
                BASE.replace("List<Item>", "Set<Item>"), BASE.replace("List<Item>", "List<Inner>"),
                BASE.replace("long radius", "long diameter"), BASE.replace("Square(", "Rectangle("),
                BASE + "record Line() implements Shape {}", BASE.replace("GOOD, BAD", "GOOD, BAD, UGLY"),
                BASE.replace("GOOD, BAD", "FINE, BAD"),
                BASE.replace("Inner inner, Shape shape", "Shape shape, Inner inner"));
        Set<String> fingerprints = new HashSet<>();
        for (String change : changes) {
            fingerprints.add(of(change));
        }
        assertThat(fingerprints).hasSameSizeAs(changes);
    }

    @Test
    void the_evolve_version_and_the_events_topic_change_it() {
        Aggregate<Object, String, Object> first = aggregate(String.class, 1);
        Aggregate<Object, String, Object> second = aggregate(String.class, 2);
        assertThat(Set.of(Fingerprint.of(first, "a"), Fingerprint.of(first, "b"), Fingerprint.of(second, "a"),
                Fingerprint.of(second, "b"))).hasSize(4);
        assertThat(Fingerprint.of(aggregate(String.class, 1), "a")).isEqualTo(Fingerprint.of(first, "a"));
        assertThat(Fingerprint.of(aggregate(String.class, 1), "1/a"))
                .isNotEqualTo(Fingerprint.of(aggregate(String.class, 11), "/a"));
    }

    /** Of {@code State}, as this source declares it: the same names, another shape. */
    private String of(String source) throws Exception {
        Path classes = Files.createTempDirectory(directory, "classes");
        FILES.setLocationFromPaths(StandardLocation.CLASS_OUTPUT, List.of(classes));
        JavaFileObject unit = new SimpleJavaFileObject(URI.create("string:///State.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
        assertThat(COMPILER.getTask(null, FILES, null, List.of("-proc:none"), null, List.of(unit)).call()).as(source)
                .isTrue();
        try (URLClassLoader loader = new URLClassLoader(new URL[]{classes.toUri().toURL()}, null)) {
            return Fingerprint.of(aggregate(loader.loadClass("State"), 1), "topic");
        }
    }

    private static <S> Aggregate<Object, S, Object> aggregate(Class<S> state, int evolveVersion) {
        return Aggregate.named("shaped", new Decider<Object, S, Object>() {
            @Override
            public S initialState() {
                throw new UnsupportedOperationException();
            }

            @Override
            public Decision<Object> decide(Object command, S before) {
                throw new UnsupportedOperationException();
            }

            @Override
            public S evolve(S before, Object event) {
                throw new UnsupportedOperationException();
            }
        }, state).command("do", Object.class).event("done", Object.class).evolveVersion(evolveVersion).build();
    }
}
