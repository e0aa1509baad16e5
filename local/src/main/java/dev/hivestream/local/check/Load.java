package dev.hivestream.local.check;

import dev.hivestream.local.check.History.Answer;
import dev.hivestream.local.check.History.Outcome;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * HTTP clients at work, each with one command at a time. A client sends the same command under the same id again, to one
 * instance after the other, until it has a definite answer; what it learned goes into a {@link History}.
 */
public final class Load implements AutoCloseable {

    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** What a client is to send. */
    public record Command(String aggregate, String id, String name, String commandId, String body) {}

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2)).build();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final History history;
    private final List<String> urls;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final CountDownLatch giveUp = new CountDownLatch(1);
    private final CountDownLatch running;
    private final Map<String, LongAdder> heard = new ConcurrentHashMap<>();
    private final Queue<String> surprises = new ConcurrentLinkedQueue<>();
    private final LongAdder answered = new LongAdder();
    private final AtomicLong longest = new AtomicLong();
    private final long since = System.nanoTime();
    private volatile long until;

    /**
     * Starts clients.
     *
     * @param urls of the instances, without a slash at the end
     * @param commands gives each client its next command, from any thread; null ends the client
     */
    public Load(History history, List<String> urls, int clients, Supplier<@Nullable Command> commands) {
        this.history = history;
        this.urls = List.copyOf(urls);
        this.running = new CountDownLatch(clients);
        for (int i = 0; i < clients; i++) {
            int number = i;
            threads.execute(() -> client(number, commands));
        }
    }

    private void client(int number, Supplier<@Nullable Command> commands) {
        try {
            int url = number;
            while (stopping.getCount() > 0) {
                Command command = commands.get();
                if (command == null) {
                    break;
                }
                long begun = System.nanoTime();
                history.sent(command.commandId());
                while (!ask(urls.get(url % urls.size()), command)) {
                    url++;
                    if (giveUp.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                        return;
                    }
                }
                long took = System.nanoTime() - begun;
                longest.accumulateAndGet(took, Math::max);
                answered.increment();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            surprises.add("A client failed: " + e);
        } finally {
            until = System.nanoTime();
            running.countDown();
        }
    }

    private boolean ask(String url, Command command) throws InterruptedException {
        HttpRequest request = HttpRequest
                .newBuilder(URI.create(
                        url + "/v1/" + command.aggregate() + "/" + command.id() + "/" + command.name()))
                .header("Content-Type", "application/json").header("Idempotency-Key", command.commandId())
                .timeout(PATIENCE).POST(BodyPublishers.ofString(command.body())).build();
        try {
            return definite(command, http.send(request, BodyHandlers.ofString()));
        } catch (IOException e) {
            count(e.getClass().getSimpleName());
            return false;
        }
    }

    private boolean definite(Command command, HttpResponse<String> response) {
        int status = response.statusCode();
        JsonNode body = json(response.body());
        count(Integer.toString(status));
        if (status == 202 && response.headers().firstValue("Location").isEmpty()) {
            surprises.add("202 without a Location: " + response.body());
        }
        if (status == 503 && response.headers().firstValue("Retry-After").isEmpty()) {
            surprises.add("503 without Retry-After: " + response.body());
        }
        switch (status) {
            case 200 -> history.answered(new Answer(command.commandId(), command.aggregate(), command.id(),
                    Outcome.ACCEPTED, number(body.path("firstVersion")), number(body.path("version"))));
            case 412, 422 -> history.answered(new Answer(command.commandId(), command.aggregate(), command.id(),
                    Outcome.REJECTED, null, number(body.path("version"))));
            case 202, 429, 503 -> {
                return false;
            }
            default -> surprises.add(status + " " + response.body());
        }
        return true;
    }

    private void count(String what) {
        heard.computeIfAbsent(what, none -> new LongAdder()).increment();
    }

    private static JsonNode json(String body) {
        try {
            return Json.read(body);
        } catch (JacksonException e) {
            return MissingNode.getInstance();
        }
    }

    private static @Nullable Long number(JsonNode node) {
        return node.isNumber() ? node.asLong() : null;
    }

    /** How many commands have a definite answer. */
    public long answered() {
        return answered.sum();
    }

    /** How often each status, or failure to get one, was met. */
    public Map<String, Long> heard() {
        var counts = new TreeMap<String, Long>();
        heard.forEach((what, times) -> counts.put(what, times.sum()));
        return counts;
    }

    /** Answers that are neither definite nor such as an outage may give. */
    public List<String> surprises() {
        return List.copyOf(surprises);
    }

    /** Lets each client finish its command and no more; see {@link #awaitEnd}. */
    public void stop() {
        stopping.countDown();
    }

    /** Waits until all clients have ended; false if one still has no definite answer. */
    public boolean awaitEnd(Duration patience) throws InterruptedException {
        return running.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** In one line. */
    @Override
    public String toString() {
        long nanos = (until == 0 ? System.nanoTime() : until) - since;
        return "%d answered in %.1f s (%.0f a second), the longest took %.1f s; heard %s".formatted(answered(),
                nanos / 1e9, answered() / (nanos / 1e9), longest.get() / 1e9, heard());
    }

    @Override
    public void close() {
        stopping.countDown();
        giveUp.countDown();
        threads.shutdownNow();
        threads.close();
        http.shutdownNow();
        http.close();
    }
}
