package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Outgoing;
import dev.hivestream.runtime.message.Result;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is put on a commands topic ends somewhere where it can be found, and what stands behind it goes on. */
class BadRecordTest {

    private static final String CREATE = "{\"text\":\"hello\"}";
    /** Headers of these names get lost in Spring before anything else sees them. */
    private static final List<String> SPRINGS_OWN = List.of("id", "timestamp", "scst_nativeHeadersPresent");
    /** As much as the broker takes in one record by default, less what the record itself needs. */
    private static final int NEARLY_A_MEGABYTE = 1_047_000;

    private static final Map<String, Sent> SENT = new HashMap<>();

    @AutoClose
    private static Processor processor;
    @AutoClose
    private static Wire wire;

    @BeforeAll
    static void start() throws InterruptedException {
        processor = Processor.start(LocalStack.shared());
        wire = new Wire(LocalStack.shared());
        List<Sent> all = new ArrayList<>();
        records().forEach(bad -> all.add(sandwich(bad)));
        List<RecordMetadata> places = wire.send(all.stream().flatMap(sent -> sent.records.stream()).toList());
        for (int i = 0; i < all.size(); i++) {
            SENT.put(all.get(i).bad.name, all.get(i).at(places.get(3 * i + 1)));
        }
    }

    /** A bad record between two good ones. */
    record Sent(Bad bad, String id, List<String> neighbours, List<ProducerRecord<byte[], byte[]>> records,
            RecordMetadata place) {
        Sent at(RecordMetadata found) {
            return new Sent(bad, id, neighbours, records, found);
        }
    }

    private static Sent sandwich(Bad bad) {
        String id = Wire.id();
        ProducerRecord<byte[], byte[]> poison = bad.change.apply(Wire.command("content.create", id, id + "-c", CREATE));
        List<String> neighbours = List.of(Wire.id(poison.partition()), Wire.id(poison.partition()));
        return new Sent(bad, id, neighbours,
                List.of(Wire.command("content.create", neighbours.get(0), neighbours.get(0) + "-c", CREATE), poison,
                        Wire.command("content.create", neighbours.get(1), neighbours.get(1) + "-c", CREATE)),
                null);
    }

