package dev.hivestream.local.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.Partitioner;
import dev.hivestream.local.check.Event;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** What commands, events, results and dead letters say of each other. */
final class Audit {

    private final Map<String, List<ConsumerRecord<String, String>>> commands = new HashMap<>();
    private final Map<String, List<ConsumerRecord<String, String>>> results = new HashMap<>();
    private final List<ConsumerRecord<String, String>> deadLetters = new ArrayList<>();
    private final Bad bad;
    private final boolean lostOffsets;

    /**
     * Where records are that may, or may not, be decided, as {@code topic/partition/offset}.
     *
     * @param surely nobody can read them
     * @param perhaps they end among the dead letters, or are decided
     */
    record Bad(Set<String> surely, Set<String> perhaps) {

        boolean has(String place) {
            return surely.contains(place) || perhaps.contains(place);
        }
    }

    /**
     * Of what the topics have.
     *
     * @param read gives what is committed to a topic
     * @param lostOffsets whether commands that had no events may have been decided again
     */
    Audit(Function<String, List<ConsumerRecord<String, String>>> read, Collection<String> aggregates, Bad bad,
            boolean lostOffsets) {
        this.bad = bad;
        this.lostOffsets = lostOffsets;
        for (String aggregate : aggregates) {
            commands.put(aggregate, read.apply(aggregate + ".commands"));
            results.put(aggregate, read.apply(aggregate + ".results"));
            deadLetters.addAll(read.apply(aggregate + ".commands.dlq"));
        }
    }

    /** The ids of commands that sagas sent. */
    Set<String> ofSagas() {
        Set<String> ids = new HashSet<>();
        commands.values().forEach(records -> records.stream().filter(record -> !header(record, "ce_saga").isEmpty())
                .forEach(record -> ids.add(header(record, "ce_id"))));
        return ids;
    }

    /** The ids of commands that begin with something. */
    Set<String> startingWith(String prefix) {
        Set<String> ids = new HashSet<>();
        commands.values().forEach(records -> records.stream().map(record -> header(record, "ce_id"))
                .filter(id -> id.startsWith(prefix)).forEach(ids::add));
        return ids;
    }

    /** Events that do not come from the command that stands where they say. */
    List<String> eventsWithoutCommand(EventLog log) {
        Map<String, ConsumerRecord<String, String>> byPlace = new HashMap<>();
        commands.forEach((aggregate, records) -> records
                .forEach(record -> byPlace.put(aggregate + "/" + record.partition() + "/" + record.offset(), record)));
        List<String> found = new ArrayList<>();
        for (Event event : log.events()) {
            String offset = event.commandPosition().substring(event.commandPosition().lastIndexOf(':') + 1);
            var command = byPlace.get(event.aggregate() + "/" + event.partition() + "/" + offset);
            if (command == null || !header(command, "ce_id").equals(event.commandId())
                    || !event.id().equals(command.key())) {
                found.add(event + " says that it comes from '" + event.commandId() + "' at " + event.commandPosition()
                        + ", and there is " + (command == null ? "nothing" : "'" + header(command, "ce_id") + "'"));
            }
        }
        return found;
    }

    /** Commands that have no result, or another number of them than one: each was decided in one transaction. */
    List<String> commandsNotAnsweredOnce() {
        List<String> found = new ArrayList<>();
        commands.forEach((aggregate, records) -> {
            Map<String, Integer> answers = new HashMap<>();
            results.getOrDefault(aggregate, List.of())
                    .forEach(result -> answers.merge(header(result, "ce_id"), 1, Integer::sum));
            for (ConsumerRecord<String, String> record : records) {
                int count = answers.getOrDefault(
                        header(record, "ce_id") + "/" + record.partition() + "/" + record.offset(), 0);
                if (lostOffsets ? isLost(record, count) : isNotOne(record, count)) {
                    found.add("The command '" + header(record, "ce_id") + "' at " + place(record) + " has " + count
                            + " results");
                }
            }
        });
        return found;
    }

    private boolean isNotOne(ConsumerRecord<String, String> record, int count) {
        return bad.has(place(record)) ? count > 1 : count != (isAtHome(record) ? 1 : 0);
    }

    private boolean isLost(ConsumerRecord<String, String> record, int count) {
        return isAtHome(record) && count == 0 && !bad.has(place(record));
    }

    private static boolean isAtHome(ConsumerRecord<String, String> record) {
        return record.key() != null
                && Partitioner.partition(record.key(), Fleet.PARTITIONS) == record.partition();
    }

    /** Dead letters without a reason, of valid commands, or twice; and bad records that are not among them. */
    List<String> deadLetters() {
        List<String> found = new ArrayList<>();
        Set<String> missing = new HashSet<>(bad.surely());
        Set<String> seen = new HashSet<>();
        for (ConsumerRecord<String, String> letter : deadLetters) {
            String origin = header(letter, "hive_origin");
            if (header(letter, "hive_reason").isBlank()) {
                found.add("The dead letter of " + origin + " has no reason");
            }
            if (!seen.add(origin) && !lostOffsets) {
                found.add("The dead letter of " + origin + " is there twice: " + header(letter, "hive_reason"));
            } else if (!bad.has(origin)) {
                found.add("The dead letter of " + origin + " was valid: " + header(letter, "hive_reason"));
            }
        }
        missing.removeAll(seen);
        missing.forEach(origin -> found.add("The bad record at " + origin + " is not among the dead letters"));
        return found;
    }

    private static String place(ConsumerRecord<String, String> record) {
        return record.topic() + "/" + record.partition() + "/" + record.offset();
    }

    private static String header(ConsumerRecord<String, String> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null ? "" : new String(header.value(), UTF_8);
    }
}
