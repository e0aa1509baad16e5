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

    private static List<String> lines(Headers headers) {
        return Arrays.stream(headers.toArray()).map(OutgoingTest::line).toList();
    }

    private static String line(Header header) {
        return header.key() + "=" + new String(header.value(), UTF_8);
    }
}
