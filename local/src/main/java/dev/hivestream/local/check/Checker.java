package dev.hivestream.local.check;

import dev.hivestream.local.check.CacheDump.Generation;
import dev.hivestream.local.check.CacheDump.Snapshot;
import dev.hivestream.local.check.History.Answer;
import dev.hivestream.local.check.History.Outcome;
import dev.hivestream.local.check.Violation.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * Compares the whole log with the whole cache and with everything that clients were told. It wants quiet: nobody sends,
 * nothing is being decided or caught up.
 */
public final class Checker {

    private final EventLog log;
    private final CacheDump cache;
    private final History history;
    private final Set<String> sent;
    private final Map<String, Function<List<Event>, JsonNode>> folds;
    private final List<Violation> violations = new ArrayList<>();
    private final Map<String, Map<String, List<Event>>> byAggregate = new LinkedHashMap<>();
    private final Map<Command, List<Event>> byCommand = new LinkedHashMap<>();

    /** One id may be that of several commands, of several senders. */
    private record Command(String id, String hash) {}

    private Checker(EventLog log, CacheDump cache, History history,
            Map<String, Function<List<Event>, JsonNode>> folds) {
        this.log = log;
        this.cache = cache;
        this.history = history;
        this.sent = history.sent();
        this.folds = folds;
        for (Event event : log.events()) {
            byAggregate.computeIfAbsent(event.aggregate(), none -> new LinkedHashMap<>())
                    .computeIfAbsent(event.id(), none -> new ArrayList<>()).add(event);
            byCommand.computeIfAbsent(new Command(event.commandId(), event.commandHash()), none -> new ArrayList<>())
                    .add(event);
        }
    }

    /**
     * Finds what must not be.
     *
     * @param folds the state after events, by aggregate type; the states of a type without one are not compared
     */
    public static List<Violation> check(EventLog log, CacheDump cache, History history,
            Map<String, Function<List<Event>, JsonNode>> folds) {
        var checker = new Checker(log, cache, history, folds);
        checker.byAggregate.values().forEach(ids -> ids.values().forEach(checker::versions));
        checker.byCommand.forEach(checker::command);
        checker.answers();
        checker.checkpoints();
        checker.snapshots();
        return checker.violations;
    }

    /** The folds of the samples {@code content} and {@code account}. */
    public static Map<String, Function<List<Event>, JsonNode>> sampleFolds() {
        Function<List<Event>, JsonNode> fold = events -> SampleFold.of(events.stream()
                .map(event -> new Topics.Entry(event.partition(), event.offset(), event.id(),
                        Map.of("ce_type", event.type()), event.payload()))
                .toList());
        return Map.of("content", fold, "account", fold);
    }

    private void found(Kind kind, String what) {
        violations.add(new Violation(kind, what));
    }

    private void versions(List<Event> events) {
        long last = 0;
        for (Event event : events) {
            if (event.partition() != events.getFirst().partition()) {
                found(Kind.WRONG_PARTITION, event + " and " + events.getFirst());
            }
            if (event.version() <= last) {
                found(Kind.REPEATED_VERSION, event + " follows version " + last);
            } else if (event.version() > last + 1) {
                found(Kind.GAP, event + " follows version " + last);
            }
            last = Math.max(last, event.version());
        }
    }

    private void command(Command command, List<Event> events) {
        String commandId = command.id();
        if (!sent.contains(commandId)) {
            found(Kind.UNKNOWN_COMMAND, "'" + commandId + "' of " + events.getFirst());
        }
        Event first = events.getFirst();
        for (int i = 1; i < events.size(); i++) {
            Event event = events.get(i);
            if (!event.commandPosition().equals(first.commandPosition()) || !event.id().equals(first.id())
                    || event.version() != first.version() + i) {
                found(Kind.REPEATED_COMMAND, "'" + commandId + "' has " + first + " (command at "
                        + first.commandPosition() + ") and " + event + " (command at " + event.commandPosition() + ")");
            }
        }
    }

