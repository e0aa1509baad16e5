package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's aggregate, compiled from the README, beside the boot jar as it is. */
class ReadmeIT {

    private static final Pattern FILE = Pattern.compile("`(\\w+\\.java)`\\n```java\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern FIXTURE = Pattern.compile("```java\\n(DeciderFixture.*?)```", Pattern.DOTALL);

    @TempDir
    Path directory;

    @Test
    void the_readmes_aggregate_runs_beside_the_boot_jar() throws Exception {
        Path jar = jar(compile());
        LocalStack stack = LocalStack.shared();
        int port = Ports.free();
        try (BootApp app = new BootApp("readme", Path.of("target/command-processor-boot.jar"), port, directory)
                .on(stack)
                .domains(jar).property("hive.instance", "readme").start()) {
            app.awaitReady(Duration.ofSeconds(90));
            HttpResponse<String> opened = post(port, "/v1/ticket/t-1/open", "{\"title\":\"It does not start\"}");
            assertThat(opened.statusCode()).as(opened.body()).isEqualTo(200);
            assertThat(post(port, "/v1/ticket/t-1/comment", "{\"text\":\"Did you plug it in?\"}").statusCode())
                    .isEqualTo(200);
            HttpResponse<String> state = HttpClient.newHttpClient().send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/ticket/t-1")).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(state.body()).isEqualTo("{\"title\":\"It does not start\",\"open\":true,\"comments\":1}");
            assertThat(state.headers().firstValue("ETag")).contains("\"2\"");
        }
    }

    @Test
    void the_readmes_fixture_passes() throws Exception {
        Path classes = compile();
        try (URLClassLoader loader = new URLClassLoader(new java.net.URL[]{classes.toUri().toURL()})) {
            loader.loadClass("support.Fixture").getMethod("run").invoke(null);
        }
    }

    private Path compile() throws Exception {
        String readme = Files.readString(Path.of("../README.md"));
        Path sources = Files.createDirectories(directory.resolve("src/support"));
        List<String> files = new ArrayList<>();
        for (MatchResult file : FILE.matcher(readme).results().toList()) {
            files.add(write(sources.resolve(file.group(1)), file.group(2)));
        }
        assertThat(files).hasSize(5);
        String fixture = FIXTURE.matcher(readme).results().findFirst().orElseThrow().group(1);
        files.add(write(sources.resolve("Fixture.java"), """
                package support;
                import dev.hivestream.model.fixture.DeciderFixture;
                import support.TicketCommand.*;
                import support.TicketEvent.*;
                public class Fixture {
                    public static void run() {
                        %s
                    }
                }
                """.formatted(fixture)));
        Path classes = Files.createDirectories(directory.resolve("classes"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> arguments = new ArrayList<>(List.of("-d", classes.toString(), "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
        arguments.addAll(files);
        assertThat(compiler.run(null, null, null, arguments.toArray(String[]::new))).isZero();
        write(Files.createDirectories(classes.resolve("META-INF/services")).resolve("dev.hivestream.model.Domain"),
                "support.SupportDomain\n");
        return classes;
    }

    private Path jar(Path classes) throws Exception {
        Path jar = directory.resolve("support.jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                entries.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                entries.write(Files.readAllBytes(file));
            }
        }
        return jar;
    }

    private static String write(Path file, String text) throws Exception {
        Files.writeString(file, text, StandardCharsets.UTF_8);
        return file.toString();
    }

    private static HttpResponse<String> post(int port, String path, String json) throws Exception {
        return HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).timeout(Duration.ofSeconds(30))
                        .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
