package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.Child;
import dev.hivestream.local.Job;
import dev.hivestream.local.faults.Stage.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the apps tell of themselves: sagas, threads, open files, memory, logs. */
final class Health implements AutoCloseable {

    private static final Pattern FRAME = Pattern.compile("^\\s+at (?:[\\w.]+/+)*[\\w.$]+\\.[\\w$<>]+\\(.*");
    private static final Pattern ENTRY = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT");
    private static final int MEGABYTE = 1024 * 1024;

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Path directory;

    Health(Path directory) {
        this.directory = directory;
    }

    /**
     * What a process holds.
     *
     * @param files open, connections among them
     * @param heap in use after a collection, in MB
     */
    record Held(long threads, long files, long heap) {

        /** What more than that would be a leak, with room for what comes and goes. */
        boolean leaks(Held later) {
            return later.threads > threads + 25 || later.files > files + 50 || later.heap > 2 * heap + 48;
        }
    }

    /** What the apps hold now, by name. */
    Map<String, Held> held(List<Node> nodes) {
        Map<String, Held> held = new HashMap<>();
        for (Node node : nodes) {
            long pid = node.app().process().pid();
            String jcmd = Path.of(Child.java()).resolveSibling("jcmd").toString();
            Job.run("jcmd", List.of(jcmd, "" + pid, "GC.run"), directory, Duration.ofSeconds(30));
            held.put(node.name(), new Held(metric(node, "jvm.threads.live"), files(pid),
                    metric(node, "jvm.memory.used?tag=area:heap") / MEGABYTE));
        }
        return held;
    }

    private static long files(long pid) {
        try (var files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return files.count();
        } catch (IOException e) {
            // not Linux: connections are not counted
            return 0;
        }
    }

    private long metric(Node node, String name) {
        return get(node.app().url() + "/actuator/metrics/" + name).path("measurements").path(0).path("value").asLong();
    }

    /**
     * Sagas that are neither completed nor compensated.
     *
     * @param sagaManager its address
     */
    List<String> unended(String sagaManager) {
        List<String> found = new ArrayList<>();
        get(sagaManager + "/actuator/sagas").properties()
                .forEach(saga -> saga.getValue().properties().forEach(count -> {
                    if (!Set.of("completed", "compensated").contains(count.getKey()) && count.getValue().asLong() > 0) {
                        found.add(count.getValue() + " of " + saga.getKey() + " " + count.getKey());
                    }
                }));
        return found;
    }

    /** Lets all parked instances of a saga go on. @param sagaManager its address */
    void retryParked(String sagaManager, String saga) {
        for (JsonNode parked : get(sagaManager + "/actuator/sagas/" + saga + "?status=parked&limit=1000")) {
            var retry = HttpRequest.newBuilder(
                    URI.create(sagaManager + "/actuator/sagas/" + saga + "/" + parked.path("id").asString() + "/retry"))
                    .timeout(Duration.ofSeconds(20)).header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"by\":\"faults\",\"why\":\"other code runs\"}"));
            // refused if it is not parked any more, or the code still cannot fold its past
            send(retry.build());
        }
    }

    /** The entries of logs that have a stack trace. */
    static List<String> stackTraces(List<Node> nodes) {
        Set<String> found = new LinkedHashSet<>();
        for (Node node : nodes) {
            try (var lines = Files.lines(node.app().process().logFile())) {
                stackTraces(lines).forEach(line -> found.add(node + ": " + line));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return List.copyOf(found);
    }

    static List<String> stackTraces(Stream<String> lines) {
        Set<String> found = new LinkedHashSet<>();
        String entry = "";
        for (String line : (Iterable<String>) lines::iterator) {
            if (ENTRY.matcher(line).lookingAt()) {
                entry = line;
            } else if (FRAME.matcher(line).matches()) {
                found.add(entry);
            }
        }
        return List.copyOf(found);
    }

    private JsonNode get(String url) {
        return JsonMapper.shared().readTree(
                send(HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20)).build()));
    }

    private String send(HttpRequest request) {
        try {
            return http.send(request, BodyHandlers.ofString()).body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
