package dev.hivestream.commandprocessor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.CacheDump.Generation;
import dev.hivestream.local.check.CacheDump;
import dev.hivestream.local.check.Checker;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Load;
import dev.hivestream.model.Domain;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("faults")
class GenerationsIT {

    private static final int NOTES = 40;

    /** A domain of one's own; the places that differ between old and new code are filled in. */
    private static final String SOURCE = """
            package own;

            import dev.hivestream.model.*;
            import java.util.List;

            public final class Notes implements Domain {
                public sealed interface Command { record Write(String text) implements Command {} }
                public sealed interface Event { record Written(String text) implements Event {} }
                public record Note(String text%s) {}

                static final class NoteDecider implements Decider<Command, Note, Event> {
                    public Note initialState() { return new Note(""%s); }
                    public Decision<Event> decide(Command command, Note note) {
                        return switch (command) { case Command.Write(String text) -> Decision.accept(new Event.Written(text)); };
                    }
                    public Note evolve(Note note, Event event) {
                        return switch (event) { case Event.Written(String text) -> new Note(text%s); };
                    }
                }

                public List<Aggregate<?, ?, ?>> aggregates() {
                    return List.of(Aggregate.named("note", new NoteDecider(), Note.class)
                            .command("write", Command.Write.class).event("written", Event.Written.class).build());
                }
            }
            """;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void new_code_builds_its_own_generation_while_the_old_code_runs_on() throws Exception {
        try (Fleet fleet = new Fleet("generations"); http) {
            Path oldJar = jar(fleet.directory().resolve("old"), SOURCE.formatted("", "", ""));
            Path newJar = jar(fleet.directory().resolve("new"),
                    SOURCE.formatted(", int writes", ", 0", ", note.writes() + 1"));
            oldEvents(fleet);

            // the app as it is, with a domain of one's own and the samples beside it
            BootApp old = fleet.app("old", Fleet.samples(), oldJar).property("hive.http.patience", "1s").start()
                    .awaitReady(Fleet.PATIENCE);
            Awaitility.await().atMost(Fleet.PATIENCE).until(() -> get(old, "/v1/content/old").statusCode() == 200
                    && get(old, "/v1/content/older").statusCode() == 200);
            assertThat(get(old, "/v1/content/old").body()).isEqualTo("{\"text\":\"from version 1\",\"enabled\":false}");
            assertThat(get(old, "/v1/content/older").body())
                    .isEqualTo("{\"text\":\"without a version\",\"enabled\":false}");
            assertThat(post(old, "/v1/content/old/edit", "{\"text\":\"edited\"}").headers().firstValue("ETag"))
                    .contains("\"2\"");
            fleet.history().sent("edit");

            AtomicInteger number = new AtomicInteger();
            BootApp young = fleet.app("young", Fleet.samples(), newJar).property("hive.http.patience", "1s");
            try (Load load = new Load(fleet.history(), fleet.urls(), 4, () -> write(number.getAndIncrement()))) {
                Fleet.awaitAnswers(load, 2 * NOTES);
                young.start().awaitReady(Fleet.PATIENCE);
                Awaitility.await().atMost(Fleet.PATIENCE)
                        .until(() -> noteGenerations(fleet) > Fleet.PARTITIONS && old.isReady() && young.isReady());
                Fleet.awaitAnswers(load, 4 * NOTES);
                assertThat(old.process().isAlive()).isTrue();
                assertThat(fleet.log("note").events()).isNotEmpty();
                System.out.println("  side by side: " + load);
                assertThat(old.stop(Duration.ofSeconds(20))).isEqualTo(143);
                Fleet.awaitAnswers(load, 2 * NOTES);
                load.stop();
                assertThat(load.awaitEnd(Fleet.PATIENCE)).isTrue();
                System.out.println("  " + load);
                assertThat(load.surprises()).isEmpty();
            }
            young.awaitReady(Fleet.PATIENCE);
            fleet.awaitQuiet("note", "content");
            EventLog log = fleet.log("note", "content");
            CacheDump cache = CacheDump.read(fleet.stack().redis().port());
            assertThat(Checker.check(log, cache, fleet.history(), Map.of())).isEmpty();
            assertThat(noteGenerations(fleet)).isEqualTo(2 * Fleet.PARTITIONS);
            for (int i = 0; i < NOTES; i++) {
                String id = "note-" + i;
                var events = log.events().stream().filter(event -> event.id().equals(id)).toList();
                String written = events.getLast().payload();
                assertThat(get(young, "/v1/note/" + id).body()).isEqualTo(
                        written.substring(0, written.length() - 1) + ",\"writes\":" + events.size() + "}");
            }
        }
    }

    private static Load.Command write(int number) {
        return new Load.Command("note", "note-" + number % NOTES, "write", "write-" + number,
                "{\"text\":\"text " + number + "\"}");
    }

    private static long noteGenerations(Fleet fleet) {
        return CacheDump.read(fleet.stack().redis().port()).active().stream().map(Generation::slot)
                .filter(slot -> slot.startsWith("note:")).count();
    }

    /** Events as they were written before the payload changed, in a topic that no command was ever decided for. */
    private static void oldEvents(Fleet fleet) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", fleet.stack().broker().bootstrapServers());
        try (Admin admin = Admin.create(settings);
                var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            admin.createTopics(List.of(new NewTopic("content.events", Optional.of(Fleet.PARTITIONS), Optional.empty())
                    .configs(Map.of("retention.ms", "-1", "retention.bytes", "-1")))).all().get();
            var old = new ProducerRecord<>("content.events", "old", "{\"body\":\"from version 1\"}");
            old.headers().add("ce_dataversion", "1".getBytes(UTF_8));
            var older = new ProducerRecord<>("content.events", "older", "{\"body\":\"without a version\"}");
            for (var event : List.of(old, older)) {
                String command = "create-" + event.key();
                fleet.history().sent(command);
                event.headers().add("ce_type", "content.created".getBytes(UTF_8))
                        .add("ce_sequence", "1".getBytes(UTF_8)).add("ce_causationid", command.getBytes(UTF_8));
                producer.send(event).get();
            }
        }
    }

    private HttpResponse<String> get(BootApp app, String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> post(BootApp app, String path, String json) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).header("Content-Type", "application/json")
                .header("Idempotency-Key", "edit").POST(HttpRequest.BodyPublishers.ofString(json)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static Path jar(Path folder, String source) throws IOException {
        Path file = folder.resolve("own/Notes.java");
        Path classes = folder.resolve("classes");
        Files.createDirectories(file.getParent());
        Files.createDirectories(classes);
        Files.writeString(file, source);
        String model = Path.of(URI.create(Domain.class.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-parameters", "-proc:none", "-cp", model,
                "-d", classes.toString(), file.toString())).isZero();
        Path jar = folder.resolve("notes.jar");
        try (var out = new JarOutputStream(Files.newOutputStream(jar));
                var compiled = Files.list(classes.resolve("own"))) {
            for (Path one : compiled.toList()) {
                out.putNextEntry(new JarEntry("own/" + one.getFileName()));
                out.write(Files.readAllBytes(one));
            }
            out.putNextEntry(new JarEntry("META-INF/services/" + Domain.class.getName()));
            out.write("own.Notes\n".getBytes(UTF_8));
        }
        return jar;
    }
}
