package dev.hivestream.local.check;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import dev.hivestream.local.check.Gateway.Answer;
import dev.hivestream.local.check.Topics.Entry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.RecordMetadata;
import tools.jackson.databind.JsonNode;

/** Commands come in over HTTP and over Kafka; answers, log and cache have to tell one story. */
public final class CommandsCheck implements Check {

    private static final List<String> AGGREGATES = List.of("content", "account");
    private static final List<String> OWNERS = List.of("ada", "grace", "edsger", "barbara", "tony");
    private static final int DEPOSITS = 50;
    private static final int CONNECTIONS = 8;

    @Override
    public String name() {
        return "Commands over HTTP and Kafka";
    }

    @Override
    public void run(Running running, Findings findings) throws Exception {
        var topics = AGGREGATES.stream().flatMap(a -> Stream.of(a + ".events", a + ".results", a + ".commands.dlq"))
                .toList();
        try (var gateway = new Gateway(running.url());
                var log = new Topics(running.stack().broker().bootstrapServers(), topics);
                var cache = new Snapshots(running.stack().redis().port(), log.partitionCount("content.events"))) {
            var story = new Story(gateway, log, cache, findings);
            story.contentOverHttp();
            story.accountsOverHttp();
            story.overKafka();
            story.compareLog();
            story.compareState();
        }
    }

    private record Aggregate(String type, String id) {

        @Override
        public String toString() {
            return type + " " + id;
        }
    }

    private record Command(Aggregate aggregate, String id) {}

    /** One run: what was sent, what was answered. */
    private static final class Story {

        private final Gateway gateway;
        private final Topics topics;
        private final Snapshots cache;
        private final Findings findings;
        // ids of this run only: the data may be older than it
        private final String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
        private final Map<String, JsonNode> accepted = new LinkedHashMap<>();
        private final List<String> refused = new ArrayList<>();
        private final Map<Aggregate, List<Entry>> events = new TreeMap<>(Comparator.comparing(Aggregate::toString));

        Story(Gateway gateway, Topics topics, Snapshots cache, Findings findings) {
            this.gateway = gateway;
            this.topics = topics;
            this.cache = cache;
            this.findings = findings;
        }

        void contentOverHttp() throws Exception {
            var page = new Aggregate("content", "page-" + run);
            findings.equal("GET of content that does not exist: 404", 404, gateway.get("content", page.id).status());
            accept("create", page, "create", "{\"text\":\"Hello\"}", 1);
            accept("edit", page, "edit", "{\"text\":\"Hello, Hive\"}", 2);
            accept("enable", page, "enable", "{}", 3);
            refuse("enable it again", page, "enable", "{}", 422, "already-enabled");
            refuse("edit with a stale If-Match", page, "edit", "{\"text\":\"Too late\"}", 412, "", "If-Match", "\"1\"");
            accept("edit with the right If-Match", page, "edit", "{\"text\":\"In time\"}", 4, "If-Match", "\"3\"");

            String key = commandId("repeated");
            Answer first = gateway.post("content", page.id, "disable", key, "{}");
            Answer second = gateway.post("content", page.id, "disable", key, "{}");
            findings.equal("disable: 200", 200, first.status());
            findings.equal("… repeated with the same Idempotency-Key: the same answer", first.toString(),
                    second.toString());
            accepted.put(key, first.body());

            refuse("a body that is not JSON", page, "edit", "{\"text\":", 400, "");
            refuse("a command that does not exist", page, "explode", "{}", 404, "");
        }

        void accountsOverHttp() throws Exception {
            for (String owner : OWNERS) {
                accept("open the account of " + owner, account(owner), "open", "{\"owner\":\"" + owner + "\"}", 1);
            }
            var deposits = new ArrayList<Callable<Answer>>();
            for (int i = 0; i < DEPOSITS; i++) {
                String owner = OWNERS.get(i % OWNERS.size());
                String body = "{\"amount\":" + (100 + i) + "}";
                String id = commandId("deposit-" + i);
                deposits.add(() -> gateway.post("account", account(owner).id, "deposit", id, body));
            }
            var statuses = new ArrayList<Integer>();
            try (ExecutorService connections = Executors.newFixedThreadPool(CONNECTIONS)) {
                for (Future<Answer> future : connections.invokeAll(deposits)) {
                    Answer answer = future.get();
                    statuses.add(answer.status());
                    if (answer.status() == 200) {
                        accepted.put(answer.body().path("commandId").asString(), answer.body());
                    }
                }
            }
            findings.equal(DEPOSITS + " deposits over " + CONNECTIONS + " connections: 200 each", DEPOSITS,
                    (int) statuses.stream().filter(status -> status == 200).count());
            refuse("withdraw more than there is", account("ada"), "withdraw", "{\"amount\":1000000}", 422,
                    "insufficient-funds");
        }

