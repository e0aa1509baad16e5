package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.HttpReply;
import dev.hivestream.local.check.Fleet;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Ten times as many commands as can be decided. So that one machine can send that many, batches are kept small. Most of those
 * who send do not wait for their results, so nothing but the answers holds them back.
 */
@Tag("faults")
class OverloadIT {

    private static final Duration OVERLOAD = Duration.ofSeconds(Integer.getInteger("overload.seconds", 8));
    private static final Duration MEASURED = Duration.ofSeconds(4);
    /** Long enough to compare figures; a short run, beside other tests, asks only whether all is refused that has to be. */
    private static final boolean IN_EARNEST = OVERLOAD.toSeconds() >= 30;
    private static final Duration WARM_UP = IN_EARNEST ? OVERLOAD.dividedBy(2) : MEASURED;
    private static final Duration MAX_QUEUE = Duration.ofSeconds(2);
    /** The queue, and what a machine adds that broker, Redis, app and all clients share, and others. */
    private static final Duration LONGEST = Duration.ofSeconds(Integer.getInteger("overload.longest", 10));
    /** Of what is decided otherwise: those who are refused take their part of the same processors. */
    private static final double LEAST = Integer.getInteger("overload.least", 10) / 100.0;
    private static final int FACTOR = 10;
    private static final int WAITING = 32;
    private static final int HASTY = IN_EARNEST ? 96 : 48;
    private static final int ACCOUNTS = 64;
    private static final String DEPOSIT = "{\"amount\":1}";

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final AtomicLong number = new AtomicLong();
    private final ConcurrentLinkedQueue<String> surprises = new ConcurrentLinkedQueue<>();

    /** What clients heard for some time. */
    private record Heard(Map<String, LongAdder> answers, ConcurrentLinkedQueue<Long> nanos, Duration time) {

        Heard(Duration time) {
            this(new ConcurrentHashMap<>(), new ConcurrentLinkedQueue<>(), time);
        }

        void count(String answer) {
            answers.computeIfAbsent(answer, none -> new LongAdder()).increment();
        }

        double perSecond(String status) {
            LongAdder count = answers.get(status);
            return (count == null ? 0 : count.sum()) * 1e9 / time.toNanos();
        }

        double offered() {
            return answers.values().stream().mapToLong(LongAdder::sum).sum() * 1e9 / time.toNanos();
        }

        /** Of those that were accepted and waited for, in milliseconds. */
        double percentile(double part) {
            long[] sorted = nanos.stream().mapToLong(one -> one).sorted().toArray();
            return sorted.length == 0 ? Double.NaN : sorted[(int) (part * (sorted.length - 1))] / 1e6;
        }

        @Override
        public String toString() {
            return "%.0f/s offered, %.0f/s answered 200, p50 %.0f ms, p99 %.0f ms, %s".formatted(offered(),
                    perSecond("200"), percentile(0.5), percentile(0.99), new TreeMap<>(answers));
        }
    }

    @Test
    void ten_times_what_can_be_decided_is_refused_in_time_and_forgotten_at_once() throws Exception {
        try (Fleet fleet = new Fleet("overload")) {
            BootApp app = fleet.app("overloaded").property("hive.aggregates", "account")
                    .property("hive.http.patience", "30s").property("hive.http.max-queue", MAX_QUEUE.toMillis() + "ms")
                    .property("spring.cloud.stream.kafka.bindings.input.consumer.configuration.max.poll.records",
                            IN_EARNEST ? "1" : "4");
            if (IN_EARNEST) {
                // what is refused has to cost what it costs in earnest
                app.jvmOptions("-XX:TieredStopAtLevel=4");
            }
            app.start().awaitReady(Fleet.PATIENCE);
            for (int i = 0; i < ACCOUNTS; i++) {
                assertThat(send(app, "/v1/account/a" + i + "/open", "{\"owner\":\"Ada\"}").statusCode())
                        .isEqualTo(200);
            }
            run(app, WARM_UP, 0);
            Heard before = run(app, MEASURED, 0);
            System.out.println("  sustained:  " + before);
            double wanted = FACTOR * before.perSecond("200");
            Heard during = run(app, OVERLOAD, wanted);
            System.out.println("  overloaded: " + during + ", heap " + heap(app) + " MB");
            long ended = System.nanoTime();
            Heard after = run(app, MEASURED, 0);
            double back = Double.NaN;
            for (int i = 0; i < 5 && Double.isNaN(back); i++) {
                if (after.perSecond("200") > 0.7 * before.perSecond("200")) {
                    back = (System.nanoTime() - ended) / 1e9 - MEASURED.toSeconds();
                } else {
                    after = run(app, MEASURED, 0);
                }
            }
            System.out.printf("  afterwards: %s, full speed after %.0f s, heap %d MB%n", after, back, heap(app));

            assertThat(surprises).isEmpty();
            assertThat(during.answers().keySet()).isSubsetOf("200", "202", "429", "503");
            assertThat(during.answers()).containsKey("429");
            assertThat(during.perSecond("200") + during.perSecond("202"))
                    .as("decided while most are refused").isGreaterThan(LEAST * before.perSecond("200"));
            assertThat(during.percentile(0.99)).isLessThan(LONGEST.toMillis());
            assertThat(back).isLessThan(10);
            assertThat(Files.readString(fleet.directory().resolve("overloaded.log"))).doesNotContain("OutOfMemory",
                    "A request failed");
            fleet.awaitQuiet("account");
        } finally {
            http.close();
        }
    }

