package dev.hivestream.local.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class SagaAuditTest {

    private static final String SEND = "{\"act\":\"send\",\"step\":\"withdraw\",\"commandId\":\"c-1\"}";
    private static final String AGAIN = "{\"act\":\"send-again\",\"step\":\"withdraw\"}";

    private final Map<String, List<ConsumerRecord<String, String>>> topics = new HashMap<>();

    private SagaAudit audit() {
        return new SagaAudit(topic -> topics.getOrDefault(topic, List.of()), "pay", List.of("account"));
    }

    private void record(String topic, String key, Map<String, String> headers) {
        var records = topics.computeIfAbsent(topic, _ -> new ArrayList<>());
        var added = new ConsumerRecord<>(topic, 0, records.size(), key, "{}");
        headers.forEach((name, value) -> added.headers().add(name, value.getBytes(UTF_8)));
        records.add(added);
    }

    private void handled(int version, String... acts) {
        record("pay.history", "t-1", Map.of("ce_sequence", "" + version, "ce_done",
                "{\"how\":\"HANDLED\",\"turns\":[{\"acts\":[" + String.join(",", acts) + "]}]}"));
    }

    private void sent(String step, String commandId, int attempt) {
        record("account.commands", "ada", Map.of("ce_saga", "pay:t-1", "ce_sagastep", step, "ce_id", commandId,
                "ce_sagaattempt", "" + attempt));
    }

    @Test
    void finds_nothing_where_what_was_sent_is_recorded() {
        handled(1, SEND);
        record("pay.history", "-", Map.of("ce_type", "hive.handled"));
        handled(2, AGAIN);
        // it was answered by then: no further copy
        handled(3, AGAIN);
        sent("withdraw", "c-1", 1);
        sent("withdraw", "c-1", 2);
        record("account.commands", "ada", Map.of("ce_id", "of a client"));
        assertThat(audit().otherThanRecorded()).isEmpty();
        assertThat(audit().wrongVersions()).isEmpty();
        assertThat(audit().sentAgain()).isEmpty();
        assertThat(audit().deadLetters()).isEmpty();
    }

    @Test
    void finds_what_was_sent_and_is_not_recorded_and_what_is_recorded_and_was_not_sent() {
        handled(1, SEND);
        assertThat(audit().otherThanRecorded()).singleElement().asString().contains("'c-1' is in the history");
        sent("withdraw", "c-1", 1);
        sent("withdraw", "c-1", 1);
        assertThat(audit().otherThanRecorded()).singleElement().asString().contains("was sent before");
        topics.remove("account.commands");
        sent("withdraw", "c-1", 1);
        sent("withdraw", "c-1", 2);
        assertThat(audit().otherThanRecorded()).singleElement().asString().contains("copy 2")
                .contains("is not in the history");
    }

    @Test
    void finds_a_step_that_was_sent_as_two_commands_whatever_the_code_calls_it() {
        sent("withdraw", "c-1", 1);
        sent("note-withdraw-before0", "c-2", 1);
        sent("note-withdraw-before0", "c-3", 1);
        assertThat(audit().sentAgain()).isEmpty();
        sent("withdraw-money", "c-4", 1);
        assertThat(audit().sentAgain()).singleElement().asString().contains("pay:t-1 withdraw").contains("c-1, c-4");
    }

    @Test
    void finds_versions_that_are_missing_or_there_twice_and_dead_letters() {
        handled(1);
        handled(3);
        handled(3);
        record("pay.inbox.dlq", "t-1", Map.of("ce_type", "review.approved", "hive_reason", "too many wait"));
        assertThat(audit().wrongVersions()).hasSize(2);
        assertThat(audit().deadLetters()).singleElement().asString().contains("review.approved").contains("too many");
    }
}
