package dev.hivestream.local.check;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Whether what clients saw of an aggregate could have come from one copy of it that takes one request after the other,
 * each between its begin and its end. The algorithm is that of Wing and Gong (Testing and verifying concurrent objects,
 * 1993) with the memory of Lowe (Testing for linearizability, 2017): a search over the orders that the times allow, which
 * never looks twice at the same set of done operations in the same state. The log says which versions a command has, so
 * a write fits in one place only; an operation without an answer took place if the log has its events, and not if not.
 */
public final class Linearizability {

    private static final int STEPS = 2_000_000;

    private Linearizability() {}

    /**
     * Finds the aggregates whose operations fit no order.
     *
     * @param operations of the samples {@code account} and {@code content}
     * @param begun when commands went out that are in the log and in no operation; others may have done so at any time
     */
    public static List<String> check(EventLog log, List<Operation> operations, Map<String, Long> begun) {
        Map<String, List<Event>> byAggregate = new HashMap<>();
        log.events().forEach(event -> byAggregate
                .computeIfAbsent(event.aggregate() + " '" + event.id() + "'", _ -> new ArrayList<>()).add(event));
        Map<String, List<Operation>> operationsOf = new LinkedHashMap<>();
        operations.forEach(operation -> operationsOf
                .computeIfAbsent(operation.aggregate() + " '" + operation.id() + "'", _ -> new ArrayList<>())
                .add(operation));
        List<String> found = new ArrayList<>();
        operationsOf.forEach((name, ofOne) -> {
            String why = new Search(steps(byAggregate.getOrDefault(name, List.of()), ofOne, begun)).fails();
            if (why != null) {
                found.add(name + " " + why);
            }
        });
        return found;
    }

    /** An operation, with the events that the log has of it. */
    private record Step(Operation operation, List<Event> events) {

        boolean isWrite() {
            return !events.isEmpty();
        }

        /** Whether it can take place in a state, with the outcome that it had. */
        boolean fits(State state) {
            if (isWrite()) {
                return events.getFirst().version() == state.version + 1 && isDecidedIn(state);
            }
            if (operation.version() != state.version) {
                return false;
            }
            return switch (operation.what()) {
                case READ -> state.version == 0 || operation.state().equals(state.value);
                case ACCEPTED -> isDecidedIn(state);
                case REJECTED -> operation.code().equals(refusal(state));
                case UNSURE -> false;
            };
        }

        private boolean isDecidedIn(State state) {
            if (operation.command().isEmpty()) {
                // of somebody whose requests are not known
                return true;
            }
            return refusal(state).isEmpty()
                    && SampleRules.follows(operation.command(), Json.read(operation.body()), state.value, events);
        }

        private String refusal(State state) {
            Long expected = operation.expected();
            return expected != null && expected != state.version
                    ? "hive.expected-version"
                    : SampleRules.refusal(operation.aggregate(), operation.command(), Json.read(operation.body()),
                            state.value);
        }

        State after(State state) {
            JsonNode value = state.value;
            for (Event event : events) {
                value = SampleFold.next(value, event);
            }
            return new State(state.version + events.size(), value);
        }
    }

    /** Of one aggregate; the version alone says which, for there is one log. */
    private record State(long version, JsonNode value) {}

    private static List<Step> steps(List<Event> events, List<Operation> operations, Map<String, Long> begun) {
        Map<String, List<Event>> byCommand = new LinkedHashMap<>();
        events.forEach(event -> byCommand.computeIfAbsent(event.commandId(), _ -> new ArrayList<>()).add(event));
        List<Step> steps = new ArrayList<>();
        for (Operation operation : operations) {
            List<Event> own = operation.commandId().isEmpty() ? null : byCommand.remove(operation.commandId());
            if (own != null || operation.what() != Operation.What.UNSURE) {
                steps.add(new Step(operation, own == null ? List.of() : own));
            }
        }
        byCommand.forEach((commandId, own) -> steps.add(new Step(Operation.unsure(own.getFirst().aggregate(),
                own.getFirst().id(), commandId, "", "", null, begun.getOrDefault(commandId, Long.MIN_VALUE)), own)));
        return steps;
    }

