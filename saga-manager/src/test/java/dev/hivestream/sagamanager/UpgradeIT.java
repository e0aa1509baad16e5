package dev.hivestream.sagamanager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.Child;
import dev.hivestream.local.Job;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.RedisConnection;
import dev.hivestream.local.check.CacheDump;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Gateway;
import dev.hivestream.local.recorded.RecordedTopic;
import dev.hivestream.local.recorded.RecordedTopic.Recorded;
import dev.hivestream.local.recorded.Recording;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An upgrade: this version goes on with all that the previous one stored. What must come of it was written down when that
 * version ran: see {@link Recording}.
 */
class UpgradeIT {

    private static final Path HOME = Path.of(System.getProperty("hive.home", "..")).toAbsolutePath().normalize();
    private static final List<String> AGGREGATES = List.of("account", "content", "review", "transfer");
    private static final List<String> SAGAS = List.of("money-transfer", "publication");
    /** No deadline of a review comes while the test runs, whatever the year. */
    private static final String REVIEW_WITHIN = "P36500D";

    private final Recording recording = Recording.ofFormat(1);
    private final JsonNode expected = recording.expected();

    @Test
    void this_version_goes_on_with_all_that_format_1_stored() throws Exception {
        Path directory = Path.of("target", "faults", "upgrade").toAbsolutePath();
        try (Fleet fleet = new Fleet(directory, recording::start)) {
            LocalStack stack = fleet.stack();
            Map<String, String> oldKeys = keys(stack, "hive:");
            assertThat(oldKeys).hasSizeGreaterThan(100);

            // the new rebuilder works while nothing of the new version runs; sagas have no history yet
            JsonNode rebuilt = rebuilder(fleet, List.of(), "rebuild", "--on-poison", "park", "--json");
            assertStates(stack, generations(rebuilt), expected.path("states"), JsonMapper.shared().createObjectNode());

            BootApp processor = app(fleet, "command-processor");
            BootApp sagas = app(fleet, "saga-manager");
            processor.start();
            sagas.start();
            processor.awaitReady(Fleet.PATIENCE);
            sagas.awaitReady(Fleet.PATIENCE);
            try (Gateway gateway = new Gateway(processor.url()); Topics topics = new Topics(stack)) {
                JsonNode later = expected.path("later");
                await().atMost(Fleet.PATIENCE).ignoreExceptions()
                        .untilAsserted(() -> assertReads(gateway));
                await().atMost(Fleet.PATIENCE).ignoreExceptions().untilAsserted(() -> assertStates(stack,
                        active(stack), later.path("states"), later.path("sagas")));
                assertNothingIsRewritten(topics);

                Map<String, Long> ends = topics.eventCounts();
                retryOverHttp(gateway);
                retryOverKafka(topics);
                copiesOfSagas(topics);
                assertThat(topics.eventCounts()).isEqualTo(ends);
                assertStates(stack, active(stack), later.path("states"), later.path("sagas"));

                goOn(gateway);

                rebuilder(fleet, "rebuild", "--activate", "--on-poison", "park", "--json");
                rebuilder(fleet, "verify", "--json");
            }

            // the old keys are neither changed nor removed, until somebody says so
            assertThat(keys(stack, "hive:")).containsAllEntriesOf(oldKeys);
            processor.stop(Fleet.PATIENCE);
            sagas.stop(Fleet.PATIENCE);
            Map<String, String> newKeys = keys(stack, "hive:2:");
            rebuilder(fleet, "remove-old-format", "--json");
            assertThat(keys(stack, "hive:2:")).isEqualTo(newKeys);
            assertThat(keys(stack, "hive:").keySet()).doesNotContainAnyElementsOf(oldKeys.keySet());
        }
    }

    private BootApp app(Fleet fleet, String kind) {
        return fleet.app(kind, kind).property("hive.partitions", "" + recording.partitions())
                .property("samples.review-within", REVIEW_WITHIN);
    }