    private void answers() {
        var firstAnswers = new HashMap<String, Answer>();
        for (Answer answer : history.answers()) {
            List<Event> events = eventsOf(answer.commandId());
            if (answer.outcome() == Outcome.REJECTED) {
                if (!events.isEmpty()) {
                    found(Kind.REJECTED_WITH_EVENTS, answer + " and " + events);
                }
                continue;
            }
            Answer earlier = firstAnswers.putIfAbsent(answer.commandId(), answer);
            if (earlier != null && !earlier.equals(answer)) {
                found(Kind.WRONG_ANSWER, earlier + " and then " + answer);
            }
            Long firstVersion = answer.firstVersion();
            if (firstVersion == null) {
                if (!events.isEmpty()) {
                    found(Kind.WRONG_ANSWER, answer + " says nothing of " + events);
                }
            } else if (events.isEmpty()) {
                found(Kind.LOST_ANSWER, answer.toString());
            } else if (events.getFirst().version() != firstVersion || answer.version() == null
                    || events.getLast().version() != answer.version()
                    || !events.getFirst().id().equals(answer.id())) {
                found(Kind.WRONG_ANSWER, answer + " and the log has " + events);
            }
        }
    }

    /** The events of a command that came over HTTP, as all have that are answered. */
    private List<Event> eventsOf(String commandId) {
        List<Event> events = byCommand.get(new Command(commandId, Event.hash(Gateway.SOURCE, commandId)));
        return events != null ? events : byCommand.getOrDefault(new Command(commandId, ""), List.of());
    }

    private void checkpoints() {
        cache.checkpoints().forEach((generation, next) -> {
            long end = log.ends().getOrDefault(generation.slot(), 0L);
            if (next > end) {
                found(Kind.CHECKPOINT_BEYOND_LOG,
                        generation + " has its checkpoint at " + next + ", but the log ends at " + end);
            }
        });
    }

    private void snapshots() {
        var cached = new HashMap<Generation, Set<String>>();
        for (Snapshot snapshot : cache.snapshots()) {
            Generation generation = snapshot.generation();
            cached.computeIfAbsent(generation, none -> new LinkedHashSet<>()).add(snapshot.id());
            String aggregate = aggregateOf(generation);
            List<Event> events = byAggregate.getOrDefault(aggregate, Map.of()).getOrDefault(snapshot.id(), List.of());
            Long checkpoint = cache.checkpoints().get(generation);
            long reflected = checkpoint == null ? 0 : reflected(events, checkpoint);
            if (snapshot.poison() != null) {
                found(Kind.CACHE_DIFFERS, snapshot + " is poisoned: " + snapshot.poison());
            } else if (snapshot.version() > events.size()) {
                found(Kind.CACHE_LEADS, snapshot + " has version " + snapshot.version() + ", the log " + events.size());
            } else if (snapshot.version() != reflected) {
                found(Kind.CACHE_DIFFERS, snapshot + " has version " + snapshot.version() + ", and version " + reflected
                        + " is at its checkpoint " + checkpoint);
            } else {
                Function<List<Event>, JsonNode> fold = folds.get(aggregate);
                if (fold != null && cache.active().contains(generation)) {
                    compare(snapshot, fold.apply(events.subList(0, (int) snapshot.version())));
                }
            }
        }
        byAggregate.forEach((aggregate, ids) -> ids.forEach((id, events) -> cache.checkpoints()
                .forEach((generation, next) -> {
                    if (generation.slot().equals(events.getFirst().slot()) && reflected(events, next) > 0
                            && !cached.getOrDefault(generation, Set.of()).contains(id)) {
                        found(Kind.CACHE_DIFFERS, generation + " has no snapshot of '" + id + "' at its checkpoint "
                                + next);
                    }
                })));
    }

    private void compare(Snapshot snapshot, JsonNode folded) {
        if (!folded.equals(snapshot.state())) {
            found(Kind.CACHE_DIFFERS, snapshot + " is " + snapshot.state() + ", and the log folds to " + folded);
        }
    }

    private static long reflected(List<Event> events, long checkpoint) {
        return events.stream().filter(event -> event.offset() < checkpoint).count();
    }

    private static String aggregateOf(Generation generation) {
        return generation.slot().substring(0, generation.slot().lastIndexOf(':'));
    }
}