    private static final class Search {

        /** A begin or an end of an operation, in a list from which operations are taken and put back. */
        private static final class Entry {
            private final int number;
            private final Step step;
            private final boolean begin;
            private @Nullable Entry end;
            private @Nullable Entry before;
            private @Nullable Entry next;

            Entry(int number, Step step, boolean begin) {
                this.number = number;
                this.step = step;
                this.begin = begin;
            }

            private long time() {
                return begin ? step.operation.begun() : step.operation.ended();
            }
        }

        private record Done(Entry entry, State before) {}

        private record Seen(BitSet done, long version) {}

        private final Entry head;
        private final int writes;
        private final Set<Seen> seen = new HashSet<>();
        private final List<Done> done = new ArrayList<>();
        private final BitSet taken = new BitSet();
        private State state = new State(0, MissingNode.getInstance());
        private int furthest = -1;
        private String stuck = "";

        Search(List<Step> steps) {
            List<Entry> entries = new ArrayList<>();
            for (Step step : steps) {
                Entry begin = new Entry(entries.size() / 2, step, true);
                Entry end = new Entry(begin.number, step, false);
                begin.end = end;
                entries.add(begin);
                entries.add(end);
            }
            entries.sort(Comparator.comparingLong(Entry::time).thenComparing(entry -> !entry.begin));
            head = new Entry(-1, new Step(Operation.read("", "", 0, 0, 0, MissingNode.getInstance()), List.of()), true);
            Entry last = head;
            for (Entry entry : entries) {
                last.next = entry;
                entry.before = last;
                last = entry;
            }
            writes = (int) steps.stream().filter(Step::isWrite).count();
        }

        /** Null if an order was found. */
        @Nullable
        String fails() {
            Entry entry = head.next;
            for (int i = 0; i < STEPS; i++) {
                if (entry == null) {
                    return null;
                }
                if (entry.begin) {
                    entry = isTaken(entry) ? head.next : entry.next;
                } else {
                    if (done.isEmpty()) {
                        return describe();
                    }
                    Done last = done.removeLast();
                    state = last.before;
                    taken.clear(last.entry.number);
                    putBack(last.entry);
                    entry = last.entry.next;
                }
            }
            return "has too many orders to look at all of them";
        }

        /** Takes it if it fits and leads to something new. */
        private boolean isTaken(Entry entry) {
            if (!entry.step.fits(state)) {
                note(entry);
                return false;
            }
            State after = entry.step.after(state);
            taken.set(entry.number);
            if (!seen.add(new Seen((BitSet) taken.clone(), after.version))) {
                taken.clear(entry.number);
                return false;
            }
            done.add(new Done(entry, state));
            state = after;
            takeOut(entry);
            return true;
        }

        private void note(Entry entry) {
            if (done.size() > furthest) {
                furthest = done.size();
                stuck = "";
            }
            if (done.size() == furthest && stuck.length() < 1_000) {
                stuck += "\n        " + entry.step.operation + (entry.step.isWrite()
                        ? ", in the log as " + entry.step.events.getFirst().version()
                        : "");
            }
        }

        private String describe() {
            return "has operations in no possible order: after " + furthest + " of them (" + writes
                    + " writes), these do not fit:" + stuck;
        }

        private static void takeOut(Entry entry) {
            unlink(entry);
            unlink(Objects.requireNonNull(entry.end));
        }

        private static void putBack(Entry entry) {
            link(Objects.requireNonNull(entry.end));
            link(entry);
        }

        private static void unlink(Entry entry) {
            Objects.requireNonNull(entry.before).next = entry.next;
            if (entry.next != null) {
                entry.next.before = entry.before;
            }
        }

        private static void link(Entry entry) {
            Objects.requireNonNull(entry.before).next = entry;
            if (entry.next != null) {
                entry.next.before = entry;
            }
        }
    }
}
