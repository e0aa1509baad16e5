package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.hivestream.commandprocessor.FragileDomain.Bug;
import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** A bug of the domain is no rejection: its command is tried a few times, then kept for its authors, and the rest goes on. */
class FaultyDomainTest {

    private static final int ATTEMPTS = 3;
    private static final Set<Bug> BUGS = EnumSet
            .complementOf(EnumSet.of(Bug.NONE, Bug.STUMBLE, Bug.LONG_REJECTION, Bug.UNTIL_MENDED));
    private static final Set<Bug> WITHOUT_TRACE = EnumSet.of(Bug.THROW_HOSTILE, Bug.EVOLVE_THROWS_HOSTILE,
            Bug.UNWRITABLE_STATE_HOSTILE, Bug.THROW_ENDLESS_TEXT);
    private static final Map<Bug, Sent> SENT = new EnumMap<>(Bug.class);

    @AutoClose
    private static Processor processor;
    @AutoClose
    private static Wire wire;

    @BeforeAll
    static void start() throws Exception {
        processor = DomainFolder.with("fragile",
                () -> Processor.start(LocalStack.shared(), "--hive.aggregates=fragile"));
        wire = new Wire(LocalStack.shared());
        send();
    }

    /** Commands to the aggregates before, id and after, of one partition, in this order: before, id-before, id, after. */
    record Sent(String id, String before, String after, RecordMetadata place) {}