    /** Some wait for each answer; others, if there are any, send at a rate and do not wait. */
    private Heard run(BootApp app, Duration time, double hasty) throws InterruptedException {
        Heard heard = new Heard(time);
        long since = System.nanoTime();
        AtomicLong sent = new AtomicLong();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < WAITING; i++) {
                clients.execute(() -> {
                    while (System.nanoTime() - since < time.toNanos()) {
                        deposit(app, heard);
                    }
                });
            }
            for (int i = 0; i < (hasty > 0 ? HASTY : 0); i++) {
                clients.execute(() -> hasty(app, heard, time, since, () -> since
                        + (long) (sent.getAndIncrement() / hasty * 1e9)));
            }
            clients.shutdown();
            assertThat(clients.awaitTermination(time.toSeconds() + 60, TimeUnit.SECONDS)).isTrue();
        }
        return heard;
    }

    private void deposit(BootApp app, Heard heard) {
        long begun = System.nanoTime();
        try {
            HttpResponse<String> answer = send(app, deposit(), DEPOSIT);
            int status = answer.statusCode();
            heard(heard, status, answer.headers().firstValue("Retry-After").isPresent(), answer.body());
            if (status == 200) {
                heard.nanos.add(System.nanoTime() - begun);
            } else if (status == 429 || status == 503) {
                // it does what it was told, though not for as long
                LockSupport.parkNanos(100_000_000);
            }
        } catch (IOException e) {
            heard.count(e.getClass().getSimpleName());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String deposit() {
        return "/v1/account/a" + number.incrementAndGet() % ACCOUNTS + "/deposit";
    }

    private void heard(Heard heard, int status, boolean tellsWhen, String text) {
        heard.count("" + status);
        if (status == 429 || status == 503) {
            if (!tellsWhen) {
                surprises.add(status + " without Retry-After");
            }
        } else if (status != 200 && status != 202) {
            surprises.add(status + " " + text);
        }
    }

    /**
     * Does not wait for results, and does not do what it is told. On bare sockets: a client that costs more than it takes to
     * refuse it cannot send that many from the same machine.
     */
    private void hasty(BootApp app, Heard heard, Duration time, long since, LongSupplier due) {
        ByteBuffer reply = ByteBuffer.allocate(16 * 1024);
        while (System.nanoTime() - since < time.toNanos()) {
            try (SocketChannel channel = SocketChannel.open(server(app))) {
                boolean more = true;
                while (more && System.nanoTime() - since < time.toNanos()) {
                    LockSupport.parkNanos(due.getAsLong() - System.nanoTime());
                    HttpReply answer = ask(channel, reply);
                    heard(heard, answer.status(), answer.text().contains("Retry-After: "), answer.text());
                    more = !answer.isLast();
                }
            } catch (IOException e) {
                heard.count(e.getClass().getSimpleName());
            }
        }
    }

    private static InetSocketAddress server(BootApp app) {
        URI url = URI.create(app.url());
        return new InetSocketAddress(url.getHost(), url.getPort());
    }

    private HttpReply ask(SocketChannel channel, ByteBuffer reply) throws IOException {
        ByteBuffer request = ByteBuffer.wrap(("POST " + deposit() + " HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nPrefer: respond-async\r\nContent-Length: " + DEPOSIT.length()
                + "\r\n\r\n" + DEPOSIT).getBytes(StandardCharsets.US_ASCII));
        while (request.hasRemaining()) {
            channel.write(request);
        }
        reply.clear();
        HttpReply answer = null;
        while (answer == null) {
            answer = HttpReply.read(channel, reply);
        }
        return answer;
    }

    private HttpResponse<String> send(BootApp app, String path, String json)
            throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json)).build(),
                BodyHandlers.ofString());
    }

    private long heap(BootApp app) throws Exception {
        String metric = http.send(HttpRequest.newBuilder(
                URI.create(app.url() + "/actuator/metrics/jvm.memory.used?tag=area:heap")).build(),
                BodyHandlers.ofString()).body();
        return Arrays.stream(metric.split("\"value\":")).skip(1).limit(1)
                .mapToLong(value -> (long) Double.parseDouble(value.split("[},]")[0]) >> 20).sum();
    }
}