        void overKafka() throws Exception {
            var note = new Aggregate("content", "note-" + run);
            var niklaus = account("niklaus");
            String repeated = commandId("kafka-repeated");
            String malformed = commandId("kafka-malformed");
            var sent = new ArrayList<Future<RecordMetadata>>();
            var commands = new ArrayList<Command>();
            send(commands, sent, note, "create", commandId("kafka-create"), "{\"text\":\"By Kafka\"}");
            send(commands, sent, note, "edit", commandId("kafka-edit"), "{\"text\":\"By Kafka, too\"}");
            send(commands, sent, niklaus, "open", commandId("kafka-open"), "{\"owner\":\"niklaus\"}");
            for (int i = 0; i < 10; i++) {
                send(commands, sent, niklaus, "deposit", commandId("kafka-deposit-" + i), "{\"amount\":10}");
            }
            send(commands, sent, niklaus, "deposit", repeated, "{\"amount\":1}");
            send(commands, sent, niklaus, "deposit", repeated, "{\"amount\":1}");
            sent.add(topics.send("account", niklaus.id, "deposit", malformed, "{\"amount\":"));
            send(commands, sent, niklaus, "withdraw", commandId("kafka-withdraw"), "{\"amount\":50}");
            topics.acknowledge(sent);

            Set<String> ids = commands.stream().map(Command::id).collect(toSet());
            findings.equalSoon(ids.size() + " commands over Kafka: each is accepted", Map.of("accepted", ids.size()),
                    () -> outcomes(ids));
            results().forEach((id, result) -> {
                if (ids.contains(id)) {
                    accepted.put(id, result);
                }
            });
            findings.equalSoon("a malformed command is a dead letter with a reason", true,
                    () -> topics.read("account.commands.dlq").stream()
                            .filter(dead -> dead.header("ce_id").equals(malformed))
                            .anyMatch(dead -> !dead.header("hive_reason").isEmpty()));
            refused.add(malformed);
        }

        void compareLog() {
            for (String type : AGGREGATES) {
                topics.read(type + ".events").stream().collect(groupingBy(event -> new Aggregate(type, event.key())))
                        .forEach((aggregate, of) -> {
                            if (aggregate.id.endsWith("-" + run)) {
                                events.put(aggregate, of);
                            }
                        });
            }
            List<Entry> all = events.values().stream().flatMap(List::stream).toList();
            findings.none("the log has versions 1, 2, 3 … of each of " + events.size() + " aggregates",
                    events.entrySet().stream().flatMap(entry -> versionFaults(entry.getKey(), entry.getValue()))
                            .toList());
            findings.none("each of " + all.size() + " events is in the partition of its aggregate",
                    all.stream().filter(event -> event.partition() != cache.partitionOf(event.key()))
                            .map(event -> event.header("ce_id") + " is in partition " + event.partition()).toList());
            Map<String, List<Entry>> byCommand = all.stream()
                    .collect(groupingBy(event -> event.header("ce_causationid")));
            findings.none("each of " + accepted.size() + " accepted commands has its events, once",
                    accepted.entrySet().stream()
                            .filter(answer -> !promised(answer.getValue())
                                    .equals(versions(byCommand.getOrDefault(answer.getKey(), List.of()))))
                            .map(answer -> answer.getKey() + " was answered " + answer.getValue()
                                    + ", the log has versions "
                                    + versions(byCommand.getOrDefault(answer.getKey(), List.of())))
                            .toList());
            findings.none("none of " + refused.size() + " refused commands has an event",
                    refused.stream().filter(byCommand::containsKey).toList());
            findings.none("no event is of a command that was not sent", byCommand.keySet().stream()
                    .filter(id -> !accepted.containsKey(id) && !refused.contains(id)).toList());
        }