    /** Runs the cache-rebuilder on everything; it must succeed. */
    private JsonNode rebuilder(Fleet fleet, String... arguments) {
        return rebuilder(fleet, List.of("--sagas", String.join(",", SAGAS)), arguments);
    }

    private JsonNode rebuilder(Fleet fleet, List<String> sagas, String... arguments) {
        List<String> program = new ArrayList<>(List.of(Child.java(), "-Xmx512m", "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC", "-Dsamples.review-within=" + REVIEW_WITHIN, "-Dloader.path=" + Fleet.samples(),
                "-jar", HOME.resolve("cache-rebuilder/target/cache-rebuilder-boot.jar").toString()));
        program.addAll(List.of(arguments));
        program.addAll(sagas);
        program.addAll(List.of("--aggregates", String.join(",", AGGREGATES), "--partitions",
                "" + recording.partitions(), "--brokers", fleet.stack().broker().bootstrapServers(),
                "--redis", fleet.stack().redis().uri()));
        Job job = Job.run(arguments[0], program, fleet.directory(), Fleet.PATIENCE);
        assertThat(job.code()).as(arguments[0] + ": " + job.out()).isZero();
        return JsonMapper.shared().readTree(job.out());
    }

    private static Set<String> generations(JsonNode rebuilt) {
        Set<String> generations = new HashSet<>();
        rebuilt.path("aggregates").forEach(type -> generations.add(type.path("generation").asString()));
        return generations;
    }

    /** The generations that readers of this version use: those that the recording did not have. */
    private Set<String> active(LocalStack stack) {
        Set<String> names = new HashSet<>();
        CacheDump.read(stack.redis().port()).active().forEach(generation -> names.add(generation.name()));
        expected.path("generations").forEach(old -> names.remove(old.asString()));
        return names;
    }

    private void assertStates(LocalStack stack, Set<String> generations, JsonNode states, JsonNode sagas) {
        Map<String, CacheDump.Snapshot> found = new TreeMap<>();
        for (CacheDump.Snapshot snapshot : CacheDump.read(stack.redis().port()).snapshots()) {
            if (generations.contains(snapshot.generation().name())) {
                String slot = snapshot.generation().slot();
                found.put(slot.substring(0, slot.lastIndexOf(':')) + " " + snapshot.id(), snapshot);
            }
        }
        Set<String> names = new HashSet<>();
        for (String aggregate : AGGREGATES) {
            states.path(aggregate).properties().forEach(each -> {
                String name = aggregate + " " + each.getKey();
                names.add(name);
                assertThat(found).as("in " + generations).containsKey(name);
                CacheDump.Snapshot snapshot = found.get(name);
                assertThat(snapshot.version()).as(name).isEqualTo(each.getValue().path("version").asLong());
                if (each.getValue().path("poison").asBoolean()) {
                    assertThat(snapshot.poison()).as(name).isNotNull();
                } else {
                    assertThat(snapshot.poison()).as(name).isNull();
                    assertThat(snapshot.state()).as(name).isEqualTo(each.getValue().path("state"));
                }
            });
        }
        for (String saga : SAGAS) {
            sagas.path(saga).properties().forEach(each -> {
                String name = saga + " " + each.getKey();
                names.add(name);
                assertThat(found).as("in " + generations).containsKey(name);
                assertThat(instance(saga, each.getKey(), found.get(name).state())).as(name)
                        .isEqualTo(instance(saga, each.getKey(), each.getValue().path("state")));
            });
        }
        assertThat(found.keySet()).isEqualTo(names);
    }

    /**
     * What an instance has come to. How often it asked depends on how long it was down; and one whose saga failed once was
     * left before the message that it failed on, which code that does not fail on it has folded.
     */
    private String instance(String saga, String id, JsonNode stored) {
        if (stored.has("ended")) {
            // a tombstone: the state is in the history
            return stored.path("ended").asString().toUpperCase(Locale.ROOT);
        }
        if (!stored.path("status").asString().equals("ACTIVE")) {
            return stored.path("status").asString();
        }
        String status = stored.path("status").asString() + (stored.path("parked").isString() ? ", parked" : "");
        if (recording.topic(saga + ".inbox").records().stream()
                .anyMatch(record -> id.equals(record.key()) && "hive.parked".equals(record.header("ce_type")))) {
            return status;
        }
        ObjectNode state = (ObjectNode) stored.path("state").deepCopy();
        state.remove("tries");
        return status + ": " + state;
    }

