package dev.hivestream.runtime.message;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class OutgoingTest {

    private static final byte[] KEY = "ada".getBytes(UTF_8);
    private static final Incoming COMMAND = new Incoming(new TopicPartition("account.commands", 3), 17, KEY,
            Map.of(dev.hivestream.runtime.message.Header.ID, "c-1".getBytes(UTF_8),
                    dev.hivestream.runtime.message.Header.TIME, "then".getBytes(UTF_8), "kafka_own",
                    "x".getBytes(UTF_8)),
            "{}".getBytes(UTF_8));

    @Test
    void a_binding_makes_the_same_record_of_it_as_a_client() {
        for (Outgoing outgoing : List.of(Outgoing.forward(COMMAND, 1), Outgoing.deadLetter(COMMAND, "why", null),
                Outgoing.to("inbox", 2, KEY).sentOn(COMMAND.headers())
                        .with(dev.hivestream.runtime.message.Header.TIME, "now").payload(COMMAND.payload()))) {
            Headers bound = new RecordHeaders();
            new RawHeaders().fromHeaders(outgoing.message().getHeaders(), bound);
            assertThat(lines(bound)).containsExactlyInAnyOrderElementsOf(lines(outgoing.record().headers()));
        }
    }

    @Test
    void what_a_fold_needs_comes_first() {
        Headers written = Outgoing.following(COMMAND, Outgoing.OF_COMMANDS, null)
                .to("account.events", 3, KEY).with(dev.hivestream.runtime.message.Header.ID, "ada:1")
                .with(dev.hivestream.runtime.message.Header.TIME, "now")
                .with(dev.hivestream.runtime.message.Header.SEQUENCE, 1)
                .with(dev.hivestream.runtime.message.Header.TYPE, "account.opened").record().headers();
        assertThat(lines(written)).startsWith("ce_causationid=c-1", "ce_sequence=1", "ce_type=account.opened")
                .contains("ce_correlationid=c-1", "ce_id=ada:1", "ce_time=now");
    }

    @Test
    void a_dead_letter_whose_value_does_not_fit_says_so() {
        Incoming large = new Incoming(COMMAND.partition(), 17, KEY, COMMAND.headers(), new byte[1_048_500]);
        var letter = Outgoing.deadLetter(large, "why", null).fit(_ -> 1_048_588).record();
        assertThat(letter.value()).isNull();
        assertThat(lines(letter.headers())).contains("hive_value_omitted=1048500", "ce_id=c-1");
    }

    @Test
    void headers_that_do_not_fit_are_left_out_the_largest_first() {
        Map<String, Object> headers = new java.util.HashMap<>(COMMAND.headers());
        for (int i = 0; i < 50; i++) {
            headers.put("x-" + i, new byte[100_000]);
        }
        Incoming large = new Incoming(COMMAND.partition(), 17, KEY, headers, "{}".getBytes(UTF_8));
        var letter = Outgoing.deadLetter(large, "why", null).fit(_ -> 1_048_588).record();
        assertThat(size(letter)).isBetween(900_000, 1_048_588);
        assertThat(lines(letter.headers())).contains("hive_headers_omitted=40", "ce_id=c-1", "hive_reason=why");
        assertThat(letter.key()).isEqualTo(KEY);
    }

    @Test
    void a_key_that_does_not_fit_is_left_out() {
        Incoming large = new Incoming(COMMAND.partition(), 17, new byte[100_000], COMMAND.headers(), null);
        var letter = Outgoing.deadLetter(large, "why", null).fit(_ -> 65_536).record();
        assertThat(letter.key()).isNull();
        assertThat(size(letter)).isLessThan(65_536);
        assertThat(lines(letter.headers())).contains("hive_key_omitted=100000", "hive_reason=why", "ce_id=c-1");
    }

    @Test
    void what_fits_and_what_is_no_dead_letter_stays_as_it_is() {
        assertThat(lines(Outgoing.deadLetter(COMMAND, "why", null).fit(_ -> 65_536).record().headers()))
                .noneMatch(line -> line.contains("omitted"));
        assertThat(Outgoing.forward(COMMAND, 1).fit(_ -> 1).record().value()).isEqualTo(COMMAND.payload());
    }

    @Test
    void a_header_that_no_command_may_have_is_not_passed_on() {
        Incoming large = new Incoming(COMMAND.partition(), 17, KEY,
                Map.of(dev.hivestream.runtime.message.Header.ID, "c-1".getBytes(UTF_8),
                        dev.hivestream.runtime.message.Header.TRACE_STATE, new byte[1_000_000],
                        dev.hivestream.runtime.message.Header.CORRELATION_ID, new byte[1_000_000]),
                null);
        assertThat(size(Outgoing.following(large, Outgoing.OF_COMMANDS, null).to("account.results", 3, KEY).record()))
                .isLessThan(1_000);
    }

    @Test
    void a_header_is_passed_on_however_large_others_are() {
        Incoming large = new Incoming(COMMAND.partition(), 17, KEY,
                Map.of(dev.hivestream.runtime.message.Header.ID, "c-1".getBytes(UTF_8),
                        dev.hivestream.runtime.message.Header.SAGA, "transfer:t-1".getBytes(UTF_8),
                        dev.hivestream.runtime.message.Header.SAGA_STEP, "withdraw".getBytes(UTF_8),
                        dev.hivestream.runtime.message.Header.SAGA_ATTEMPT, "1".getBytes(UTF_8),
                        dev.hivestream.runtime.message.Header.TRACE_PARENT, "00-1-2-03".getBytes(UTF_8),
                        dev.hivestream.runtime.message.Header.CORRELATION_ID, new byte[1_025],
                        "foreign", new byte[100_000]),
                null);
        assertThat(lines(Outgoing.following(large, Outgoing.OF_COMMANDS, "x".repeat(1_025))
                .to("account.results", 3, KEY).record().headers())).contains("ce_saga=transfer:t-1",
                        "ce_sagastep=withdraw", "ce_sagaattempt=1", "traceparent=00-1-2-03", "ce_correlationid=c-1",
                        "ce_causationid=c-1");
    }

    @Test
    void what_is_passed_on_never_makes_a_command_exceed_its_limit() {
        Map<String, Object> headers = new java.util.HashMap<>();
        List<String> names = new java.util.ArrayList<>(Outgoing.OF_COMMANDS);
        names.addAll(List.of(dev.hivestream.runtime.message.Header.ID,
                dev.hivestream.runtime.message.Header.CORRELATION_ID));
        names.forEach(name -> headers.put(name, new byte[Outgoing.PASSED_ON_BYTES]));
        Headers written = Outgoing.following(new Incoming(COMMAND.partition(), 17, KEY, headers, null),
                Outgoing.OF_COMMANDS, null).to("account.events", 3, KEY).record().headers();
        assertThat(Arrays.stream(written.toArray()).mapToInt(header -> header.key().length() + header.value().length)
                .sum()).isBetween(7 * Outgoing.PASSED_ON_BYTES, Outgoing.HEADER_BYTES / 2);
    }

    @Test
    void a_dead_letter_keeps_the_headers_of_a_saga_among_many_others() {
        Map<String, Object> headers = new java.util.HashMap<>();
        headers.put(dev.hivestream.runtime.message.Header.SAGA, "transfer:t-1".getBytes(UTF_8));
        for (int i = 0; i < 50_000; i++) {
            headers.put("x-" + i, new byte[]{1});
        }
        Incoming large = new Incoming(COMMAND.partition(), 17, KEY, headers, null);
        assertThat(lines(Outgoing.deadLetter(large, "why", null).fit(_ -> 65_536).record().headers()))
                .contains("ce_saga=transfer:t-1", "hive_reason=why");
    }

    private static int size(org.apache.kafka.clients.producer.ProducerRecord<byte[], byte[]> record) {
        return org.apache.kafka.common.record.AbstractRecords.estimateSizeInBytesUpperBound((byte) 2,
                org.apache.kafka.common.record.CompressionType.NONE, record.key(), record.value(),
                record.headers().toArray());
    }

    private static List<String> lines(Headers headers) {
        return Arrays.stream(headers.toArray()).map(OutgoingTest::line).toList();
    }

    private static String line(Header header) {
        return header.key() + "=" + new String(header.value(), UTF_8);
    }
}