        void compareState() throws Exception {
            for (Map.Entry<Aggregate, List<Entry>> entry : events.entrySet()) {
                Aggregate aggregate = entry.getKey();
                JsonNode state = SampleFold.of(entry.getValue());
                long version = entry.getValue().size();
                findings.equalSoon(aggregate + ": the snapshot is version " + version + " and " + state,
                        version + " " + state, () -> {
                            JsonNode snapshot = cache.snapshot(aggregate.type, aggregate.id);
                            return snapshot == null
                                    ? "no snapshot"
                                    : snapshot.path("version") + " " + sorted(state, snapshot.path("state"));
                        });
                Answer answer = gateway.get(aggregate.type, aggregate.id);
                findings.equal("… and so answers GET", "200 ETag \"" + version + "\" " + state,
                        answer.status() + " ETag \"" + answer.etag() + "\" " + sorted(state, answer.body()));
            }
            findings.none("each partition that was written to has a checkpoint",
                    events.keySet().stream().filter(aggregate -> !cache.hasCheckpoint(aggregate.type, aggregate.id))
                            .map(aggregate -> aggregate + " in partition " + cache.partitionOf(aggregate.id)).toList());
        }

        private void accept(String what, Aggregate aggregate, String command, String body, long version,
                String... headers) throws Exception {
            String id = commandId(command);
            Answer answer = gateway.post(aggregate.type, aggregate.id, command, id, body, headers);
            findings.equal(what + ": 200, version " + version,
                    "200 ETag \"" + version + "\" " + id + " accepted " + version,
                    answer.status() + " ETag \"" + answer.etag() + "\" " + answer.body().path("commandId").asString()
                            + " "
                            + answer.body().path("outcome").asString() + " " + answer.body().path("version"));
            if (answer.status() == 200) {
                accepted.put(id, answer.body());
            }
        }

        private void refuse(String what, Aggregate aggregate, String command, String body, int status, String code,
                String... headers) throws Exception {
            String id = commandId(command);
            Answer answer = gateway.post(aggregate.type, aggregate.id, command, id, body, headers);
            String type = answer.contentType().startsWith("application/problem+json")
                    ? "problem"
                    : answer.contentType();
            findings.equal(what + ": " + status + (code.isEmpty() ? "" : " " + code),
                    (status + " problem " + code).strip(),
                    (answer.status() + " " + type + " " + (code.isEmpty() ? "" : answer.body().path("code").asString()))
                            .strip());
            refused.add(id);
        }

        private void send(List<Command> commands, List<Future<RecordMetadata>> sent, Aggregate aggregate,
                String command,
                String commandId, String value) {
            commands.add(new Command(aggregate, commandId));
            sent.add(topics.send(aggregate.type, aggregate.id, command, commandId, value));
        }

        private Map<String, Integer> outcomes(Set<String> ids) {
            return results().entrySet().stream().filter(result -> ids.contains(result.getKey()))
                    .collect(toMap(result -> result.getValue().path("outcome").asString(), _ -> 1, Integer::sum));
        }

        private Map<String, JsonNode> results() {
            return AGGREGATES.stream().flatMap(type -> topics.read(type + ".results").stream())
                    .map(entry -> Json.read(entry.value()))
                    .collect(toMap(result -> result.path("commandId").asString(), result -> result,
                            (first, _) -> first));
        }

        private static Stream<String> versionFaults(Aggregate aggregate, List<Entry> events) {
            var faults = new ArrayList<String>();
            for (int i = 0; i < events.size(); i++) {
                Entry event = events.get(i);
                String expected = aggregate.id + ":" + (i + 1);
                String actual = event.header("ce_subject") + ":" + event.header("ce_sequence");
                if (!expected.equals(actual) || !expected.equals(event.header("ce_id"))) {
                    faults.add(aggregate + ": event " + expected + " expected in partition " + event.partition()
                            + " at offset " + event.offset() + ", found " + actual);
                }
            }
            return faults.stream();
        }

        /** The versions that an answer says were written; none if nothing had to change. */
        private static List<Long> promised(JsonNode result) {
            var versions = new ArrayList<Long>();
            if (result.has("firstVersion")) {
                for (long v = result.path("firstVersion").asLong(); v <= result.path("version").asLong(); v++) {
                    versions.add(v);
                }
            }
            return versions;
        }

        private static List<Long> versions(List<Entry> events) {
            return events.stream().map(event -> Long.valueOf(event.header("ce_sequence"))).toList();
        }

        /** The actual state as it prints, its fields in the order of the expected one if they are equal. */
        private static String sorted(JsonNode expected, JsonNode actual) {
            return expected.equals(actual) ? expected.toString() : actual.toString();
        }

        private Aggregate account(String owner) {
            return new Aggregate("account", owner + "-" + run);
        }

        private int count;

        private String commandId(String what) {
            return run + "-" + ++count + "-" + what;
        }
    }
}
