package dev.hivestream.local.check;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.Await;
import dev.hivestream.local.LocalStack;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import tools.jackson.databind.JsonNode;

/**
 * Accounts of the samples, and transfers between them: whatever happens to the system, no money is made or lost. Commands
 * go straight into the topics. Not thread-safe.
 */
public final class Bank implements AutoCloseable {

    /** What each account has at first. */
    public static final long OPENING = 1_000;

    private static final int DEAD = 10;
    private static final int TRANSFERS_PER_FORGERY = 10;
    private static final String FORGED = "forged";

    private final String bootstrapServers;
    private final String name;
    private final int accounts;
    private final int closed;
    private final Random random;
    private final KafkaProducer<String, String> producer;
    private int transfers;
    private boolean forges = true;
    /** Ids of commands that were forged. */
    private final Set<String> forged = new HashSet<>();

    /**
     * A bank without accounts.
     *
     * @param name begins its ids
     * @param accounts that it will have
     * @param closed so many of them are closed again
     */
    public Bank(LocalStack stack, String name, int accounts, int closed, long seed) {
        this(stack.broker().bootstrapServers(), name, accounts, closed, seed);
    }

    /** Like {@link #Bank(LocalStack, String, int, int, long)}, on any brokers. */
    public Bank(String bootstrapServers, String name, int accounts, int closed, long seed) {
        this.bootstrapServers = bootstrapServers;
        this.name = name;
        this.accounts = accounts;
        this.closed = closed;
        this.random = new Random(seed);
        this.producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrapServers, "linger.ms",
                5, "enable.idempotence", true, "delivery.timeout.ms", 120_000), new StringSerializer(),
                new StringSerializer());
    }

    /** From now on nobody forges a command of a saga. */
    public Bank withoutForgeries() {
        forges = false;
        return this;
    }

    /** An account's id. */
    public String account(int number) {
        return name + "-account-" + number;
    }

    /** A transfer's id. */
    public String transferId(int number) {
        return name + "-transfer-" + number;
    }

    /** How many transfers were asked for. */
    public int transfers() {
        return transfers;
    }

    /** Opens the accounts, puts money into those that stay open, closes the others. */
    public void open() {
        List<Future<?>> sent = new ArrayList<>();
        for (int i = 0; i < accounts; i++) {
            sent.add(send("account", account(i), "open", "open-" + i, "{\"owner\":\"o\"}"));
            sent.add(i < closed
                    ? send("account", account(i), "close", "close-" + i, "{}")
                    : send("account", account(i), "deposit", "opening-" + i, "{\"amount\":" + OPENING + "}"));
        }
        acknowledge(sent);
    }

    /**
     * Asks for transfers between random accounts, of random amounts: now and then more than there can be. Before some of them,
     * a client that is no saga puts a deposit of 1 on the account under the id that the saga's withdrawal will have.
     */
    public void transfer(int count) {
        List<Future<?>> sent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int from = random.nextInt(accounts);
            int to = (from + 1 + random.nextInt(accounts - 1)) % accounts;
            if (forges && transfers % TRANSFERS_PER_FORGERY == 0) {
                acknowledge(List.of(forge(transfers, account(from))));
            }
            int amount = 1 + random.nextInt(random.nextInt(10) == 0 ? (int) (2 * accounts * OPENING) : 200);
            sent.add(transfer(transfers++, account(from), account(to), amount));
        }
        acknowledge(sent);
    }

    /** Somebody requests a review that has the id of a transfer, be it requested or not, and decides it. */
    public void review(int transfer, boolean approved) {
        String id = transferId(transfer);
        acknowledge(List.of(send("review", id, "request", "review-" + transfer, "{}"),
                send("review", id, approved ? "approve" : "refuse", "decision-" + transfer,
                        approved ? "{\"by\":\"ada\"}" : "{\"by\":\"ada\",\"reason\":\"no\"}")));
    }

    private Future<?> forge(int number, String account) {
        String commandId = withdrawal(transferId(number));
        forged.add(commandId);
        var command = new ProducerRecord<>("account.commands", account,
                "{\"amount\":1,\"memo\":\"" + FORGED + "\"}");
        command.headers().add("ce_id", commandId.getBytes(UTF_8)).add("ce_type", "account.deposit".getBytes(UTF_8));
        return producer.send(command);
    }

    /** The id of the command that a transfer begins with: anyone can compute it from what will cause it. */
    private static String withdrawal(String transfer) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(("money-transfer|" + transfer + "|0|/hive/transfer|" + transfer + ":1").getBytes(UTF_8));
            return "money-transfer-" + HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    private static boolean isForged(Event event) {
        return event.type().equals("account.deposited")
                && Json.read(event.payload()).path("memo").asString("").equals(FORGED);
    }

    private Future<?> transfer(int number, String from, String to, long amount) {
        return send("transfer", transferId(number), "request", "request-" + number,
                "{\"from\":\"" + from + "\",\"to\":\"" + to + "\",\"amount\":" + amount + "}");
    }

    /**
     * Puts dead letters beside those that there are: deposits of sagas that were told that they failed. Then sends all dead
     * letters of the accounts again, as they are.
     *
     * @return how many
     */
    public int sendDeadLettersAgain() {
        List<Future<?>> sent = new ArrayList<>();
        for (int i = 0; i < DEAD; i++) {
            var letter = new ProducerRecord<>("account.commands.dlq", account(closed + i), "{\"amount\":500}");
            Map.of("ce_id", name + "-dead-" + i, "ce_type", "account.deposit", "ce_saga",
                    "money-transfer:" + transferId(i), "ce_sagastep", "deposit", "ce_sagaattempt", "1", "hive_reason",
                    "The domain failed on this command")
                    .forEach((header, value) -> letter.headers().add(header, value.getBytes(UTF_8)));
            sent.add(producer.send(letter));
        }
        acknowledge(sent);
        sent.clear();
        int count = 0;
        for (ConsumerRecord<String, String> letter : read("account.commands.dlq")) {
            sent.add(producer.send(new ProducerRecord<>("account.commands", null, letter.key(), letter.value(),
                    letter.headers())));
            count++;
        }
        acknowledge(sent);
        return count;
    }

    /** Waits until those that {@link #sendDeadLettersAgain} made are answered. */
    public boolean awaitDeadLettersAnswered(Duration patience) {
        return Await.until(patience, () -> read("account.results").stream()
                .map(result -> result.headers().lastHeader("ce_causationid")).filter(Objects::nonNull)
                .map(header -> new String(header.value(), UTF_8)).filter(id -> id.startsWith(name + "-dead-"))
                .distinct()
                .count() >= DEAD);
    }

    private List<ConsumerRecord<String, String>> read(String topic) {
        return Committed.read(bootstrapServers, topic);
    }

    private Future<?> send(String aggregate, String id, String command, String commandId, String json) {
        var record = new ProducerRecord<>(aggregate + ".commands", id, json);
        record.headers().add("ce_id", (name + "-" + commandId).getBytes(UTF_8)).add("ce_type",
                (aggregate + "." + command).getBytes(UTF_8));
        return producer.send(record);
    }

    private static void acknowledge(List<Future<?>> sent) {
        try {
            for (Future<?> one : sent) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("The broker did not take a command", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted", e);
        }
    }

    /** The events of accounts and transfers, read whole. */
    public EventLog log() {
        return EventLog.read(bootstrapServers, List.of("account", "transfer"));
    }

    /** How many transfers have come to an end. */
    public long settled(EventLog log) {
        return log.events().stream().filter(event -> event.id().startsWith(name + "-transfer-"))
                .filter(Bank::isEnd).count();
    }

    private static boolean isEnd(Event event) {
        return switch (event.type()) {
            case "transfer.completed", "transfer.refunded", "transfer.refused" -> true;
            default -> false;
        };
    }

    /** Waits until all transfers have come to their ends; false if that takes too long. */
    public boolean awaitSettled(Duration patience) {
        return Await.until(patience, () -> {
            try {
                return settled(log()) >= transfers;
            } catch (RuntimeException e) {
                // the broker may be away
                return false;
            }
        });
    }

    /** What there is on the accounts, by id. */
    public Map<String, Long> balances(EventLog log) {
        Map<String, Long> balances = new TreeMap<>();
        for (Event event : log.events()) {
            if (event.id().startsWith(name + "-account-")) {
                balances.merge(event.id(), change(event), Long::sum);
            }
        }
        return balances;
    }

    /** What there should be on the accounts: each transfer that was completed has moved its money once, and no other has. */
    private Map<String, Long> owed(EventLog log) {
        Map<String, Long> owed = new HashMap<>();
        for (int i = closed; i < accounts; i++) {
            owed.put(account(i), OPENING);
        }
        Map<String, JsonNode> requested = new HashMap<>();
        for (Event event : log.events()) {
            if (event.type().equals("transfer.requested")) {
                requested.put(event.id(), Json.read(event.payload()));
            } else if (forged.contains(event.commandId()) && isForged(event)) {
                owed.merge(event.id(), 1L, Long::sum);
            }
        }
        for (Event event : log.events()) {
            JsonNode transfer = requested.get(event.id());
            if (transfer != null && event.type().equals("transfer.completed")) {
                long amount = transfer.path("amount").asLong();
                owed.merge(transfer.path("from").asString(), -amount, Long::sum);
                owed.merge(transfer.path("to").asString(), amount, Long::sum);
            }
        }
        return owed;
    }

    private static long change(Event event) {
        return switch (event.type()) {
            case "account.deposited" -> Json.read(event.payload()).path("amount").asLong();
            case "account.withdrawn" -> -Json.read(event.payload()).path("amount").asLong();
            default -> 0;
        };
    }

    /** What must hold when all is quiet, and does not; empty if all of it holds. */
    public List<String> faults(EventLog log) {
        List<String> faults = new ArrayList<>();
        long sum = balances(log).values().stream().mapToLong(Long::longValue).sum();
        long gifts = log.events().stream().filter(event -> forged.contains(event.commandId()) && isForged(event))
                .count();
        long expected = (accounts - closed) * OPENING + gifts;
        if (sum != expected) {
            faults.add("The sum of all balances is " + sum + " and was " + expected);
        }
        if (forged.size() >= 5 && log.events().stream()
                .noneMatch(event -> forged.contains(event.commandId()) && event.type().equals("account.withdrawn"))) {
            faults.add("No saga sent a command under an id that was forged before: the forger computes other ids");
        }
        Map<String, Long> owed = owed(log);
        balances(log).forEach((id, balance) -> {
            long should = owed.getOrDefault(id, 0L);
            if (balance < 0 || balance != should) {
                faults.add(id + " has " + balance + ", and by the transfers that were completed " + should);
            }
        });
        Map<String, List<String>> ends = new HashMap<>();
        Map<String, Integer> byCommand = new HashMap<>();
        for (Event event : log.events()) {
            if (event.id().startsWith(name + "-") && isEnd(event)) {
                ends.computeIfAbsent(event.id(), _ -> new ArrayList<>()).add(event.type());
            }
            byCommand.merge(event.commandId() + " " + event.commandHash(), 1, Integer::sum);
        }
        byCommand.forEach((command, events) -> {
            if (events > 1) {
                faults.add("The command " + command + " has " + events + " events");
            }
        });
        for (int i = 0; i < transfers; i++) {
            List<String> end = ends.getOrDefault(transferId(i), List.of());
            if (end.size() != 1) {
                faults.add(transferId(i) + " came to the ends " + end);
            }
        }
        return faults;
    }

    /** How many transfers came to which end. */
    public Map<String, Integer> ends(EventLog log) {
        Map<String, Integer> ends = new TreeMap<>();
        log.events().stream().filter(event -> event.id().startsWith(name + "-")).filter(Bank::isEnd)
                .forEach(event -> ends.merge(event.type(), 1, Integer::sum));
        return ends;
    }

    @Override
    public void close() {
        producer.close();
    }
}
