package dev.hivestream.local.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.faults.saga.ApprovedTransfer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a saga's history and the commands topics say of each other, without any class of the apps. */
final class SagaAudit {

    private final List<ConsumerRecord<String, String>> commands = new ArrayList<>();
    private final List<ConsumerRecord<String, String>> history;
    private final List<ConsumerRecord<String, String>> deadLetters;

    /**
     * Of what the topics have.
     *
     * @param read gives what is committed to a topic
     * @param aggregates that the saga sends commands to
     */
    SagaAudit(Function<String, List<ConsumerRecord<String, String>>> read, String saga,
            Collection<String> aggregates) {
        for (String aggregate : aggregates) {
            read.apply(aggregate + ".commands").stream()
                    .filter(command -> header(command, "ce_saga").startsWith(saga + ":")).forEach(commands::add);
        }
        history = read.apply(saga + ".history");
        deadLetters = read.apply(saga + ".inbox.dlq");
    }

    /** Instances whose versions in the history are not 1, 2, 3 … */
    List<String> wrongVersions() {
        List<String> found = new ArrayList<>();
        Map<String, Long> last = new HashMap<>();
        for (ConsumerRecord<String, String> record : history) {
            String sequence = header(record, "ce_sequence");
            if (sequence.isEmpty()) {
                // a mark, which says only how far the inbox was handled
                continue;
            }
            long before = last.getOrDefault(record.key(), 0L);
            if (Long.parseLong(sequence) != before + 1) {
                found.add("Version " + sequence + " of the instance '" + record.key() + "' follows " + before + " at "
                        + place(record));
            }
            last.put(record.key(), Long.parseLong(sequence));
        }
        return found;
    }

    /** Steps that move money, or end a transfer, whose instance has sent another command for them before. */
    List<String> sentAgain() {
        Map<String, Set<String>> ids = new TreeMap<>();
        for (ConsumerRecord<String, String> command : commands) {
            String step = ApprovedTransfer.original(header(command, "ce_sagastep"));
            if (!step.isEmpty()) {
                ids.computeIfAbsent(header(command, "ce_saga") + " " + step, _ -> new TreeSet<>())
                        .add(header(command, "ce_id"));
            }
        }
        List<String> found = new ArrayList<>();
        ids.forEach((step, commandIds) -> {
            if (commandIds.size() > 1) {
                found.add(step + " was sent as " + commandIds);
            }
        });
        return found;
    }

    /** Copies of commands that were sent and are not recorded, or twice; and commands that are recorded and were not sent. */
    List<String> otherThanRecorded() {
        Map<String, Integer> recorded = recorded();
        Set<String> sent = new HashSet<>();
        List<String> found = new ArrayList<>();
        for (ConsumerRecord<String, String> command : commands) {
            String id = header(command, "ce_id");
            int attempt = Integer.parseInt(header(command, "ce_sagaattempt"));
            String what = header(command, "ce_saga") + " " + header(command, "ce_sagastep") + " as '" + id + "', copy "
                    + attempt + ", at " + place(command);
            if (!sent.add(id + " " + attempt)) {
                found.add(what + " was sent before");
            } else if (attempt > recorded.getOrDefault(id, 0)) {
                found.add(what + " is not in the history");
            }
        }
        recorded.keySet().stream().filter(id -> !sent.contains(id + " 1")).sorted()
                .forEach(id -> found.add("'" + id + "' is in the history and was not sent"));
        return found;
    }

    /** By the id of a command, how many copies of it there may be: none is sent of one that is answered. */
    private Map<String, Integer> recorded() {
        Map<String, String> ids = new HashMap<>();
        Map<String, Integer> copies = new HashMap<>();
        for (ConsumerRecord<String, String> record : history) {
            String done = header(record, "ce_done");
            if (done.isEmpty()) {
                continue;
            }
            for (JsonNode turn : JsonMapper.shared().readTree(done).path("turns")) {
                for (JsonNode act : turn.path("acts")) {
                    String step = record.key() + " " + act.path("step").asString("");
                    String kind = act.path("act").asString();
                    if (kind.equals("send")) {
                        ids.put(step, act.path("commandId").asString());
                    }
                    String id = ids.get(step);
                    if (id != null && kind.startsWith("send")) {
                        copies.merge(id, 1, Integer::sum);
                    }
                }
            }
        }
        return copies;
    }

    /** What came to the saga and had no effect, with the reason. */
    List<String> deadLetters() {
        return deadLetters.stream().map(letter -> header(letter, "ce_type") + " for the instance '" + letter.key()
                + "' is a dead letter: " + header(letter, "hive_reason")).toList();
    }

    private static String place(ConsumerRecord<String, String> record) {
        return record.topic() + "/" + record.partition() + "/" + record.offset();
    }

    private static String header(ConsumerRecord<String, String> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null ? "" : new String(header.value(), UTF_8);
    }
}
