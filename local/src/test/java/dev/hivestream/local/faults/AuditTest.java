package dev.hivestream.local.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.Event;
import dev.hivestream.local.check.EventLog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class AuditTest {

    private static final int HOME = Utils.toPositive(Utils.murmur2("ada".getBytes(UTF_8))) % 4;

    private final Map<String, List<ConsumerRecord<String, String>>> topics = new HashMap<>();
    private final Set<String> bad = new HashSet<>();
    private final Set<String> perhaps = new HashSet<>();
    private final List<Event> events = new ArrayList<>();

    private Audit audit() {
        return audit(false);
    }

    private Audit audit(boolean lostOffsets) {
        return new Audit(topic -> topics.getOrDefault(topic, List.of()), List.of("account"),
                new Audit.Bad(bad, perhaps), lostOffsets);
    }

    private void record(String topic, int partition, Map<String, String> headers) {
        var records = topics.computeIfAbsent(topic, _ -> new ArrayList<>());
        var added = new ConsumerRecord<>(topic, partition, records.size(), "ada", "{}");
        headers.forEach((name, value) -> added.headers().add(name, value.getBytes(UTF_8)));
        records.add(added);
    }

    private void decided(String commandId) {
        int offset = topics.getOrDefault("account.commands", List.of()).size();
        record("account.commands", HOME, Map.of("ce_id", commandId));
        record("account.results", HOME, Map.of("ce_id", commandId + "/" + HOME + "/" + offset));
        events.add(new Event("account", HOME, offset, "ada", offset + 1, "account.deposited", commandId, "",
                "topic:" + offset, "{}"));
    }

    @Test
    void finds_nothing_where_each_has_its_own() {
        decided("one");
        decided("two");
        bad.add("account.commands/" + HOME + "/2");
        record("account.commands", HOME, Map.of());
        record("account.commands.dlq", 0,
                Map.of("hive_origin", "account.commands/" + HOME + "/2", "hive_reason", "no id"));
        assertThat(audit().eventsWithoutCommand(log())).isEmpty();
        assertThat(audit().commandsNotAnsweredOnce()).isEmpty();
        assertThat(audit().deadLetters()).isEmpty();
    }

    @Test
    void catches_an_event_of_another_command() {
        decided("one");
        events.add(new Event("account", HOME, 7, "ada", 2, "account.deposited", "two", "", "topic:0", "{}"));
        events.add(new Event("account", HOME, 8, "ada", 3, "account.deposited", "three", "", "topic:9", "{}"));
        assertThat(audit().eventsWithoutCommand(log())).hasSize(2);
    }

    @Test
    void catches_commands_that_are_answered_twice_or_never() {
        decided("one");
        record("account.results", HOME, Map.of("ce_id", "one/" + HOME + "/0"));
        record("account.commands", HOME, Map.of("ce_id", "never"));
        assertThat(audit().commandsNotAnsweredOnce()).hasSize(2);
    }

    @Test
    void lets_a_command_be_answered_twice_after_offsets_were_lost_but_not_never() {
        decided("one");
        record("account.results", HOME, Map.of("ce_id", "one/" + HOME + "/0"));
        assertThat(audit(true).commandsNotAnsweredOnce()).isEmpty();
        record("account.commands", HOME, Map.of("ce_id", "never"));
        assertThat(audit(true).commandsNotAnsweredOnce()).hasSize(1);
    }

    @Test
    void lets_a_command_that_may_fail_be_decided_or_not() {
        decided("decided");
        perhaps.add("account.commands/" + HOME + "/0");
        record("account.commands", HOME, Map.of("ce_id", "failed"));
        perhaps.add("account.commands/" + HOME + "/1");
        record("account.results", HOME, Map.of("ce_id", "failed/" + HOME + "/1"));
        record("account.commands.dlq", 0,
                Map.of("hive_origin", "account.commands/" + HOME + "/1", "hive_reason", "it did not end"));
        assertThat(audit().commandsNotAnsweredOnce()).isEmpty();
        assertThat(audit().deadLetters()).isEmpty();
    }

    @Test
    void lets_a_command_in_the_wrong_partition_be_answered_in_the_right_one() {
        record("account.commands", (HOME + 1) % 4, Map.of("ce_id", "astray"));
        assertThat(audit().commandsNotAnsweredOnce()).isEmpty();
    }

    @Test
    void catches_dead_letters_that_are_missing_valid_twice_or_without_a_reason() {
        bad.add("account.commands/0/1");
        bad.add("account.commands/0/2");
        record("account.commands.dlq", 0, Map.of("hive_origin", "account.commands/0/2", "hive_reason", "bad"));
        record("account.commands.dlq", 0, Map.of("hive_origin", "account.commands/0/2", "hive_reason", "bad"));
        record("account.commands.dlq", 0, Map.of("hive_origin", "account.commands/0/5", "hive_reason", ""));
        assertThat(audit().deadLetters()).hasSize(4);
    }

    private EventLog log() {
        return new EventLog(events, Map.of());
    }
}