    /**
     * A record that is no command.
     *
     * @param change what is done to a good command
     * @param reason part of what the dead letter says
     * @param answered whether it can be said which command failed
     */
    record Bad(String name, UnaryOperator<ProducerRecord<byte[], byte[]>> change, String reason, boolean answered) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Bad> records() {
        return Stream.of(new Bad("no key", command -> copy(command, null, command.value()), "key is missing", false),
                new Bad("empty key", command -> copy(command, new byte[0], command.value()), "key", false),
                new Bad("blank key", command -> copy(command, Wire.utf8(" \t"), command.value()), "key", false),
                new Bad("key that is not UTF-8",
                        command -> copy(command, new byte[]{'a', (byte) 0xff}, command.value()),
                        "not UTF-8", false),
                new Bad("key that is too long",
                        command -> copy(command, Wire.utf8("x".repeat(10_000)), command.value()), "10000 characters",
                        false),
                new Bad("key of a megabyte",
                        command -> copy(command, new byte[NEARLY_A_MEGABYTE - 1_000], command.value()), "key", false),
                new Bad("key with a control character", command -> copy(command, Wire.utf8("a\nb"), command.value()),
                        "control character", false),
                new Bad("key with a slash", command -> with(
                        copy(command, Wire.utf8("a/b"), command.value()), Header.SUBJECT, "a/b"), "'/' at index 1",
                        true),
                new Bad("key of two dots", command -> with(
                        copy(command, Wire.utf8(".."), command.value()), Header.SUBJECT, ".."), "'..'", true),
                new Bad("ce_id with a semicolon", command -> with(command, Header.ID, "a;b"), "';' at index 1", false),
                new Bad("tombstone", command -> copy(command, command.key(), null), "tombstone", true),
                new Bad("empty value", command -> copy(command, command.key(), new byte[0]), "no body", true),
                new Bad("no ce_id", command -> without(command, Header.ID), "ce_id is missing", false),
                new Bad("blank ce_id", command -> with(command, Header.ID, " "), "ce_id is missing or blank", false),
                new Bad("ce_id that is too long", command -> with(command, Header.ID, "x".repeat(500_000)),
                        "500000 characters", false),
                new Bad("ce_id without a value", command -> {
                    command.headers().remove(Header.ID).add(Header.ID, null);
                    return command;
                }, "ce_id is missing", false),
                new Bad("no ce_type", command -> without(command, Header.TYPE), "no command", true),
                new Bad("event type", command -> with(command, Header.TYPE, "content.created"), "is an event", true),
                new Bad("unknown type", command -> with(command, Header.TYPE, "content.explode"), "no command", true),
                new Bad("another aggregate's type", command -> with(command, Header.TYPE, "account.open"), "no command",
                        true),
                new Bad("type without aggregate", command -> with(command, Header.TYPE, "create"), "no command", true),
                new Bad("type of a megabyte", command -> with(command, Header.TYPE, "x".repeat(NEARLY_A_MEGABYTE)),
                        "header", true),
                new Bad("subject that is not the key", command -> with(command, Header.SUBJECT, "other"),
                        "must agree", true),
                new Bad("subject of a megabyte",
                        command -> with(command, Header.SUBJECT, "\u0001".repeat(NEARLY_A_MEGABYTE)), "header", true),
                new Bad("correlation of a megabyte",
                        command -> with(command, Header.CORRELATION_ID, "x".repeat(NEARLY_A_MEGABYTE)), "header", true),
                new Bad("trace state of a megabyte",
                        command -> with(command, Header.TRACE_STATE, "x".repeat(NEARLY_A_MEGABYTE)), "header", true),
                new Bad("reply address of a megabyte",
                        command -> with(command, Header.REPLY_TO, "x".repeat(NEARLY_A_MEGABYTE)), "header", true),
                new Bad("every header that results repeat, each as large as all may be together", command -> {
                    for (String name : List.of(Header.REPLY_TO, Header.CORRELATION_ID, Header.TRACE_STATE, Header.SAGA,
                            Header.SAGA_STEP, Header.SAGA_ATTEMPT)) {
                        with(command, name, "x".repeat(Outgoing.HEADER_BYTES));
                    }
                    return command;
                }, "header", true),
                new Bad("a thousand headers", command -> {
                    for (int i = 0; i < 1_000; i++) {
                        command.headers().add("x-" + i, new byte[100]);
                    }
                    return command;
                }, "header", true),
                new Bad("older CloudEvents", command -> with(command, Header.SPEC_VERSION, "0.3"), "CloudEvents 1.0",
                        true),
                new Bad("another content type", command -> with(command, Header.CONTENT_TYPE, "text/xml"),
                        "application/json", true),
                new Bad("structured CloudEvent",
                        command -> with(command, Header.CONTENT_TYPE, "application/cloudevents+json"), "binary mode",
                        true),
                new Bad("expected version that is none", command -> with(command, Header.EXPECTED_VERSION, "seven"),
                        "neither a version nor *", true),
                new Bad("expected version below 0", command -> with(command, Header.EXPECTED_VERSION, "-1"),
                        "neither a version nor *", true),
                new Bad("malformed JSON", command -> copy(command, command.key(), Wire.utf8("{\"text\":")), "not JSON",
                        true),
                new Bad("value that is not UTF-8",
                        command -> copy(command, command.key(), new byte[]{'{', '"', (byte) 0xff}), "not JSON", true),
                new Bad("JSON with a text that is not UTF-8",
                        command -> copy(command, command.key(),
                                "{\"text\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1)),
                        "not JSON", true),
                new Bad("JSON in UTF-16",
                        command -> copy(command, command.key(), "{\"text\":\"é\"}".getBytes(StandardCharsets.UTF_16BE)),
                        "not JSON", true),
                new Bad("JSON with a byte order mark", command -> copy(command, command.key(),
                        Wire.utf8("\uFEFF{\"text\":\"e\"}")), "not JSON", true),
                new Bad("field that is not known",
                        command -> copy(command, command.key(), Wire.utf8("{\"text\":\"ab\",\"event\":1}")),
                        "unknown field", true),
                new Bad("value of a megabyte",
                        command -> copy(command, command.key(),
                                Wire.utf8("{\"text\":\"" + "x".repeat(NEARLY_A_MEGABYTE) + "\"}")),
                        "bytes", true),
                new Bad("a megabyte of nonsense", command -> copy(command, command.key(), new byte[NEARLY_A_MEGABYTE]),
                        "bytes", true),
                new Bad("twice in a partition that is not the owner's", command -> {
                    command.headers().add(Header.FORWARDED_FROM, Wire.utf8("0"));
                    return move(command);
                }, "although it was forwarded before", true),
                new Bad("a megabyte in a partition that is not the owner's",
                        command -> move(copy(command, command.key(), new byte[NEARLY_A_MEGABYTE])), "bytes", true));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("records")
    void a_bad_record_is_dead_lettered_and_its_neighbours_are_decided(Bad bad) {
        Sent sent = SENT.get(bad.name);
        ProducerRecord<byte[], byte[]> poison = sent.records.get(1);
        soon().untilAsserted(() -> assertThat(sent.neighbours).allSatisfy(
                id -> assertThat(wire.results("content", id + "-c")).extracting(Result::version).containsExactly(1L)));
        ConsumerRecord<byte[], byte[]> letter = only(wire.deadLetters(sent.place));
        assertThat(Wire.header(letter, Header.DEAD_REASON)).contains(bad.reason).hasSizeLessThan(5_000);
        assertThat(letter.key()).isEqualTo(poison.key());
        assertThat(letter.value()).isEqualTo(poison.value());
        poison.headers().forEach(header -> {
            if (header.value() != null) {
                assertThat(letter.headers().lastHeader(header.key()).value()).isEqualTo(header.value());
            }
        });
        assertThat(Wire.header(letter, Header.DEAD_TRACE)).isNull();
        assertThat(wire.events("content", sent.id)).isEmpty();
        List<Result> results = wire.results("content", sent.id + "-c");
        if (bad.answered) {
            Result failed = only(results);
            assertThat(failed.outcome()).isEqualTo(Result.Outcome.failed);
            assertThat(failed.code()).isEqualTo(Result.Code.MALFORMED);
            assertThat(failed.reason()).contains(bad.reason).hasSizeLessThan(5_000);
            Answers.discreet(failed.reason());
        } else {
            assertThat(results).isEmpty();
        }
    }

    /** Names that Spring's messaging, its binder or its Kafka client reads from a message. */
    static Stream<String> names() {
        return Stream.of("spring.cloud.stream.sendto.destination", "spring.cloud.function.definition",
                "kafka_partitionId", "kafka_messageKey", "kafka_topic", "kafka_timestamp", "scst_partition",
                "scst_targetDestination", "scst_partitionOverride", "scst_nativeHeadersPresent", "contentType",
                "replyChannel", "errorChannel", "id", "timestamp", "sequenceNumber", "sequenceSize", "correlationId",
                "nativeHeaders", "expirationDate", "priority", "target-protocol", "hive_reason", "hive_origin");
    }

    @Test
    void a_header_from_outside_steers_nothing() throws Exception {
        byte[] value = Wire.utf8("nowhere");
        String bad = Wire.id();
        String stray = Wire.id();
        String good = Wire.id();
        ProducerRecord<byte[], byte[]> poison = Wire.command("content.create", bad, bad + "-c", "{");
        ProducerRecord<byte[], byte[]> forwarded = move(Wire.command("content.create", stray, stray + "-c", CREATE));
        ProducerRecord<byte[], byte[]> decided = Wire.command("content.create", good, good + "-c", CREATE);
        Stream.of(poison, forwarded, decided)
                .forEach(command -> names().forEach(name -> command.headers().add(name, value)));
        RecordMetadata place = wire.send(poison, forwarded, decided).getFirst();
        soon().untilAsserted(() -> {
            assertThat(wire.deadLetters(place)).hasSize(1);
            assertThat(wire.events("content", stray)).hasSize(1);
            assertThat(wire.events("content", good)).hasSize(1);
        });
        ConsumerRecord<byte[], byte[]> letter = wire.deadLetters(place).getFirst();
        assertThat(letter.key()).isEqualTo(poison.key());
        assertThat(letter.partition()).isEqualTo(place.partition());
        assertThat(Wire.header(letter, Header.DEAD_REASON)).contains("not JSON");
        assertThat(names().filter(name -> !name.startsWith("hive_") && !SPRINGS_OWN.contains(name)))
                .allSatisfy(name -> assertThat(Wire.header(letter, name)).isEqualTo("nowhere"));
    }

    @Test
    void a_saga_receives_the_answer_to_a_command_whose_headers_are_too_large() throws Exception {
        String id = Wire.id();
        ProducerRecord<byte[], byte[]> large = Wire.command("content.create", id, id + "-c", CREATE);
        with(large, Header.CORRELATION_ID, "x".repeat(Outgoing.HEADER_BYTES));
        with(large, Header.SAGA, "review:" + id);
        with(large, Header.SAGA_STEP, "create");
        with(large, Header.SAGA_ATTEMPT, "1");
        RecordMetadata place = wire.send(large).getFirst();
        soon().untilAsserted(() -> assertThat(wire.resultRecords("content", id + "-c")).hasSize(1));
        ConsumerRecord<byte[], byte[]> answer = wire.resultRecords("content", id + "-c").getFirst();
        for (ConsumerRecord<byte[], byte[]> record : List.of(answer, wire.deadLetters(place).getFirst())) {
            assertThat(Wire.header(record, Header.SAGA)).isEqualTo("review:" + id);
            assertThat(Wire.header(record, Header.SAGA_STEP)).isEqualTo("create");
            assertThat(Wire.header(record, Header.SAGA_ATTEMPT)).isEqualTo("1");
        }
        assertThat(Wire.header(answer, Header.CORRELATION_ID)).isEqualTo(id + "-c");
    }

    @Test
    void a_command_in_another_partition_is_forwarded_and_decided_once_where_its_aggregate_lives() throws Exception {
        String id = Wire.id();
        ProducerRecord<byte[], byte[]> stray = move(Wire.command("content.create", id, id + "-c", CREATE));
        stray.headers().add(Header.CORRELATION_ID, Wire.utf8("together"));
        wire.send(stray);
        soon().untilAsserted(() -> assertThat(wire.results("content", id + "-c")).hasSize(1));
        ConsumerRecord<byte[], byte[]> event = only(wire.events("content", id));
        assertThat(event.partition()).isEqualTo(Wire.partitionOf(id));
        assertThat(Wire.header(event, Header.CORRELATION_ID)).isEqualTo("together");
        var copies = wire.topic("content.commands").read().stream()
                .filter(command -> id.equals(Wire.header(command, Header.SUBJECT))).toList();
        assertThat(copies).extracting(ConsumerRecord::partition).containsExactlyInAnyOrder(stray.partition(),
                Wire.partitionOf(id));
        assertThat(copies).extracting(copy -> Wire.header(copy, Header.FORWARDED_FROM))
                .containsExactlyInAnyOrder(null, "" + stray.partition());
    }

    @Test
    void strays_among_others_are_all_decided() throws Exception {
        List<String> ids = Stream.generate(Wire::id).limit(50).toList();
        wire.send(ids.stream()
                .map(id -> Wire.command("content.create", id, id + "-c", CREATE, Math.floorMod(id.hashCode(), 8)))
                .toList());
        soon().untilAsserted(() -> assertThat(ids).allSatisfy(
                id -> assertThat(wire.results("content", id + "-c")).extracting(Result::version).containsExactly(1L)));
        assertThat(ids).allSatisfy(id -> assertThat(wire.events("content", id)).hasSize(1));
    }

    private static ProducerRecord<byte[], byte[]> copy(ProducerRecord<byte[], byte[]> command, byte[] key,
            byte[] value) {
        return new ProducerRecord<>(command.topic(), command.partition(), key, value, command.headers());
    }

    private static ProducerRecord<byte[], byte[]> move(ProducerRecord<byte[], byte[]> command) {
        return new ProducerRecord<>(command.topic(), (command.partition() + 1) % Wire.PARTITIONS, command.key(),
                command.value(), command.headers());
    }

    private static ProducerRecord<byte[], byte[]> without(ProducerRecord<byte[], byte[]> command, String header) {
        command.headers().remove(header);
        return command;
    }

    private static ProducerRecord<byte[], byte[]> with(ProducerRecord<byte[], byte[]> command, String header,
            String value) {
        command.headers().remove(header).add(header, value.getBytes(StandardCharsets.UTF_8));
        return command;
    }

    private static <T> T only(List<T> list) {
        assertThat(list).hasSize(1);
        return list.getFirst();
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20));
    }
}
