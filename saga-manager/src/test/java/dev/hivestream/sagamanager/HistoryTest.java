package dev.hivestream.sagamanager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Slot;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What was done stays done: code, cache and group of a saga may change or be lost, and nothing is done again. */
@Timeout(300)
class HistoryTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String GROUP = "saga-manager";
    private static final String INBOX = "alarm.inbox";

    @TempDir
    Path directory;

    private LocalStack stack;
    private Clocks clocks;
    private Admin admin;

    @BeforeEach
    void start() {
        Alarms.broken = false;
        Alarms.reworked = false;
        stack = LocalStack.start(directory, Ports.free(), Ports.free());
        clocks = new Clocks(stack);
        admin = Admin.create(Map.of("bootstrap.servers", stack.broker().bootstrapServers()));
    }

    @AfterEach
    void stop() {
        Alarms.broken = false;
        Alarms.reworked = false;
        admin.close();
        clocks.close();
        stack.close();
    }

    @Test
    void other_code_a_lost_cache_and_a_deleted_group_repeat_nothing() throws Exception {
        String completed = Clocks.id();
        String skipped = Clocks.id();
        try (Manager manager = Manager.start(stack)) {
            Alarms.broken = true;
            Clocks.await(List.of(clocks.happen(completed, "wound", "{\"millis\":3600000}"),
                    clocks.happen(completed, "finished", "{}"),
                    clocks.happen(skipped, "wound", "{\"millis\":3600000}"), clocks.happen(skipped, "dropped", "{}")));
            await().atMost(PATIENCE).until(() -> ids(manager, "completed").contains(completed)
                    && ids(manager, "parked").contains(skipped));
            for (String refused : List.of("{\"by\":\"ada\",\"reason\":\"x\"}", "{\"by\":\"ada\",\"by\":\"eve\"}",
                    "{\"id\":\"" + completed + "\"}")) {
                var answer = manager.post("/actuator/sagas/alarm/" + skipped + "/skip", refused);
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
                assertThat(answer.body()).contains("othing was done");
            }
            assertThat(manager.post("/actuator/sagas/alarm/" + skipped + "/skip",
                    "{\"by\":\"ada\",\"why\":\"the clock was dropped twice\"}").statusCode()).isEqualTo(202);
            await().atMost(PATIENCE).until(() -> ids(manager, "active").contains(skipped));
            assertThat(sent(completed)).containsExactly("last");

            // the bug is mended, the saga wants other things, and the cache is gone
            Alarms.broken = false;
            Alarms.reworked = true;
            stack.redis().call("FLUSHALL");
            await().atMost(PATIENCE).until(() -> ids(manager, "completed").contains(completed)
                    && ids(manager, "active").contains(skipped));
            JsonNode line = manager.json("/actuator/sagas/alarm/" + skipped);
            assertThat(line.path("state").path("what").toString()).as("skipped for ever").isEqualTo("[\"Wound\"]");
            assertThat(line.path("messages").path(0).path("payload").asString()).contains("ada")
                    .contains("the clock was dropped twice");
            assertThat(line.path("messages").path(2).path("differences").toString()).contains("reworked");
        }

        // no member: the group and its offsets go
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            admin.deleteConsumerGroups(List.of(GROUP)).all().get();
            return true;
        });
        stack.redis().call("FLUSHALL");
        int commands = clocks.read("clock.commands").size();
        String later = Clocks.id();
        try (Manager manager = Manager.start(stack)) {
            clocks.happen(later, "wound", "{\"millis\":3600000}").get();
            await().atMost(PATIENCE).until(() -> reworked(later) == 1);
            clocks.happen(completed, "noted", "{\"text\":\"late\"}").get();
            clocks.happen(later, "noted", "{\"text\":\"two\"}").get();
            await().atMost(PATIENCE).until(() -> reworked(later) == 2);
            assertThat(ids(manager, "completed")).containsExactly(completed);
            assertThat(clocks.read("clock.commands").stream()
                    .filter(command -> !Clocks.header(command, "ce_saga").equals("alarm:" + later))).hasSize(commands);
        }
    }

    @Test
    void what_a_version_without_a_history_handled_is_recorded_and_not_sent() throws Exception {
        String completed = Clocks.id();
        String waiting = Clocks.id();
        create(INBOX, "clock.events", "clock.commands", "clock.results");
        put(completed, "wound", "{\"millis\":1}");
        put(completed, "finished", "{}");
        put(waiting, "wound", "{\"millis\":3600000}");
        handledByOlderVersion();
        try (Manager manager = Manager.start(stack)) {
            await().atMost(PATIENCE).until(() -> ids(manager, "completed").equals(List.of(completed))
                    && ids(manager, "active").equals(List.of(waiting)));
            clocks.happen(waiting, "noted", "{\"text\":\"one\"}").get();
            await().atMost(PATIENCE).until(() -> manager.json("/actuator/sagas/alarm/" + waiting).path("state")
                    .path("what").size() == 2);
        }
        // while it was stopped, somebody set the offset forward: no older version can have handled this message
        put(waiting, "finished", "{}");
        handledByOlderVersion();
        stack.redis().call("FLUSHALL");
        TopicPartition of = inboxOf(waiting);
        long back;
        try (Manager manager = Manager.launch(stack)) {
            await().atMost(PATIENCE).ignoreExceptions()
                    .until(() -> manager.get("/actuator/health").body().contains("the history lost records"));
            String health = manager.get("/actuator/health").body();
            assertThat(health).contains("alarm:" + of.partition(), "STOPPED");
            Matcher command = Pattern.compile("kafka-consumer-groups.sh --group " + GROUP + " --reset-offsets --topic "
                    + INBOX + ":" + of.partition() + " --to-offset (\\d+) --execute").matcher(health);
            assertThat(command.find()).as(health).isTrue();
            back = Long.parseLong(command.group(1));
        }
        assertThat(clocks.read("clock.commands")).isEmpty();
        setOffset(of, back);
        try (Manager manager = Manager.start(stack)) {
            await().atMost(PATIENCE).until(() -> ids(manager, "completed").size() == 2);
            String next = Clocks.id();
            Clocks.await(List.of(clocks.happen(next, "wound", "{\"millis\":3600000}"),
                    clocks.happen(next, "finished", "{}")));
            await().atMost(PATIENCE).until(() -> ids(manager, "completed").size() == 3);
            assertThat(sent(completed)).as("what the older version sent").isEmpty();
            assertThat(sent(waiting)).as("what this version decided").containsExactly("last");
            JsonNode line = manager.json("/actuator/sagas/alarm/" + waiting);
            assertThat(line.path("version").asLong()).isEqualTo(3);
        }
    }

    @Test
    void an_offset_that_was_set_back_and_an_inbox_that_was_created_again_repeat_nothing() throws Exception {
        String first = Clocks.id();
        TopicPartition of = inboxOf(first);
        try (Manager manager = Manager.start(stack)) {
            complete(manager, first);
        }
        setOffset(of, 0);
        String second = idIn(of);
        try (Manager manager = Manager.start(stack)) {
            complete(manager, second);
        }
        admin.deleteTopics(List.of(INBOX)).all().get();
        await().atMost(PATIENCE).until(() -> !admin.listTopics().names().get().contains(INBOX));
        String third = idIn(of);
        try (Manager manager = Manager.start(stack)) {
            complete(manager, third);
            assertThat(ids(manager, "completed")).containsExactlyInAnyOrder(first, second, third);
        }
        assertThat(clocks.read("clock.commands")).hasSize(3);
        assertThat(clocks.read("alarm.history").stream().filter(record -> first.equals(record.key()))).hasSize(2);
    }

    private void complete(Manager manager, String id) throws Exception {
        Clocks.await(List.of(clocks.happen(id, "wound", "{\"millis\":3600000}"), clocks.happen(id, "finished", "{}")));
        await().atMost(PATIENCE).until(() -> ids(manager, "completed").contains(id));
        assertThat(sent(id)).containsExactly("last");
    }

    private static TopicPartition inboxOf(String id) {
        return new TopicPartition(INBOX, Slot.partitionOf(id.getBytes(UTF_8), Clocks.PARTITIONS));
    }

    private static String idIn(TopicPartition inbox) {
        String id = Clocks.id();
        while (!inboxOf(id).equals(inbox)) {
            id = Clocks.id();
        }
        return id;
    }

    /** Once the members are gone. */
    private void setOffset(TopicPartition partition, long offset) {
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            admin.alterConsumerGroupOffsets(GROUP, Map.of(partition, new OffsetAndMetadata(offset))).all().get();
            return true;
        });
    }

    @Test
    void a_group_without_an_offset_and_an_inbox_without_a_history_wait_for_a_person() throws Exception {
        String id = Clocks.id();
        create(INBOX, "clock.events", "clock.commands", "clock.results");
        put(id, "wound", "{\"millis\":3600000}");
        put(id, "finished", "{}");
        int partition = inboxOf(id).partition();
        String elsewhere = idIn(new TopicPartition(INBOX, (partition + 1) % Clocks.PARTITIONS));
        try (Manager manager = Manager.launch(stack)) {
            await().atMost(PATIENCE).ignoreExceptions()
                    .until(() -> manager.get("/actuator/health").body().contains("STOPPED"));
            assertThat(manager.get("/actuator/health").body()).contains("alarm:" + partition)
                    .contains("kafka-consumer-groups.sh").contains(INBOX + ":" + partition);
            // routers go on, so instances elsewhere do
            Clocks.await(List.of(clocks.happen(id, "noted", "{\"text\":\"one\"}"),
                    clocks.happen(elsewhere, "wound", "{\"millis\":3600000}")));
            await().atMost(PATIENCE)
                    .until(() -> manager.get("/actuator/sagas/alarm/" + elsewhere).statusCode() == 200);
        }
        assertThat(clocks.read("clock.commands")).isEmpty();
        setOffset(new TopicPartition(INBOX, partition), 0);
        try (Manager manager = Manager.start(stack)) {
            await().atMost(PATIENCE).until(() -> sent(id).equals(List.of("last")));
            assertThat(ids(manager, "completed")).containsExactly(id);
        }
    }

    @Test
    void a_router_whose_inbox_nobody_processes_waits_and_says_so() throws Exception {
        String id = Clocks.id();
        String[] without = {"--spring.cloud.stream.bindings.inbox.consumer.auto-startup=false"};
        try (Manager manager = Manager.launch(stack, without)) {
            await().atMost(PATIENCE).ignoreExceptions()
                    .until(() -> clocks.happen(id, "wound", "{\"millis\":1}").get() != null);
            await().atMost(PATIENCE).until(() -> manager.get("/actuator/health").body()
                    .contains(
                            "has no offset yet in [" + inboxOf(id) + "]: no saga-manager processes these partitions"));
            assertThat(manager.json("/actuator/health").toString()).contains("clock.events");
        }
        assertThat(clocks.read(INBOX)).isEmpty();
    }

    @Test
    void events_that_come_before_the_start_wait_for_it_and_are_dead_letters_if_it_does_not_come() throws Exception {
        String late = Clocks.id();
        String never = Clocks.id();
        try (Manager manager = Manager.start(stack, "--hive.saga.early-messages.keep=2s",
                "--hive.saga.early-messages.limit=2")) {
            for (String id : List.of(late, never)) {
                Clocks.await(List.of(clocks.happen(id, "noted", "{\"text\":\"one\"}"),
                        clocks.happen(id, "noted", "{\"text\":\"two\"}"),
                        clocks.happen(id, "noted", "{\"text\":\"three\"}")));
            }
            clocks.happen(late, "wound", "{\"millis\":3600000}").get();
            await().atMost(PATIENCE).until(() -> manager.json("/actuator/sagas/alarm/" + late).path("state")
                    .path("what").toString().equals("[\"Wound\",\"one\",\"two\"]"));
            await().atMost(PATIENCE).until(() -> reasons(never).size() == 3);
            assertThat(reasons(never).getFirst()).contains("hive.saga.early-messages");
            assertThat(reasons(never).subList(1, 3)).allMatch(reason -> reason.contains("did not start within PT2S"));
            assertThat(reasons(late)).hasSize(1);
            await().atMost(PATIENCE).until(() -> ids(manager, "waiting").isEmpty());
        }
    }

    @Test
    void a_long_history_is_answered_in_pages() throws Exception {
        String id = Clocks.id();
        try (Manager manager = Manager.start(stack)) {
            clocks.happen(id, "wound", "{\"millis\":3600000}").get();
            for (int i = 0; i < 3_000; i++) {
                var _ = clocks.happen(id, "noted", "{\"text\":\"" + "x".repeat(100) + i + "\"}");
            }
            await().atMost(PATIENCE).until(() -> manager.json("/actuator/sagas/alarm/" + id).path("version")
                    .asLong() == 3_001);
            String page = manager.get("/actuator/sagas/alarm/" + id + "?states=true").body();
            assertThat(page.length()).isLessThan(1_000_000);
            JsonNode line = manager.json("/actuator/sagas/alarm/" + id);
            assertThat(line.path("messages").size()).isEqualTo(50);
            assertThat(line.path("older").asString()).isEqualTo("?before=2952");
            assertThat(line.path("messages").path(0).path("version").asLong()).isEqualTo(3_001);
            JsonNode older = manager.json("/actuator/sagas/alarm/" + id + "?limit=200&before=2952");
            assertThat(older.path("messages").size()).isEqualTo(200);
            assertThat(older.path("messages").path(0).path("version").asLong()).isEqualTo(2951);
            assertThat(manager.get("/actuator/sagas/alarm/" + id + "?limit=0").statusCode()).isEqualTo(400);
            assertThat(manager.get("/actuator/sagas/alarm/" + id + "?limit=201").statusCode()).isEqualTo(400);
            assertThat(manager.get("/actuator/sagas/alarm/" + id + "?before=0").statusCode()).isEqualTo(400);
        }
    }

    @Test
    void a_page_ends_before_its_limit_if_its_messages_did_much() throws Exception {
        String id = Clocks.id();
        try (Manager manager = Manager.start(stack)) {
            clocks.happen(id, "wound", "{\"millis\":3600000}").get();
            Alarms.busy = true;
            for (int i = 0; i < 40; i++) {
                clocks.happen(id, "noted", "{\"text\":\"" + "x".repeat(3_000) + "\"}").get();
            }
            await().atMost(PATIENCE).until(() -> manager.json("/actuator/sagas/alarm/" + id).path("version")
                    .asLong() == 41);
            String page = "?limit=200&states=true";
            List<Long> versions = new ArrayList<>();
            for (int pages = 0; !page.isEmpty(); pages++) {
                String answer = manager.get("/actuator/sagas/alarm/" + id + page).body();
                assertThat(answer.length()).isLessThan(8_000_000);
                JsonNode line = Json.TOLERANT.readTree(answer);
                assertThat(line.path("status").asString()).as(line.path("parked").asString()).isEqualTo("active");
                line.path("messages").forEach(message -> versions.add(message.path("version").asLong()));
                assertThat(line.path("steps").size()).isEqualTo(100);
                assertThat(line.path("olderSteps").asInt()).isEqualTo(40 * 60 - 100);
                page = line.has("older") ? line.path("older").asString() + "&limit=200&states=true" : "";
                assertThat(pages).isLessThan(20);
            }
            assertThat(versions).as("in order, each once")
                    .isEqualTo(LongStream.rangeClosed(1, 41).map(i -> 42 - i).boxed().toList());
        }
    }

    private List<String> reasons(String id) {
        return clocks.read("alarm.inbox.dlq").stream().filter(letter -> id.equals(letter.key()))
                .map(letter -> Clocks.header(letter, "hive_reason")).toList();
    }

    /** Not the commands of its deadlines, which come at a time of their own. */
    private long reworked(String id) {
        return sent(id).stream().filter("reworked"::equals).count();
    }

    private List<String> sent(String id) {
        return clocks.sent(id).stream().map(Clocks.Sent::step).toList();
    }

    private static List<String> ids(Manager manager, String status) throws Exception {
        return StreamSupport
                .stream(manager.json("/actuator/sagas/alarm?limit=1000&status=" + status).spliterator(), false)
                .map(one -> one.path("id").asString()).toList();
    }

    private void create(String... topics) throws Exception {
        for (String topic : topics) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(Clocks.PARTITIONS), Optional.empty())
                    .configs(Map.of("retention.ms", "-1", "retention.bytes", "-1")))).all().get();
        }
    }

    /** As a router does. */
    private void put(String id, String event, String json) throws Exception {
        clocks.send(INBOX, id, "clock." + event, json, "ce_time", Instant.now().toString()).get();
    }

    private void handledByOlderVersion() throws Exception {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (int i = 0; i < Clocks.PARTITIONS; i++) {
            ends.put(new TopicPartition(INBOX, i), OffsetSpec.latest());
        }
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        admin.listOffsets(ends).all().get()
                .forEach((partition, end) -> offsets.put(partition, new OffsetAndMetadata(end.offset())));
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            admin.alterConsumerGroupOffsets(GROUP, offsets).all().get();
            return true;
        });
    }
}
