package dev.hivestream.local.faults;

import dev.hivestream.local.check.Gateway;
import dev.hivestream.local.check.History.Answer;
import dev.hivestream.local.check.History.Outcome;
import dev.hivestream.local.check.Operation;
import dev.hivestream.local.check.Operation.What;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * HTTP clients, each with one request at a time: commands for a few accounts and contents that they share, with expected
 * versions and without, repeats, bad input, forgeries, and reads. A command is sent again under its id, to one instance after the
 * other, until its answer is definite.
 */
final class Clients implements AutoCloseable {

    private static final int ACCOUNTS = 10;
    private static final int CONTENTS = 6;
    private static final int REPEATABLE = 40;
    private static final int KAFKA_IDS = 200;
    private static final Duration PAUSE = Duration.ofMillis(20);

    /** More than any account has. */
    private static final String FORTUNE = "{\"amount\":1000000000000}";

    /** What ids end with: text that could be taken for a key, a pattern or a path. */
    private static final List<String> HOSTILE = List.of("", "}:g1-0:checkpoint", " *?[a-z]", ":é😀");

    private final Witness witness;
    private final List<Gateway> gateways;
    private final String name;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final CountDownLatch giveUp = new CountDownLatch(1);
    private final CountDownLatch running;
    private final AtomicInteger number = new AtomicInteger();
    private final Map<String, Long> versions = new ConcurrentHashMap<>();
    private final List<String> accounts;
    private final List<String> contents;
    private final List<Operation> accepted = new ArrayList<>();