    private void assertReads(Gateway gateway) {
        expected.path("reads").properties().forEach(read -> {
            String[] name = read.getKey().split(" ", 2);
            JsonNode then = read.getValue();
            if (then.path("status").asInt() == 400 || isRefused(name[1])) {
                return;
            }
            Gateway.Answer now = get(gateway, name[0], name[1]);
            assertThat(now.status()).as(read.getKey() + now.body()).isEqualTo(then.path("status").asInt());
            assertThat(now.etag()).as(read.getKey()).isEqualTo(then.path("etag").asString("").replace("\"", ""));
            if (now.status() == 200) {
                assertThat(now.body()).as(read.getKey()).isEqualTo(then.path("state"));
            }
        });
    }

    /** Ids that format 1 took at some entrances and refused at others. */
    private static boolean isRefused(String id) {
        return id.isBlank() || id.equals(".") || id.equals("..") || id.equals("\u00a0")
                || Stream.of("/", "\\", ";", "%", "\u2028").anyMatch(id::contains)
                || id.startsWith(" ");
    }

    private static Gateway.Answer get(Gateway gateway, String aggregate, String id) {
        try {
            return gateway.get(aggregate, id);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Each recorded event is where it was; what was appended are the next versions. */
    private void assertNothingIsRewritten(Topics topics) {
        for (String aggregate : AGGREGATES) {
            RecordedTopic recorded = recording.topic(aggregate + ".events");
            Map<String, Long> versions = new HashMap<>();
            Map<String, Recorded> before = new HashMap<>();
            recorded.records().forEach(event -> before.put(event.partition() + "/" + event.offset(), event));
            int same = 0;
            for (ConsumerRecord<byte[], byte[]> event : topics.read(recorded.name())) {
                String id = new String(event.key(), UTF_8);
                long version = Long.parseLong(String.valueOf(header(event, "ce_sequence")));
                assertThat(version).as(aggregate + " " + id).isEqualTo(versions.getOrDefault(id, 0L) + 1);
                versions.put(id, version);
                Recorded old = before.get(event.partition() + "/" + event.offset());
                if (old != null) {
                    assertThat(new String(event.value(), UTF_8)).isEqualTo(old.value());
                    same++;
                }
            }
            assertThat(same).isEqualTo(recorded.records().size());
        }
    }

    /** A client that did not hear the answer sends the same again, to an instance that is new. */
    private void retryOverHttp(Gateway gateway) throws Exception {
        int retried = 0;
        for (JsonNode command : expected.path("commands")) {
            JsonNode answer = command.path("answer");
            String id = command.path("id").asString();
            String key = command.path("commandId").asString("");
            if (!answer.path("body").has("firstVersion") || key.isEmpty() || isRefused(id) || isRefused(key)
                    || isPoisoned("account", id)) {
                continue;
            }
            Gateway.Answer again = gateway.post(command.path("aggregate").asString(), id,
                    command.path("command").asString(), key, command.path("body").toString(), headers(command));
            assertThat(again.status()).as(command + " -> " + again.body()).isEqualTo(answer.path("status").asInt());
            assertThat(again.body()).as(command.toString()).isEqualTo(answer.path("body"));
            assertThat(again.etag()).isEqualTo(answer.path("etag").asString().replace("\"", ""));
            retried++;
        }
        assertThat(retried).isGreaterThan(40);
    }

    private static String[] headers(JsonNode command) {
        return command.path("headers").properties().stream()
                .flatMap(header -> Stream.of(header.getKey(), header.getValue().asString())).toArray(String[]::new);
    }

    private boolean isPoisoned(String aggregate, String id) {
        return expected.path("states").path(aggregate).path(id).path("poison").asBoolean();
    }

    /** A producer that repeats what it has sent, from the same source. */
    private void retryOverKafka(Topics topics) throws Exception {
        Map<String, JsonNode> wanted = new LinkedHashMap<>();
        List<ProducerRecord<byte[], byte[]>> retries = new ArrayList<>();
        for (JsonNode command : expected.path("commands")) {
            JsonNode result = command.path("result");
            String aggregate = command.path("aggregate").asString();
            String id = command.path("id").asString();
            if (!result.has("firstVersion") || isPoisoned(aggregate, id)
                    || Stream.of("large-0", "large-1").anyMatch(command.path("commandId").asString()::equals)) {
                continue;
            }
            var record = new ProducerRecord<>(aggregate + ".commands", command.path("partition").asInt(),
                    id.getBytes(UTF_8), command.path("body").asString().getBytes(UTF_8));
            record.headers().add("ce_id", command.path("commandId").asString().getBytes(UTF_8))
                    .add("ce_type", command.path("type").asString().getBytes(UTF_8));
            if (command.has("source")) {
                record.headers().add("ce_source", command.path("source").asString().getBytes(UTF_8));
            }
            command.path("headers").properties().forEach(
                    header -> record.headers().add(header.getKey(), header.getValue().asString().getBytes(UTF_8)));
            retries.add(record);
            wanted.put(aggregate + " " + id + " " + command.path("commandId").asString(), result);
        }
        assertThat(wanted).hasSizeGreaterThan(25);
        requireResults(topics, retries, wanted);
    }

    /** A saga-manager that is not sure whether it has sent a command sends it again, as its next copy. */
    private void copiesOfSagas(Topics topics) throws Exception {
        Map<String, JsonNode> wanted = new LinkedHashMap<>();
        List<ProducerRecord<byte[], byte[]>> copies = new ArrayList<>();
        for (String aggregate : AGGREGATES) {
            Map<String, JsonNode> first = new HashMap<>();
            for (Recorded result : recording.topic(aggregate + ".results").records()) {
                if (result.header("ce_saga") != null) {
                    first.putIfAbsent(String.valueOf(result.header("ce_causationid")),
                            JsonMapper.shared().readTree(result.value()));
                }
            }
            for (Recorded command : recording.topic(aggregate + ".commands").records()) {
                String commandId = command.header("ce_id");
                JsonNode result = commandId == null ? null : first.get(commandId);
                if (result == null || !result.has("firstVersion")) {
                    continue;
                }
                var copy = new ProducerRecord<>(aggregate + ".commands", command.partition(),
                        String.valueOf(command.key()).getBytes(UTF_8), String.valueOf(command.value()).getBytes(UTF_8));
                command.headers().forEach(header -> copy.headers().add(header.name(),
                        (header.name().equals("ce_sagaattempt")
                                ? "" + (Integer.parseInt(String.valueOf(header.value())) + 1)
                                : String.valueOf(header.value())).getBytes(UTF_8)));
                copies.add(copy);
                wanted.put(aggregate + " " + command.key() + " " + commandId, result);
            }
        }
        assertThat(wanted).hasSizeGreaterThan(15);
        requireResults(topics, copies, wanted);
    }

    /** Sends commands; the last result of each has to be what it was before. */
    private static void requireResults(Topics topics, List<ProducerRecord<byte[], byte[]>> commands,
            Map<String, JsonNode> wanted) throws Exception {
        Map<String, Integer> before = new HashMap<>();
        topics.results().forEach((name, results) -> before.put(name, results.size()));
        topics.send(commands);
        await().atMost(Fleet.PATIENCE).until(() -> {
            Map<String, List<JsonNode>> now = topics.results();
            return wanted.keySet().stream().allMatch(name -> now.getOrDefault(name, List.of()).size() > before
                    .getOrDefault(name, 0));
        });
        Map<String, List<JsonNode>> now = topics.results();
        wanted.forEach((name, result) -> assertThat(now.get(name).getLast()).as(name).isEqualTo(result));
    }

    /** New commands get the next versions. */
    private void goOn(Gateway gateway) throws Exception {
        for (String id : List.of("carol", "ada", "large", "medium", "bob")) {
            long version = expected.path("later").path("states").path("account").path(id).path("version").asLong();
            Gateway.Answer answer = gateway.post("account", id, "deposit", "new-" + id, "{\"amount\":1}", "If-Match",
                    "\"" + version + "\"");
            assertThat(answer.status()).as(id + answer.body()).isEqualTo(200);
            assertThat(answer.body().path("firstVersion").asLong()).isEqualTo(version + 1);
        }
        Gateway.Answer review = gateway.post("review", "undecided", "approve", "new-approval", "{\"by\":\"ada\"}");
        assertThat(review.status()).isEqualTo(200);
        await().atMost(Fleet.PATIENCE)
                .until(() -> get(gateway, "content", "undecided").body().path("enabled").asBoolean());
        assertThat(gateway.post("transfer", "t-new", "request", "t-new", """
                {"from":"ada","to":"bob","amount":1}""").status()).isEqualTo(200);
        await().atMost(Fleet.PATIENCE).until(
                () -> get(gateway, "transfer", "t-new").body().path("status").asString().equals("COMPLETED"));
    }

    /** What is stored under all keys that begin so, but those that expire. */
    private static Map<String, String> keys(LocalStack stack, String prefix) throws IOException {
        Map<String, String> values = new TreeMap<>();
        try (var redis = new RedisConnection(stack.redis().port())) {
            for (Object found : redis.list("KEYS", "*")) {
                String key = found.toString();
                if (key.startsWith(prefix) && Long.valueOf(-1).equals(redis.call("TTL", key))) {
                    values.put(key, String.valueOf(redis.call("DUMP", key)));
                }
            }
        }
        return values;
    }

    private static @Nullable String header(ConsumerRecord<?, ?> record, String name) {
        var header = record.headers().lastHeader(name);
        return header == null ? null : new String(header.value(), UTF_8);
    }

    /** The topics as clients see them. */
    private static final class Topics implements AutoCloseable {
        private final KafkaProducer<byte[], byte[]> producer;
        private final KafkaConsumer<byte[], byte[]> consumer;

        private Topics(LocalStack stack) {
            producer = new KafkaProducer<>(Map.of("bootstrap.servers", stack.broker().bootstrapServers()),
                    new ByteArraySerializer(), new ByteArraySerializer());
            consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", stack.broker().bootstrapServers(),
                    "isolation.level", "read_committed"), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }

        void send(List<ProducerRecord<byte[], byte[]>> records) throws Exception {
            for (var sent : records.stream().map(producer::send).toList()) {
                sent.get();
            }
        }

        /** All committed records, those of a partition in order. */
        List<ConsumerRecord<byte[], byte[]>> read(String topic) {
            List<TopicPartition> partitions = IntStream.range(0, consumer.partitionsFor(topic).size())
                    .mapToObj(partition -> new TopicPartition(topic, partition)).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
            return records;
        }

        /** How many events there are of each aggregate. */
        Map<String, Long> eventCounts() {
            Map<String, Long> counts = new TreeMap<>();
            for (String aggregate : AGGREGATES) {
                read(aggregate + ".events")
                        .forEach(
                                event -> counts.merge(aggregate + " " + new String(event.key(), UTF_8), 1L, Long::sum));
            }
            return counts;
        }

        /** The results by aggregate, id and command. */
        Map<String, List<JsonNode>> results() {
            Map<String, List<JsonNode>> results = new HashMap<>();
            for (String aggregate : AGGREGATES) {
                for (ConsumerRecord<byte[], byte[]> result : read(aggregate + ".results")) {
                    results.computeIfAbsent(
                            aggregate + " " + new String(result.key(), UTF_8) + " " + header(result, "ce_causationid"),
                            _ -> new ArrayList<>()).add(JsonMapper.shared().readTree(result.value()));
                }
            }
            return results;
        }

        @Override
        public void close() {
            producer.close();
            consumer.close();
        }
    }
}