    private static void send() throws InterruptedException {
        List<ProducerRecord<byte[], byte[]>> all = new ArrayList<>();
        for (Bug bug : BUGS) {
            String id = Wire.id();
            String before = Wire.id(Wire.partitionOf(id));
            String after = Wire.id(Wire.partitionOf(id));
            SENT.put(bug, new Sent(id, before, after, null));
            all.addAll(List.of(work(before, before, Bug.NONE), work(id, id + "-before", Bug.NONE), work(id, id, bug),
                    work(after, after, Bug.NONE)));
        }
        List<RecordMetadata> places = wire.send(all);
        int i = 2;
        for (Bug bug : BUGS) {
            RecordMetadata place = places.get(i);
            SENT.computeIfPresent(bug, (same, sent) -> new Sent(sent.id, sent.before, sent.after, place));
            i += 4;
        }
        soon().untilAsserted(() -> assertThat(SENT.values())
                .allSatisfy(sent -> assertThat(wire.results("fragile", sent.after)).hasSize(1)));
        wire.send(SENT.values().stream().map(sent -> work(sent.id, sent.id + "-after", Bug.NONE)).toList());
        soon().untilAsserted(() -> assertThat(SENT.values())
                .allSatisfy(sent -> assertThat(wire.results("fragile", sent.id + "-after")).hasSize(1)));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"NONE", "STUMBLE", "LONG_REJECTION", "UNTIL_MENDED"})
    void a_bug_fails_its_command_and_no_other(Bug bug) {
        Sent sent = SENT.get(bug);
        String id = sent.id;
        assertThat(wire.results("fragile", sent.before)).extracting(Result::version).containsExactly(1L);
        assertThat(wire.results("fragile", sent.after)).extracting(Result::version).containsExactly(1L);
        assertThat(wire.results("fragile", id + "-before")).extracting(Result::version).containsExactly(1L);
        assertThat(wire.results("fragile", id + "-after")).extracting(Result::version).containsExactly(2L);
        assertThat(wire.events("fragile", id)).hasSize(2);

        Result failed = wire.results("fragile", id).getFirst();
        assertThat(failed.outcome()).isEqualTo(Result.Outcome.failed);
        assertThat(failed.code()).isEqualTo(Result.Code.FAULT);
        assertThat(failed.reason()).contains("fragile.commands.dlq").doesNotContain(FragileDomain.SECRET);

        assertThat(wire.deadLetters(sent.place)).hasSize(1);
        ConsumerRecord<byte[], byte[]> letter = wire.deadLetters(sent.place).getFirst();
        assertThat(Wire.header(letter, Header.DEAD_REASON)).startsWith("The domain failed").hasSizeLessThan(5_000);
        String trace = Wire.header(letter, Header.DEAD_TRACE);
        assertThat(trace).hasSizeLessThan(5_000);
        if (!WITHOUT_TRACE.contains(bug)) {
            assertThat(trace).hasSizeGreaterThan(100).contains("  at ");
        }
        assertThat(letter.value()).isEqualTo(work(id, id, bug).value());
    }

    @ParameterizedTest
    @EnumSource(names = {"THROW", "THROW_CHECKED", "THROW_ERROR", "DECIDE_NULL", "UNDECLARED_EVENT", "EVOLVE_THROWS",
            "EVOLVE_NULL"})
    void a_bug_is_tried_three_times(Bug bug) throws Exception {
        String id = Wire.id();
        // alone in its partition at this moment: a state that cannot be written makes a batch be decided twice
        wire.send(work(id, id, bug));
        soon().untilAsserted(() -> assertThat(wire.results("fragile", id)).hasSize(1));
        assertThat(FragileDomain.DECIDED.get(id)).hasValue(ATTEMPTS);
    }

    @ParameterizedTest
    @EnumSource(names = {"THROW", "THROW_ERROR", "EVOLVE_THROWS", "UNWRITABLE_STATE", "HUGE_EVENT",
            "THROW_HOSTILE", "THROW_DEEP", "EVOLVE_THROWS_DEEP"})
    void a_client_learns_of_a_bug_and_nothing_of_the_inside(Bug bug) throws Exception {
        String id = Wire.id();
        var answer = processor.post("/v1/fragile/" + id + "/work", body(id, bug));
        var problem = Answers.problem(answer, 500, "hive.fault");
        assertThat(answer.body()).doesNotContain("secret", "10.0.0.7");
        assertThat(problem.path("commandId").asString("")).isNotBlank();
        Answers.problem(processor.get("/v1/fragile/" + id), 404, "no-such-aggregate");
    }

    @ParameterizedTest
    @CsvSource({"SLEEP, hive.decide.timeout=3000ms", "FLOOD, hive.decide.max-bytes",
            "COUNTLESS_EVENTS, hive.decide.max-events allows 1000", "HUGE_EVENT, hive.max-message"})
    void a_client_learns_which_limit_a_decision_exceeded(Bug bug, String limit) throws Exception {
        String id = Wire.id();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(Part.class);
        log.start();
        logger.addAppender(log);
        logger.setAdditive(false);
        logger.setLevel(Level.ERROR);
        var answer = processor.post("/v1/fragile/" + id + "/work", body(id, bug));
        logger.detachAppender(log);
        logger.setAdditive(true);
        logger.setLevel(null);
        Answers.problem(answer, 500, "hive.fault");
        assertThat(answer.body()).contains(limit);
        assertThat(log.list).singleElement().satisfies(line -> {
            assertThat(line.getFormattedMessage()).contains(limit);
            assertThat(line.getThrowableProxy()).as("the limit says it all").isNull();
        });
        assertThat(FragileDomain.DECIDED.get(id)).hasValue(1);
        assertThat(wire.events("fragile", id)).isEmpty();
    }

    @Test
    void a_number_that_would_keep_a_processor_busy_is_malformed_and_named() throws Exception {
        String id = Wire.id();
        String after = Wire.id(Wire.partitionOf(id));
        String body = "{\"name\":\"" + id + "\",\"bug\":\"NONE\",\"amount\":1e30000000}";
        RecordMetadata place = wire.send(Wire.command("fragile.work", id, id, body), work(after, after, Bug.NONE))
                .getFirst();
        soon().untilAsserted(() -> assertThat(wire.results("fragile", after)).hasSize(1));
        assertThat(wire.results("fragile", id)).extracting(Result::code).containsExactly(Result.Code.MALFORMED);
        assertThat(wire.results("fragile", id).getFirst().reason()).contains("'amount' is out of range");
        assertThat(wire.deadLetters(place)).hasSize(1);
        assertThat(processor.post("/v1/fragile/" + id + "/work", body).statusCode()).isEqualTo(400);
    }

    @Test
    void a_decision_that_is_given_up_holds_up_no_other_partition() throws Exception {
        String id = Wire.id();
        String other = Wire.id((Wire.partitionOf(id) + 1) % Wire.PARTITIONS);
        wire.send(work(id, id, Bug.SLEEP));
        assertThat(processor.post("/v1/fragile/" + other + "/work", body(other, Bug.NONE)).statusCode())
                .isEqualTo(200);
        soon().untilAsserted(() -> assertThat(wire.results("fragile", id)).hasSize(1));
        assertThat(wire.results("fragile", id)).extracting(Result::code).containsExactly(Result.Code.FAULT);
    }

    @Test
    void a_bug_that_passes_is_no_bug() throws Exception {
        String id = Wire.id();
        assertThat(processor.post("/v1/fragile/" + id + "/work", body(id, Bug.STUMBLE)).statusCode()).isEqualTo(200);
        assertThat(FragileDomain.DECIDED.get(id)).hasValue(3);
        assertThat(wire.events("fragile", id)).hasSize(1);
    }

    @Test
    void a_command_whose_class_throws_an_error_is_a_bug_too() throws Exception {
        String id = Wire.id();
        String after = Wire.id(Wire.partitionOf(id));
        ProducerRecord<byte[], byte[]> unreadable = Wire.command("fragile.work", id, id, body("unreadable", Bug.NONE));
        RecordMetadata place = wire.send(unreadable, work(after, after, Bug.NONE)).getFirst();
        soon().untilAsserted(() -> assertThat(wire.results("fragile", after)).hasSize(1));
        assertThat(wire.results("fragile", id)).extracting(Result::code).containsExactly(Result.Code.FAULT);
        assertThat(wire.deadLetters(place)).hasSize(1);
        var answer = processor.post("/v1/fragile/" + id + "/work", body("unreadable", Bug.NONE));
        Answers.problem(answer, 500, "internal");
        assertThat(answer.body()).doesNotContain("secret");
    }

    @Test
    void a_reason_that_is_too_long_is_cut() throws Exception {
        String id = Wire.id();
        var answer = processor.post("/v1/fragile/" + id + "/work", body(id, Bug.LONG_REJECTION));
        Answers.problem(answer, 422, "long");
        assertThat(answer.body()).hasSizeLessThan(50_000);
    }

    @Test
    void when_the_bug_is_mended_its_letters_are_sent_again_in_order_and_once() throws Exception {
        String id = Wire.id();
        List<String> commands = List.of(id + "-1", id + "-2");
        for (String command : commands) {
            Answers.problem(processor.post("/v1/fragile/" + id + "/work", body(command, Bug.UNTIL_MENDED),
                    "Idempotency-Key", command), 500, "hive.fault");
        }
        String place = "/actuator/deadletters/fragile";
        JsonNode listed = Answers.json(processor.get(place + "?id=" + id)).path("letters");
        assertThat(listed.valueStream().map(letter -> letter.path("commandId").asString())).isEqualTo(commands);
        JsonNode shown = Answers.json(processor.get(place + "/" + listed.at("/0/letter").asString()));
        assertThat(shown.path("open").asBoolean()).isTrue();
        assertThat(shown.path("trace").asString()).contains("  at ");
        assertThat(shown.at("/value/bug").asString()).isEqualTo("UNTIL_MENDED");

        FragileDomain.MENDED.addAll(commands);
        String order = "{\"id\":\"" + id + "\",\"why\":\"mended\"}";
        JsonNode done = Answers.json(processor.post(place + "/resend", order));
        assertThat(done.path("count").asInt()).isEqualTo(2);
        soon().untilAsserted(() -> assertThat(wire.events("fragile", id)).hasSize(2));
        assertThat(wire.events("fragile", id)).extracting(event -> Wire.header(event, Header.CAUSATION_ID))
                .isEqualTo(commands);
        soon().untilAsserted(
                () -> assertThat(Answers.json(processor.get("/v1/results/" + id + "-2")).path("outcome").asString())
                        .isEqualTo("accepted"));

        assertThat(Answers.json(processor.post(place + "/resend", order)).path("count").asInt()).isZero();
        assertThat(processor.post("/v1/fragile/" + id + "/work", body(id, Bug.NONE)).headers().firstValue("ETag"))
                .contains("\"3\"");
        assertThat(Answers.json(processor.get(place + "?id=" + id)).path("letters")).isEmpty();
        assertThat(Answers.json(processor.get(place + "/" + listed.at("/0/letter").asString())).at("/done/0/why")
                .asString()).isEqualTo("mended");
        assertThat(processor.post(place + "/discard", order.replace("why", "limit").replace("mended", "1"))
                .statusCode()).isEqualTo(400);
        assertThat(processor.post(place + "/burn", order).statusCode()).isEqualTo(404);
        assertThat(processor.get("/actuator/deadletters/other").statusCode()).isEqualTo(404);
    }

    @Test
    void a_limit_below_1_of_dead_letters_is_answered_with_400_and_says_so() throws Exception {
        String place = "/actuator/deadletters/fragile";
        for (int limit : List.of(0, -1, 10_001)) {
            for (var answer : List.of(processor.get(place + "?limit=" + limit),
                    processor.post(place + "/resend", "{\"all\":true,\"limit\":" + limit + "}"))) {
                assertThat(answer.statusCode()).isEqualTo(400);
                assertThat(Answers.json(answer).path("detail").asString())
                        .isEqualTo("The limit is " + limit + "; it must be 1 to 10000");
            }
        }
        assertThat(processor.get(place + "?limit=many").statusCode()).isEqualTo(400);
    }

    @Test
    void an_action_on_dead_letters_with_a_field_that_is_unknown_or_repeated_does_nothing() throws Exception {
        String id = Wire.id();
        String place = "/actuator/deadletters/fragile";
        Answers.problem(processor.post("/v1/fragile/" + id + "/work", body(id, Bug.THROW)), 500, "hive.fault");
        for (Map.Entry<String, String> bad : Map.of("{\"id\":\"" + id + "\",\"why\":\"x\",\"limitt\":1}",
                "Unknown field 'limitt'; known are [all, force, id, letter, limit, why]",
                "{\"id\":\"" + id + "\",\"why\":\"x\",\"name\":\"other\"}", "Unknown field 'name'",
                "{\"id\":\"" + id + "\",\"why\":\"x\",\"limit\":1,\"limit\":2}", "limit").entrySet()) {
            for (String action : List.of("/discard", "/resend")) {
                var answer = processor.post(place + action, bad.getKey());
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
                assertThat(Answers.json(answer).path("detail").asString()).contains(bad.getValue());
            }
        }
        assertThat(processor.post(place + "/discard?limit=1", "{\"id\":\"" + id + "\",\"why\":\"x\",\"limit\":1}")
                .body()).contains("'limit' occurs more than once");
        assertThat(Answers.json(processor.get(place + "?id=" + id)).path("letters")).hasSize(1);
        assertThat(Answers.json(processor.post(place + "/discard", "{\"id\":\"" + id + "\",\"why\":\"x\"}"))
                .path("count").asInt()).isEqualTo(1);
    }

    /** Somebody wrote to the events topic past the processor, or a later version of the domain can no longer read it. */
    @Test
    void an_event_that_cannot_be_folded_keeps_its_aggregate_out_and_no_other() throws Exception {
        Map<Bug, String> ids = new EnumMap<>(Bug.class);
        List<ProducerRecord<byte[], byte[]>> events = new ArrayList<>();
        for (Bug bug : List.of(Bug.EVOLVE_THROWS, Bug.EVOLVE_THROWS_ERROR, Bug.EVOLVE_THROWS_HOSTILE,
                Bug.EVOLVE_THROWS_DEEP, Bug.EVOLVE_NULL, Bug.UNWRITABLE_STATE, Bug.UNWRITABLE_STATE_ERROR,
                Bug.UNWRITABLE_STATE_HOSTILE)) {
            String id = Wire.id();
            ids.put(bug, id);
            ProducerRecord<byte[], byte[]> event = new ProducerRecord<>("fragile.events", Wire.partitionOf(id),
                    Wire.utf8(id), Wire.utf8("{\"bug\":\"" + bug + "\"}"));
            event.headers().add(Header.ID, Wire.utf8(id + ":1")).add(Header.TYPE, Wire.utf8("fragile.worked"))
                    .add(Header.SEQUENCE, Wire.utf8("1")).add(Header.SUBJECT, Wire.utf8(id));
            events.add(event);
        }
        wire.send(events);
        LocalStack.shared().redis().call("FLUSHALL");
        for (String id : ids.values()) {
            soon().until(() -> processor.get("/v1/fragile/" + id).statusCode() != 503);
            var state = processor.get("/v1/fragile/" + id);
            Answers.problem(state, 500, "hive.poisoned");
            var answer = processor.post("/v1/fragile/" + id + "/work", body(id, Bug.NONE));
            Answers.problem(answer, 500, "hive.poisoned");
            assertThat(state.body() + answer.body()).doesNotContain("secret");
            String other = Wire.id(Wire.partitionOf(id));
            assertThat(processor.post("/v1/fragile/" + other + "/work", body(other, Bug.NONE)).statusCode())
                    .isEqualTo(200);
        }
    }

    private static ProducerRecord<byte[], byte[]> work(String id, String commandId, Bug bug) {
        return Wire.command("fragile.work", id, commandId, body(commandId, bug));
    }

    private static String body(String name, Bug bug) {
        return "{\"name\":\"" + name + "\",\"bug\":\"" + bug + "\"}";
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20));
    }
}