    /**
     * Starts them.
     *
     * @param urls of the instances
     * @param name begins their ids
     */
    Clients(Witness witness, List<String> urls, String name, int count, long seed) {
        this.witness = witness;
        this.gateways = urls.stream().map(Gateway::new).toList();
        this.name = name;
        this.accounts = ids("account", ACCOUNTS);
        this.contents = ids("content", CONTENTS);
        this.running = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            int client = i;
            threads.execute(() -> run(client, new Random(seed + client)));
        }
    }

    /** The accounts that they use. */
    List<String> accounts() {
        return accounts;
    }

    private List<String> ids(String aggregate, int count) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(name + "-" + aggregate + "-" + i + HOSTILE.get(i % HOSTILE.size()));
        }
        return ids;
    }

    private void run(int client, Random random) {
        try {
            int turn = client;
            while (!stopping.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                turn = act(turn + random.nextInt(2), random);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            witness.surprised("A client failed: " + e);
        } finally {
            running.countDown();
        }
    }

    private int act(int turn, Random random) throws InterruptedException {
        boolean account = random.nextInt(100) < 60;
        String aggregate = account ? "account" : "content";
        List<String> ids = account ? accounts : contents;
        String id = ids.get(random.nextInt(ids.size()));
        int kind = random.nextInt(100);
        if (kind < 30) {
            read(turn, aggregate, id);
        } else if (kind < 36) {
            malformed(turn, aggregate, id, random);
        } else if (kind < 44) {
            return repeat(turn, random);
        } else if (kind < 47) {
            reuse(turn, random);
        } else if (kind < 50) {
            impersonate(turn, random);
        } else {
            Long expected = random.nextInt(100) < 15
                    ? (Long) Math.max(0, version(aggregate, id) - random.nextInt(2))
                    : null;
            String command = account
                    ? accountCommand(version(aggregate, id), random)
                    : contentCommand(version(aggregate, id), random);
            String body = switch (command) {
                case "open" -> "{\"owner\":\"" + name + "\"}";
                case "deposit" -> "{\"amount\":" + random.nextInt(100) + "}";
                case "withdraw" -> "{\"amount\":" + random.nextInt(300) + "}";
                case "create", "edit" -> "{\"text\":\"" + "t".repeat(1 + random.nextInt(4)) + "\"}";
                default -> "{}";
            };
            String commandId = name + "-" + number.incrementAndGet();
            return command(turn, Operation.unsure(aggregate, id, commandId, command, body, expected,
                    System.nanoTime()));
        }
        return turn;
    }

    private static String accountCommand(long version, Random random) {
        int kind = random.nextInt(100);
        return version == 0 || kind < 4 ? "open" : kind < 60 ? "deposit" : "withdraw";
    }

    private static String contentCommand(long version, Random random) {
        int kind = random.nextInt(100);
        return version == 0 || kind < 4 ? "create" : kind < 50 ? "edit" : kind < 75 ? "enable" : "disable";
    }

    private long version(String aggregate, String id) {
        return versions.getOrDefault(aggregate + id, 0L);
    }

    private Gateway gateway(int turn) {
        return gateways.get(Math.floorMod(turn, gateways.size()));
    }

    private void read(int turn, String aggregate, String id) throws InterruptedException {
        long begun = System.nanoTime();
        try {
            Gateway.Answer answer = gateway(turn).get(aggregate, id);
            switch (answer.status()) {
                case 200 -> {
                    long version = Long.parseLong(answer.etag());
                    versions.merge(aggregate + id, version, Math::max);
                    witness.did(Operation.read(aggregate, id, begun, System.nanoTime(), version, answer.body()));
                    witness.answered();
                }
                case 404 -> witness.did(Operation.read(aggregate, id, begun, System.nanoTime(), 0, answer.body()));
                case 503 -> witness.count("read: 503");
                default -> witness.surprised("GET of " + aggregate + " '" + id + "': " + answer);
            }
        } catch (IOException e) {
            witness.count("read: " + e.getClass().getSimpleName());
        }
    }

    /** Gives the turn of the instance that answered. */
    private int command(int turn, Operation asked) throws InterruptedException {
        witness.history.sent(asked.commandId());
        boolean copied = false;
        for (int at = turn;; at++) {
            try {
                Gateway.Answer answer = post(at, asked);
                switch (answer.status()) {
                    case 200 -> {
                        accepted(asked, answer, copied);
                        return at;
                    }
                    case 412, 422 -> {
                        rejected(asked, answer, copied);
                        return at;
                    }
                    case 202 -> copied = true;
                    case 429, 503 -> witness.count("command: " + answer.status());
                    default -> {
                        witness.surprised(asked + ": " + answer);
                        witness.did(asked);
                        return at;
                    }
                }
            } catch (ConnectException | HttpConnectTimeoutException e) {
                witness.count("command: not connected");
            } catch (IOException e) {
                // it may have been published
                witness.count("command: " + e.getClass().getSimpleName());
                copied = true;
            }
            if (giveUp.await(PAUSE.toMillis() * 2, TimeUnit.MILLISECONDS)) {
                witness.did(asked);
                return at;
            }
        }
    }

    private Gateway.Answer post(int at, Operation asked) throws IOException, InterruptedException {
        Long expected = asked.expected();
        String[] headers = expected == null
                ? new String[0]
                : expected == 0
                        ? new String[]{"If-None-Match", "*"}
                        : new String[]{"If-Match", "\"" + expected + "\""};
        return gateway(at).post(asked.aggregate(), asked.id(), asked.command(), asked.commandId(), asked.body(),
                headers);
    }

    /** Without events it is no more definite than a rejection: see there. */
    private void accepted(Operation asked, Gateway.Answer answer, boolean copied) {
        witness.answered();
        @Nullable
        Long first = answer.body().has("firstVersion") ? (Long) answer.body().path("firstVersion").asLong() : null;
        long version = answer.body().path("version").asLong();
        versions.merge(asked.aggregate() + asked.id(), version, Math::max);
        if (first == null && copied) {
            witness.did(asked);
            return;
        }
        Operation operation = asked.answered(What.ACCEPTED, System.nanoTime(), first, version, "");
        witness.did(operation);
        witness.history.answered(answer(operation));
        if (first != null) {
            synchronized (accepted) {
                accepted.add(operation);
                if (accepted.size() > REPEATABLE) {
                    accepted.removeFirst();
                }
            }
        }
    }

    /** The answer of one copy that was sent; another copy that is still under way is decided anew. */
    private void rejected(Operation asked, Gateway.Answer answer, boolean copied) {
        witness.answered();
        if (copied) {
            witness.did(asked);
            return;
        }
        Operation operation = asked.answered(What.REJECTED, System.nanoTime(), null,
                answer.body().path("version").asLong(), answer.body().path("code").asString(""));
        witness.did(operation);
        witness.history.answered(answer(operation));
    }

    private static Answer answer(Operation operation) {
        return new Answer(operation.commandId(), operation.aggregate(), operation.id(),
                operation.what() == What.ACCEPTED ? Outcome.ACCEPTED : Outcome.REJECTED, operation.first(),
                operation.version());
    }

    private @Nullable Operation earlier(Random random) {
        synchronized (accepted) {
            return accepted.isEmpty() ? null : accepted.get(random.nextInt(accepted.size()));
        }
    }

    /** Another command under an id that was used: never taken for the one that was. */
    private void reuse(int turn, Random random) throws InterruptedException {
        Operation earlier = earlier(random);
        if (earlier != null) {
            boolean account = earlier.aggregate().equals("account");
            forge(turn, earlier.aggregate(), earlier.id(), account ? "withdraw" : "edit", earlier.commandId(),
                    account ? FORTUNE : "{\"text\":\"forged\"}", "hive.idempotency-key-reused");
        }
    }

    /** A command under an id that the Kafka client uses: another sender, so another command, which the account refuses. */
    private void impersonate(int turn, Random random) throws InterruptedException {
        forge(turn, "account", accounts.get(random.nextInt(accounts.size())), "withdraw",
                Feeder.commandId(name, random.nextInt(KAFKA_IDS)), FORTUNE, "insufficient-funds", "not-open");
    }

    private void forge(int turn, String aggregate, String id, String command, String commandId, String body,
            String... codes) throws InterruptedException {
        try {
            Gateway.Answer answer = gateway(turn).post(aggregate, id, command, commandId, body);
            String code = answer.body().path("code").asString("");
            if (answer.status() == 422 && List.of(codes).contains(code)) {
                witness.count("forged: " + code);
                witness.answered();
            } else if (List.of(202, 429, 503).contains(answer.status())) {
                witness.count("forged: " + answer.status());
            } else {
                witness.surprised("The forged " + command + " of " + aggregate + " '" + id + "' under the id '"
                        + commandId + "': " + answer);
            }
        } catch (IOException e) {
            witness.count("forged: " + e.getClass().getSimpleName());
        }
    }

    private int repeat(int turn, Random random) throws InterruptedException {
        Operation earlier = earlier(random);
        if (earlier == null) {
            return turn;
        }
        try {
            Gateway.Answer answer = post(turn, earlier);
            switch (answer.status()) {
                case 200 -> {
                    witness.count("repeat: answered again");
                    witness.answered();
                    witness.history.answered(new Answer(earlier.commandId(), earlier.aggregate(), earlier.id(),
                            Outcome.ACCEPTED,
                            answer.body().has("firstVersion") ? answer.body().path("firstVersion").asLong() : null,
                            answer.body().path("version").asLong()));
                }
                case 202, 429, 503 -> witness.count("repeat: " + answer.status());
                default -> witness.surprised("The repeat of " + earlier + ": " + answer);
            }
        } catch (IOException e) {
            witness.count("repeat: " + e.getClass().getSimpleName());
        }
        return turn;
    }

    private void malformed(int turn, String aggregate, String id, Random random) throws InterruptedException {
        String commandId = name + "-bad-" + number.incrementAndGet();
        int expected = 400;
        try {
            Gateway.Answer answer = switch (random.nextInt(4)) {
                case 0 -> gateway(turn).post(aggregate, id, "edit", commandId, "{\"text\":");
                case 1 -> {
                    expected = 404;
                    yield gateway(turn).post(aggregate, id, "explode", commandId, "{}");
                }
                case 2 -> {
                    expected = 404;
                    yield gateway(turn).post("unknown", id, "open", commandId, "{}");
                }
                default -> gateway(turn).post("account", id, "deposit", commandId, "{\"amount\":\"5\"}");
            };
            // what is wrong with it is found before or after it is published
            if (answer.status() == expected || (aggregate.equals("account") && answer.status() == 404)) {
                witness.count("bad input: " + answer.status());
                witness.answered();
            } else if (answer.status() == 503 || answer.status() == 429) {
                witness.count("bad input: " + answer.status());
            } else {
                witness.surprised("Bad input '" + commandId + "', " + expected + " was expected: " + answer);
            }
        } catch (IOException e) {
            witness.count("bad input: " + e.getClass().getSimpleName());
        }
    }

    /** Lets each end its request and begin no other. */
    void stop() {
        stopping.countDown();
    }

    /** Waits until all have ended; false if one still has no definite answer. */
    boolean awaitEnd(Duration patience) throws InterruptedException {
        return running.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Ends those that still wait, their outcome unknown. */
    @Override
    public void close() {
        stopping.countDown();
        giveUp.countDown();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
        threads.close();
        gateways.forEach(Gateway::close);
    }
}
