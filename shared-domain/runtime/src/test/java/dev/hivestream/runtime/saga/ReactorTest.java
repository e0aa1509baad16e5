package dev.hivestream.runtime.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.model.Effect;
import dev.hivestream.model.EventType;
import dev.hivestream.model.Saga;
import dev.hivestream.model.SagaType;
import dev.hivestream.model.Signal;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.domain.DomainCode;
import dev.hivestream.runtime.domain.DomainThreads;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Recorded;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Malformed;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReactorTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final String ID = "o-1";

    /** What happens to an order. */
    public sealed interface Event {
        record Placed(long amount) implements Event {}

        record Noted(String text) implements Event {}

        record Cancelled() implements Event {}

        /** Throws, if the code is broken. */
        record Odd() implements Event {}
    }

    public sealed interface Command {
        record Charge(long amount) implements Command {}

        record Ship(String what) implements Command {}

        /** Is not declared. */
        record Burn() implements Command {}
    }

    /** What was heard of; {@code cyclic} is a state that cannot be written. */
    public record Heard(List<String> what, Object more) {
        Heard and(String word) {
            List<String> longer = new ArrayList<>(what);
            longer.add(word);
            return new Heard(longer, more);
        }
    }

    private static final class Fulfilment implements Saga<Event, Heard, Command> {

        private boolean broken = true;
        private boolean folding;

        @Override
        public String correlate(Signal.Happened<Event> event) {
            return event.id();
        }

        @Override
        public Heard initialState() {
            return new Heard(List.of(), "");
        }

        @Override
        public Heard evolve(Heard state, Signal<Event> signal) {
            return switch (signal) {
                case Signal.Happened<Event>(Event.Odd(), _, _, _) when broken -> throw new IllegalStateException("odd");
                case Signal.Happened<Event>(Event.Noted(String text), _, _, _) when text.equals("cycle") -> {
                    List<Object> cycle = new ArrayList<>();
                    cycle.add(cycle);
                    yield new Heard(state.what(), cycle);
                }
                case Signal.Happened<Event>(Event.Noted(String text), _, _, _) -> state.and(text);
                case Signal.Happened<Event> happened -> state.and(happened.event().getClass().getSimpleName());
                case Signal.Answered<Event>(String step, Signal.Answer answer, _) ->
                    state.and(step + " " + answer.getClass().getSimpleName());
                case Signal.DeadlineReached<Event>(String name, _) -> state.and(name);
            };
        }

        @Override
        public List<Effect<Command>> react(Heard state, Signal<Event> signal) {
            if (folding) {
                throw new IllegalStateException("nothing of the past is decided again");
            }
            return switch (signal) {
                case Signal.Happened<Event>(Event.Placed(long amount), _, String id, _) ->
                    List.of(Effect.send("charge", "b-1", new Command.Charge(amount)),
                            Effect.send("ship", id, new Command.Ship("it")),
                            Effect.deadline("late", Duration.ofMinutes(10)));
                case Signal.Happened<Event>(Event.Odd(), _, String id, _) ->
                    List.of(Effect.send("odd", id, new Command.Ship("odd")));
                case Signal.Happened<Event>(Event.Cancelled(), _, _, _) ->
                    List.of(Effect.complete(), Effect.deadline("late", Duration.ofDays(1)));
                case Signal.Happened<Event>(Event.Noted(String text), _, String id, _) -> switch (text) {
                    case "hang" -> {
                        while (!Thread.currentThread().isInterrupted()) {
                            Thread.onSpinWait();
                        }
                        yield List.of();
                    }
                    case "throw" -> throw new IllegalStateException("react");
                    case "hostile" -> throw new IllegalStateException() {
                        private static final long serialVersionUID = 1L;

                        @Override
                        public String toString() {
                            throw new AssertionError("no text");
                        }
                    };
                    case "burn" -> List.of(Effect.send("burn", id, new Command.Burn()));
                    case "nowhere" -> List.of(Effect.send("ship", "", new Command.Ship("it")));
                    case "far" -> List.of(Effect.send("ship", "x".repeat(201), new Command.Ship("it")));
                    case "undeclared" -> List.of(Effect.deadline("never-said", Duration.ofDays(1)));
                    case "later" -> List.of(Effect.deadline("late", Duration.ofMinutes(20)));
                    case "never" -> List.of(Effect.cancelDeadline("late"));
                    case "again" -> List.of(Effect.sendAgain("charge"), Effect.sendAgain("unknown"));
                    case "wait" -> List.of(Effect.overdue("nobody answers"));
                    case "endless" -> List.of(Effect.overdue("\"\u0001".repeat(3_000_000)));
                    case "many" -> sends(20_000, id, "it");
                    case "third" -> sends(800, id, "\\\"".repeat(200));
                    case "wide" -> List.of(Effect.send("ship", id, new Command.Ship("\u20ac".repeat(500))));
                    case "large" -> List.of(Effect.send("ship", id, new Command.Ship("x".repeat(2_000))));
                    default -> List.of();
                };
                default -> List.of();
            };
        }
    }

    private static List<Effect<Command>> sends(int count, String to, String what) {
        List<Effect<Command>> sends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sends.add(Effect.send("s" + i, to, new Command.Ship(what)));
        }
        return sends;
    }

    private final Fulfilment code = new Fulfilment();
    private final SagaType<Event, Heard, Command> type = declared(
            new EventType<>("noted", Event.Noted.class, 1, List.of()));
    private final ServedSaga<Event, Heard, Command> served = ServedSaga.of(type, 8, Reactor.Limits.of(1_000));
    private Snapshot<Instance<Heard>> snapshot = served.snapshots().read(ID, null);
    private final List<Entry> history = new ArrayList<>();
    private boolean isOtherCode;
    private int number;

    private SagaType<Event, Heard, Command> declared(EventType<Event> noted) {
        return SagaType.named("fulfilment", code, Heard.class)
                .reactsTo("order", true, new EventType<>("placed", Event.Placed.class, 1, List.of()))
                .reactsTo("order", false, noted)
                .reactsTo("order", false, new EventType<>("cancelled", Event.Cancelled.class, 1, List.of()))
                .reactsTo("order", false, new EventType<>("odd", Event.Odd.class, 1, List.of()))
                .sends("bank", "charge", Command.Charge.class).sends("order", "ship", Command.Ship.class)
                .deadline("late").build();
    }

    @BeforeEach
    void broken() {
        code.broken = true;
    }

    @Test
    void an_event_sends_commands_with_ids_of_their_own_and_sets_deadlines() throws Malformed {
        Reactor.Handled placed = handle(placed());
        assertThat(placed.commands()).extracting(Reactor.Command::step).containsExactly("charge", "ship");
        assertThat(placed.commands()).extracting(Reactor.Command::type).containsExactly("bank.charge", "order.ship");
        assertThat(placed.commands()).extracting(Reactor.Command::id).containsExactly("b-1", ID);
        assertThat(placed.commands()).extracting(Reactor.Command::payload).containsExactly("{\"amount\":7}",
                "{\"what\":\"it\"}");
        assertThat(placed.commands()).extracting(Reactor.Command::commandId).doesNotHaveDuplicates();
        assertThat(instance().deadlines().get("late").due())
                .isEqualTo(START.plusSeconds(1).plus(Duration.ofMinutes(10)).toEpochMilli());
        assertThat(instance().shown()).isEqualTo("active");
        assertThat(instance().started()).isEqualTo(START.plusSeconds(1).toEpochMilli());

        // the same again, from the beginning: the same ids; another instance: others
        Snapshot<Instance<Heard>> anew = served.snapshots().read(ID, null);
        Snapshot<Instance<Heard>> other = served.snapshots().read("o-2", null);
        number = 0;
        Received again = placed();
        assertThat(served.reactor().handle(anew, ID, again, 10, false).commands()).isEqualTo(placed.commands());
        assertThat(served.reactor().handle(other, "o-2", again, 10, false).commands())
                .extracting(Reactor.Command::commandId)
                .doesNotContainAnyElementsOf(placed.commands().stream().map(Reactor.Command::commandId).toList());
    }

    @Test
    void one_whose_code_takes_too_long_is_parked_as_one_whose_code_throws() throws Malformed {
        handle(placed());
        Received hanging = noted("hang");
        try (DomainThreads threads = new DomainThreads(Duration.ofMillis(200), _ -> {})) {
            Reactor.Handled parked = threads.run(() -> {
                DomainCode.about("a record");
                try {
                    return handle(hanging);
                } catch (Malformed e) {
                    throw new IllegalStateException(e);
                }
            }, () -> {});
            assertThat(parked.parked()).contains("order.noted").contains("hive.decide.timeout=200ms");
        }
        assertThat(snapshot.version()).isEqualTo(2);
        assertThat(instance().shown()).isEqualTo("parked");
    }

    @Test
    void a_repeated_cause_and_what_starts_nothing_are_ignored() throws Malformed {
        assertThat(handle(deadline("late", 1)).changed()).isFalse();
        assertThat(handle(person(Received.END)).changed()).isFalse();
        assertThat(past(event("noted", "{\"text\":\"early\"}")).changed()).as("lost before").isFalse();
        Received placed = placed();
        handle(placed);
        assertThat(handle(placed).changed()).isFalse();
        assertThat(snapshot.version()).isEqualTo(1);
    }

    @Test
    void the_result_of_the_last_copy_is_the_answer_and_the_best_of_all() throws Malformed {
        String charge = handle(placed()).commands().getFirst().commandId();
        Reactor.Handled again = handle(noted("again"));
        assertThat(again.commands()).singleElement().satisfies(copy -> {
            assertThat(copy.commandId()).isEqualTo(charge);
            assertThat(copy.attempt()).isEqualTo(2);
            assertThat(copy.aggregate()).isEqualTo("bank");
            assertThat(copy.payload()).isEqualTo("{\"amount\":7}");
        });
        handle(result("charge", charge, 1, "accepted", null));
        assertThat(heard()).doesNotContain("charge Accepted");
        handle(result("charge", charge, 2, "failed", "hive.forgotten"));
        assertThat(heard()).endsWith("charge Accepted");
        // once
        assertThat(handle(result("charge", charge, 2, "rejected", "no")).changed()).isFalse();
        assertThat(handle(noted("again")).commands()).isEmpty();
    }

    @Test
    void a_rejection_beats_a_failure_and_what_is_not_its_own_is_ignored() throws Malformed {
        String charge = handle(placed()).commands().getFirst().commandId();
        handle(noted("again"));
        assertThat(handle(result("charge", "another", 1, "accepted", null)).changed()).isFalse();
        assertThat(handle(result("unknown", charge, 1, "accepted", null)).changed()).isFalse();
        handle(result("charge", charge, 1, "rejected", "no-money"));
        handle(result("charge", charge, 2, "failed", "hive.forgotten"));
        assertThat(heard()).endsWith("charge Rejected");
    }

    @Test
    void a_deadline_is_moved_cancelled_and_reached_once() throws Malformed {
        handle(placed());
        handle(noted("later"));
        assertThat(handle(deadline("late", 1)).changed()).as("stale").isFalse();
        assertThat(handle(deadline("late", 2)).changed()).isTrue();
        assertThat(heard()).endsWith("late");
        assertThat(handle(deadline("late", 2)).changed()).as("twice").isFalse();
        handle(noted("later"));
        handle(noted("never"));
        assertThat(instance().deadlines()).isEmpty();
        assertThat(handle(deadline("late", 3)).changed()).as("cancelled").isFalse();
    }

    @Test
    void an_end_cancels_deadlines_and_what_comes_later_is_ignored() throws Malformed {
        handle(placed());
        handle(event("cancelled", "{}"));
        assertThat(instance().shown()).isEqualTo("completed");
        assertThat(instance().deadlines()).isEmpty();
        assertThat(instance().steps()).isEmpty();
        String tombstone = written(snapshot);
        assertThat(tombstone).isEqualTo("{\"version\":2,\"ended\":\"completed\",\"at\":1772366402000}")
                .hasSizeLessThanOrEqualTo(64);
        Snapshot<Instance<Heard>> read = served.snapshots().read(ID, served.snapshots().write(snapshot));
        assertThat(read.state().shown()).isEqualTo("completed");
        assertThat(read.state().changed()).isEqualTo(instance().changed());
        assertThat(written(read)).isEqualTo(tombstone);
        assertThat(served.reactor().handle(read, ID, placed(), 100, false).changed()).as("no new beginning").isFalse();
        assertThat(handle(noted("late")).changed()).isFalse();
        assertThat(handle(person(Received.RETRY)).changed()).isFalse();
        assertThat(served.index(ID, instance())).filteredOn(place -> place.score() != null).singleElement()
                .satisfies(place -> assertThat(place.set()).isEqualTo("completed"));
    }

    @Test
    void one_that_waits_too_long_is_overdue_until_something_comes() throws Malformed {
        String charge = handle(placed()).commands().getFirst().commandId();
        handle(noted("wait"));
        assertThat(instance().shown()).isEqualTo("overdue");
        handle(deadline("late", 1));
        assertThat(instance().shown()).isEqualTo("overdue");
        handle(result("charge", charge, 1, "accepted", null));
        assertThat(instance().shown()).isEqualTo("active");
    }

    @Test
    void one_that_throws_is_parked_and_holds_what_comes_until_it_goes_on() throws Malformed {
        handle(placed());
        Reactor.Handled odd = handle(event("odd", "{}"));
        assertThat(odd.parked()).contains("order.odd").contains("odd");
        assertThat(odd.fault()).asString().startsWith("java.lang.IllegalStateException");
        assertThat(odd.commands()).isEmpty();
        assertThat(heard()).containsExactly("Placed");
        handle(noted("one"));
        handle(noted("two"));
        assertThat(instance().held()).hasSize(3);
        assertThat(instance().shown()).isEqualTo("parked");
        assertThat(served.index(ID, instance())).filteredOn(place -> place.score() != null).singleElement()
                .satisfies(place -> assertThat(place.set()).as("no deadline comes due").isEqualTo("parked"));
        handle(parked(odd.parked(), "/hive/order|id-2"));
        assertThat(instance().held()).as("known already").hasSize(3);

        Reactor.Handled retried = handle(person(Received.RETRY));
        assertThat(retried.parked()).contains("odd");
        assertThat(instance().held()).hasSize(3);

        code.broken = false;
        assertThat(handle(person(Received.RETRY)).commands()).extracting(Reactor.Command::step).containsExactly("odd");
        assertThat(heard()).containsExactly("Placed", "Odd", "one", "two");
        assertThat(instance().shown()).isEqualTo("active");
        assertThat(instance().held()).isEmpty();
    }

    @Test
    void a_person_skips_the_message_or_ends_the_instance() throws Malformed {
        handle(placed());
        assertThat(handle(person(Received.SKIP)).changed()).as("not parked").isFalse();
        handle(event("odd", "{}"));
        handle(noted("one"));
        handle(person(Received.SKIP));
        assertThat(heard()).containsExactly("Placed", "one");
        handle(event("odd", "{}"));
        handle(person(Received.END));
        assertThat(instance().shown()).isEqualTo("ended");
    }

    @Test
    void mended_code_that_folds_the_log_anew_knows_that_it_was_parked_and_a_retry_sends_what_never_was()
            throws Malformed {
        code.broken = false;
        Received placed = placed();
        Received odd = event("odd", "{}");
        List<Received> inbox = List.of(placed, odd, parked("a bug", odd.cause()), noted("one"), person(Received.RETRY));
        past(inbox.get(0));
        String id = past(inbox.get(1)).commands().getFirst().commandId();
        past(inbox.get(2));
        assertThat(instance().shown()).isEqualTo("parked");
        past(inbox.get(3));
        assertThat(heard()).containsExactly("Placed", "Odd");
        Reactor.Handled retried = handle(inbox.get(4));
        assertThat(heard()).containsExactly("Placed", "Odd", "one");
        assertThat(retried.commands()).singleElement().satisfies(command -> {
            assertThat(command.step()).isEqualTo("odd");
            assertThat(command.commandId()).isEqualTo(id);
            assertThat(command.attempt()).isEqualTo(1);
        });
        // one that is not parked sends everything that is not answered, and those are further copies
        assertThat(handle(person(Received.RETRY)).commands()).extracting(one -> one.step() + one.attempt())
                .containsExactly("charge2", "ship2", "odd2");
    }

    @Test
    void what_the_declaration_or_the_runtime_cannot_do_parks() throws Malformed {
        for (String fault : List.of("throw", "hostile", "burn", "undeclared", "nowhere", "far", "cycle", "large",
                "wide")) {
            snapshot = served.snapshots().read(ID, null);
            history.clear();
            handle(placed());
            assertThat(handle(noted(fault)).parked()).as(fault).isNotNull();
            assertThat(instance().steps()).as(fault).hasSize(2);
            assertThat(instance().deadlines()).as(fault).hasSize(1);
        }
    }

    @Test
    void what_cannot_be_read_changes_nothing() throws Malformed {
        handle(placed());
        for (Received bad : List.of(event("unheard-of", "{}"), event("noted", "no JSON"), event("noted", "{}"),
                with(event("noted", "{\"text\":\"x\"}"), Header.DATA_VERSION, "2"),
                with(event("noted", "{\"text\":\"x\"}"), Header.DATA_VERSION, "4294967297"),
                with(event("noted", "{\"text\":\"x\"}"), Header.TIME, "noon"),
                with(event("noted", "{\"text\":\"x\"}"), Header.TIME, "+500000000-01-01T00:00:00Z"),
                without(event("noted", "{\"text\":\"x\"}"), Header.ID),
                without(event("noted", "{\"text\":\"x\"}"), Header.SUBJECT),
                without(result("charge", "c", 1, "accepted", null), Header.SAGA_STEP))) {
            assertThatThrownBy(() -> handle(bad)).as("%s", bad.headers()).isInstanceOf(Malformed.class);
        }
        assertThat(snapshot.version()).isEqualTo(1);
        assertThat(heard()).containsExactly("Placed");
    }

    @Test
    void a_fold_by_mended_code_gives_what_was_done_and_not_what_it_would_do() throws Malformed {
        handle(placed());
        handle(event("odd", "{}"));
        handle(noted("one"));
        assertThat(instance().shown()).isEqualTo("parked");
        code.broken = false;
        assertThat(written(folded())).as("it was parked, whatever this code does").isEqualTo(written(snapshot));

        handle(person(Received.SKIP));
        assertThat(heard()).containsExactly("Placed", "one");
        assertThat(written(folded())).as("what a person skipped stays skipped").isEqualTo(written(snapshot));
    }

    @Test
    void code_that_cannot_fold_the_past_stands_still_and_keeps_what_comes() throws Malformed {
        code.broken = false;
        handle(placed());
        String odd = handle(event("odd", "{}")).commands().getFirst().commandId();
        handle(noted("one"));
        code.broken = true;
        snapshot = folded();
        assertThat(instance().shown()).isEqualTo("parked");
        assertThat(instance().broken()).contains("order.odd");
        assertThat(instance().steps()).as("the past stands").containsKey("odd");
        assertThat(heard()).containsExactly("Placed");
        handle(result("odd", odd, 1, "accepted", null));
        assertThat(handle(person(Received.RETRY)).changed()).isFalse();
        assertThat(handle(person(Received.SKIP)).changed()).isFalse();
        assertThat(instance().held()).hasSize(1);

        code.broken = false;
        snapshot = folded();
        assertThat(instance().shown()).isEqualTo("parked");
        assertThat(heard()).containsExactly("Placed", "Odd", "one");
        handle(person(Received.RETRY));
        assertThat(heard()).containsExactly("Placed", "Odd", "one", "odd Accepted");
        assertThat(instance().shown()).isEqualTo("active");
    }

    @Test
    void what_one_message_does_fits_into_a_record_of_the_history() throws Malformed {
        long room = Topics.doneBytes(1_000);
        handle(placed());
        assertThat(done(handle(noted("endless"))).bytes()).hasSizeLessThan(30_000);
        assertThat(instance().overdue()).hasSizeLessThanOrEqualTo(4_001);

        Reactor.Handled many = handle(noted("many"));
        assertThat(many.parked()).contains("What was done for one message takes", "" + room + " are allowed");
        assertThat(many.commands()).isEmpty();
        assertThat(done(many).bytes()).hasSizeLessThan(1_000);
        handle(noted("third"));
        handle(noted("third"));
        handle(noted("last"));
        assertThat(instance().held()).hasSize(4);

        Reactor.Handled skipped = handle(person(Received.SKIP));
        assertThat(skipped.commands()).hasSize(800);
        assertThat(done(skipped).bytes()).hasSizeBetween((int) room / 3, (int) room);
        assertThat(skipped.parked()).as("nothing failed").isNull();
        assertThat(instance().parked()).contains("fills a record", "a retry goes on");
        assertThat(instance().held()).hasSize(2);
        Reactor.Handled retried = handle(person(Received.RETRY));
        assertThat(retried.commands()).hasSize(800);
        assertThat(instance().shown()).isEqualTo("active");
        assertThat(heard()).endsWith("third", "third", "last");
    }

    private static Done done(Reactor.Handled handled) {
        return Objects.requireNonNull(handled.done());
    }

    @Test
    void what_came_before_the_start_is_handled_in_order_when_the_instance_starts() throws Malformed {
        handle(noted("first"));
        handle(noted("throw"));
        handle(noted("third"));
        assertThat(instance().shown()).isEqualTo("waiting");
        assertThat(served.index(ID, instance())).filteredOn(place -> place.score() != null)
                .extracting(dev.hivestream.runtime.cache.Indexed::set)
                .containsExactlyInAnyOrder("waiting", "deadlines");
        handle(placed());
        assertThat(heard()).containsExactly("Placed", "first");
        assertThat(instance().held()).hasSize(2);
        handle(person(Received.SKIP));
        assertThat(heard()).containsExactly("Placed", "first", "third");
        assertThat(instance().shown()).isEqualTo("active");
        assertThat(instance().deadlines()).containsOnlyKeys("late");
    }

    @Test
    void what_waits_for_a_start_is_bounded_in_number_and_in_time() throws Malformed {
        for (int i = 0; i < 100; i++) {
            assertThat(handle(noted("n" + i)).changed()).isTrue();
        }
        assertThatThrownBy(() -> handle(noted("one more"))).isInstanceOf(Malformed.class)
                .hasMessageContaining("hive.saga.early-messages");
        Instance.Deadline wait = instance().deadlines().get(Reactor.EARLY);
        assertThat(wait.due()).isEqualTo(START.plusSeconds(1).plus(Duration.ofDays(7)).toEpochMilli());
        assertThat(handle(deadline(Reactor.EARLY, wait.setting() + 1)).changed()).isFalse();
        assertThat(handle(deadline(Reactor.EARLY, wait.setting())).expired()).hasSize(100);
        assertThat(instance().shown()).isEqualTo("none");
        assertThat(handle(noted("anew")).changed()).isTrue();
        handle(placed());
        assertThat(heard()).containsExactly("Placed", "anew");
    }

    @Test
    void beyond_a_limit_messages_wait_in_the_history_and_come_again_in_order() throws Malformed {
        handle(placed());
        handle(event("odd", "{}"));
        for (int i = 0; i < 102; i++) {
            handle(noted("n" + i));
        }
        assertThat(instance().held()).hasSize(100);
        assertThat(instance().later()).isEqualTo(new Instance.Later(3, 101, false));
        code.broken = false;
        handle(person(Received.RETRY));
        assertThat(instance().shown()).isEqualTo("parked");
        assertThat(heard()).hasSize(101).endsWith("n98");
        assertThat(served.index(ID, instance())).filteredOn(place -> place.score() != null)
                .extracting(dev.hivestream.runtime.cache.Indexed::member).contains(Reactor.LATER + ":" + ID);
        handle(noted("n102"));
        List<Entry> waiting = history.stream().filter(entry -> ServedSaga.heldAt(inHistory(entry)) > 0).toList();
        assertThat(waiting).hasSize(4);
        long before = 101;
        assertThat(handle(
                with(waiting.get(1).message, Header.AGAIN, waiting.getFirst().version + ":" + waiting.get(1).version))
                .changed()).as("not in order").isFalse();
        for (Entry entry : waiting) {
            Received again = with(entry.message, Header.AGAIN, before + ":" + entry.version);
            assertThat(handle(again).changed()).isTrue();
            assertThat(handle(again).changed()).as("twice").isFalse();
            before = entry.version;
        }
        assertThat(heard()).hasSize(105).endsWith("n101", "n102");
        assertThat(instance().shown()).isEqualTo("active");
        assertThat(instance().later()).isNull();
    }

    @Test
    void a_dead_letter_that_is_sent_again_counts_once_more() throws Malformed {
        Received early = noted("one");
        handle(early);
        handle(deadline(Reactor.EARLY, 1));
        assertThat(handle(early).changed()).isFalse();
        Received again = with(early, Header.LETTER, "fulfilment.inbox.dlq/0/7");
        handle(placed());
        handle(again);
        assertThat(heard()).containsExactly("Placed", "one");
        assertThat(handle(again).changed()).isFalse();
    }

    @Test
    void what_is_recorded_is_read_for_ever() throws Malformed {
        handle(placed());
        handle(event("odd", "{}"));
        assertThat(new String(history.getFirst().done, StandardCharsets.UTF_8)).isEqualTo(
                """
                        {"how":"HANDLED","turns":[{"acts":[{"act":"send","step":"charge","commandId":"COMMAND","type":"bank.charge",\
                        "to":"b-1","payload":"{\\"amount\\":7}"},{"act":"send","step":"ship","commandId":"COMMAND",\
                        "type":"order.ship","to":"o-1","payload":"{\\"what\\":\\"it\\"}"},\
                        {"act":"deadline","name":"late","due":1772367001000}]}]}"""
                        .replaceFirst("COMMAND", instance().steps().get("charge").commandId())
                        .replaceFirst("COMMAND", instance().steps().get("ship").commandId()));
        assertThat(new String(history.getLast().done, StandardCharsets.UTF_8))
                .startsWith("{\"how\":\"HANDLED\",\"turns\":[{\"acts\":[],\"failed\":\"The saga failed on")
                .contains("\"parked\":\"The saga failed on");
    }

    @Test
    void code_that_would_do_something_else_is_told_and_does_not() throws Malformed {
        handle(placed());
        handle(noted("wait"));
        List<String> differences = new ArrayList<>();
        Snapshot<Instance<Heard>> folded = served.snapshots().read(ID, null);
        for (Entry entry : history) {
            var _ = served.history(100).apply(folded, new Recorded(inHistory(entry)),
                    (recorded, now) -> differences.add(recorded + " -> " + now));
        }
        assertThat(differences).isEmpty();
        code.folding = true;
        folded = served.snapshots().read(ID, null);
        for (Entry entry : history) {
            var _ = served.history(100).apply(folded, new Recorded(inHistory(entry)),
                    (recorded, now) -> differences.add(recorded + " -> " + now));
        }
        code.folding = false;
        assertThat(differences).hasSize(2);
        assertThat(differences.getFirst()).contains("charge").contains("nothing of the past is decided again");
        assertThat(written(folded)).isEqualTo(written(snapshot));
    }

    @Test
    void what_cannot_be_read_is_not_held() throws Malformed {
        String charge = handle(placed()).commands().getFirst().commandId();
        handle(event("odd", "{}"));
        for (Received bad : List.of(event("noted", "no JSON"),
                without(event("noted", "{\"text\":\"x\"}"), Header.SUBJECT),
                record(Received.RESULT, "/hive/bank", "b-1", "no JSON"),
                without(result("charge", charge, 1, "accepted", null), Header.SAGA_STEP),
                without(result("charge", charge, 1, "accepted", null), Header.SAGA_ATTEMPT),
                without(deadline("late", 1), Header.SETTING))) {
            assertThatThrownBy(() -> handle(bad)).as("%s", bad.headers()).isInstanceOf(Malformed.class);
        }
        assertThat(instance().held()).hasSize(1);
        handle(result("charge", charge, 1, "accepted", null));
        handle(deadline("late", 1));
        assertThat(heard()).containsExactly("Placed");
        code.broken = false;
        handle(person(Received.RETRY));
        assertThat(heard()).containsExactly("Placed", "Odd", "charge Accepted", "late");
    }

    @Test
    void one_that_holds_what_newer_code_cannot_read_is_parked_on_it_and_a_person_skips_it() throws Malformed {
        handle(placed());
        handle(event("odd", "{}"));
        handle(noted("one"));
        handle(noted("two"));
        code.broken = false;
        isOtherCode = true;
        // its upcaster does not know what to do with one of them
        ServedSaga<Event, Heard, Command> newer = ServedSaga.of(declared(new EventType<>("noted", Event.Noted.class, 2,
                List.of(payload -> {
                    if ("one".equals(payload.get("text"))) {
                        throw new IllegalStateException("what was that?");
                    }
                    return payload;
                }))), 8, Reactor.Limits.of(1_000));
        Reactor.Handled retried = handle(newer, person(Received.RETRY));
        assertThat(retried.parked()).contains("order.noted").contains("what was that?");
        assertThat(heard()).containsExactly("Placed", "Odd");
        assertThat(instance().held()).hasSize(2);
        handle(newer, person(Received.SKIP));
        assertThat(heard()).containsExactly("Placed", "Odd", "two");
        assertThat(instance().shown()).isEqualTo("active");
    }

    @Test
    void a_mark_is_passed_over_and_a_record_that_does_not_say_what_was_done_keeps_its_instance_out() {
        Fold<Instance<Heard>, Received> fold = served.fold(10, Replay.Poisoned.KEEP_OUT);
        Entry entry = new Entry(1, placed(), new byte[0]);
        ConsumerRecord<byte[], byte[]> mark = inHistory(entry);
        mark.headers().remove(Header.SEQUENCE);
        assertThat(fold.apply(snapshot, mark)).isFalse();
        ConsumerRecord<byte[], byte[]> record = inHistory(entry);
        record.headers().remove(Header.DONE);
        assertThat(fold.apply(snapshot, record)).isTrue();
        assertThat(snapshot.poison()).contains(Header.DONE);
        isOtherCode = true;
    }

    @Test
    void an_instance_is_read_as_it_was_written() throws Malformed {
        handle(placed());
        handle(noted("wait"));
        handle(event("odd", "{}"));
        handle(noted("held"));
        StoredSnapshot written = served.snapshots().write(snapshot);
        Snapshot<Instance<Heard>> read = served.snapshots().read(ID, written);
        assertThat(read.state()).isEqualTo(snapshot.state());
        assertThat(written(read)).isEqualTo(new String(written.json(), StandardCharsets.UTF_8));
    }

    private Reactor.Handled handle(Received record) throws Malformed {
        return handle(served, record);
    }

    private Reactor.Handled handle(ServedSaga<Event, Heard, Command> by, Received record) throws Malformed {
        return recorded(record, by.reactor().handle(snapshot, ID, record, 100, false));
    }

    /** As the version did that wrote no history. */
    private Reactor.Handled past(Received record) throws Malformed {
        return recorded(record, served.reactor().handle(snapshot, ID, record, 100, true));
    }

    private Reactor.Handled recorded(Received record, Reactor.Handled handled) {
        if (handled.done() != null) {
            history.add(new Entry(snapshot.version(), record, handled.done().bytes()));
        }
        return handled;
    }

    private record Entry(long version, Received message, byte[] done) {}

    /** What the history makes of the instance, by the code as it is. */
    private Snapshot<Instance<Heard>> folded() {
        Snapshot<Instance<Heard>> folded = served.snapshots().read(ID, null);
        code.folding = true;
        for (Entry entry : history) {
            assertThat(served.fold(100, Replay.Poisoned.KEEP_OUT).apply(folded, inHistory(entry))).isTrue();
        }
        code.folding = false;
        return folded;
    }

    private static ConsumerRecord<byte[], byte[]> inHistory(Entry entry) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("fulfilment.history", 0, 0,
                ID.getBytes(StandardCharsets.UTF_8), entry.message.payload());
        entry.message.headers().forEach(
                (name, value) -> record.headers().add(name, value.getBytes(StandardCharsets.UTF_8)));
        record.headers().add(Header.SEQUENCE, ("" + entry.version).getBytes(StandardCharsets.UTF_8));
        record.headers().add(Header.DONE, entry.done);
        return record;
    }

    /** Whatever a test does: the fold of what was recorded gives the same, without asking the saga what to do. */
    @AfterEach
    void the_history_gives_the_same_instance() {
        if (!isOtherCode) {
            assertThat(written(folded())).isEqualTo(written(snapshot));
        }
    }

    private Instance<Heard> instance() {
        return snapshot.state();
    }

    private List<String> heard() {
        return snapshot.state().state().what();
    }

    private Received placed() {
        return event("placed", "{\"amount\":7}");
    }

    private Received noted(String text) {
        return event("noted", "{\"text\":\"" + text + "\"}");
    }

    private Received event(String name, String json) {
        return record("order." + name, "/hive/order", ID, json);
    }

    private Received result(String step, String commandId, int attempt, String outcome, String code) {
        Received result = record(Received.RESULT, "/hive/bank", "b-1",
                "{\"commandId\":\"" + commandId + "\",\"aggregate\":\"bank\",\"id\":\"b-1\",\"outcome\":\"" + outcome
                        + "\""
                        + (code == null ? "" : ",\"code\":\"" + code + "\",\"reason\":\"so\"") + "}");
        return with(with(result, Header.SAGA_STEP, step), Header.SAGA_ATTEMPT, "" + attempt);
    }

    private Received deadline(String name, long setting) {
        return with(record(Received.DEADLINE, "/hive/saga/fulfilment", name, "{}"), Header.SETTING, "" + setting);
    }

    private String written(Snapshot<Instance<Heard>> one) {
        return new String(served.snapshots().write(one).json(), StandardCharsets.UTF_8);
    }

    private Received parked(String why, String failedOn) {
        return with(with(record(Received.PARKED, "/hive/saga/fulfilment", ID, "{}"), Header.DEAD_REASON, why),
                Header.FAILED_ON, failedOn);
    }

    private Received person(String what) {
        return record(what, "/hive/saga/fulfilment", ID, "{}");
    }

    private Received record(String type, String source, String subject, String json) {
        number++;
        return new Received(Map.of(Header.TYPE, type, Header.SOURCE, source, Header.ID, "id-" + number, Header.SUBJECT,
                subject, Header.TIME, START.plusSeconds(number).toString()), json.getBytes(StandardCharsets.UTF_8));
    }

    private static Received with(Received record, String header, String value) {
        Map<String, String> headers = new LinkedHashMap<>(record.headers());
        headers.put(header, value);
        return new Received(headers, record.payload());
    }

    private static Received without(Received record, String header) {
        Map<String, String> headers = new LinkedHashMap<>(record.headers());
        headers.remove(header);
        return new Received(headers, record.payload());
    }
}
