package dev.hivestream.commandprocessor;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.model.Domain;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A domain with every bug that a domain can have. */
public final class FragileDomain implements Domain {

    /** What no client may see. */
    static final String SECRET = "jdbc:secret://10.0.0.7";

    /** How often a command of this name was decided. */
    static final Map<String, AtomicInteger> DECIDED = new ConcurrentHashMap<>();

    /** The commands, by name, whose bug has been mended. */
    static final Set<String> MENDED = ConcurrentHashMap.newKeySet();

    /** What breaks. */
    enum Bug {
        NONE, THROW, THROW_CHECKED, THROW_ERROR, THROW_HUGE, THROW_IN_A_RING, THROW_HOSTILE, THROW_WITHOUT_TEXT, THROW_DEEP, THROW_INTERNAL_ERROR, THROW_ENDLESS_TEXT, RECURSE, IMPOSSIBLE_ARRAY, MISSING_CLASS, DECIDE_NULL, NULL_EVENT, UNDECLARED_EVENT, UNWRITABLE_EVENT, HUGE_EVENT, EVOLVE_THROWS, EVOLVE_THROWS_ERROR, EVOLVE_THROWS_HOSTILE, EVOLVE_THROWS_DEEP, EVOLVE_NULL, SECOND_EVENT_THROWS, UNWRITABLE_STATE, UNWRITABLE_STATE_ERROR, UNWRITABLE_STATE_HOSTILE, BAD_REJECTION, LONG_REJECTION, SLEEP, FLOOD, COUNTLESS_EVENTS, STUMBLE, UNTIL_MENDED
    }

    /** Do something, with a bug. */
    record Work(String name, Bug bug, @Nullable BigDecimal amount) {
        Work {
            if (name.equals("unreadable")) {
                throw new AssertionError(SECRET);
            }
        }
    }

    sealed interface Event {}

    record Worked(Bug bug) implements Event {}

    record Packed(Trap trap) implements Event {}

    record Bulky(String text) implements Event {}

    record Undeclared() implements Event {}

    record State(int works, @Nullable Trap trap) {}

    /** Cannot be written. */
    record Trap(Bug bug) {
        @Override
        public Bug bug() {
            switch (bug) {
                case UNWRITABLE_STATE_ERROR -> throw new AssertionError(SECRET);
                case UNWRITABLE_STATE_HOSTILE -> throw new Hostile();
                default -> throw new IllegalStateException(SECRET);
            }
        }
    }

    /** An exception whose own methods throw too. */
    private static final class Hostile extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException(SECRET);
        }

        @Override
        public Throwable getCause() {
            throw new StackOverflowError(SECRET);
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            throw new Error(SECRET);
        }
    }

    private static RuntimeException deep() {
        RuntimeException deep = new IllegalStateException(SECRET);
        for (int i = 0; i < 20_000; i++) {
            deep = new IllegalStateException(SECRET, deep);
        }
        return deep;
    }

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of(Aggregate.named("fragile", new FragileDecider(), State.class).command("work", Work.class)
                .event("worked", Worked.class).event("packed", Packed.class).event("bulky", Bulky.class).build());
    }

    private static final class FragileDecider implements Decider<Work, State, Event> {

        @Override
        public State initialState() {
            return new State(0, null);
        }

        @Override
        public Decision<Event> decide(Work command, State state) {
            int attempt = DECIDED.computeIfAbsent(command.name, none -> new AtomicInteger()).incrementAndGet();
            return switch (command.bug) {
                case THROW -> throw new IllegalStateException(SECRET);
                case THROW_CHECKED -> sneak(new IOException(SECRET));
                case THROW_ERROR -> throw new Error(SECRET);
                case THROW_HUGE -> throw new IllegalStateException(SECRET.repeat(300_000));
                case THROW_IN_A_RING -> {
                    RuntimeException first = new IllegalStateException(SECRET);
                    first.initCause(new IllegalArgumentException(first));
                    throw first;
                }
                case THROW_HOSTILE -> throw new Hostile();
                case THROW_WITHOUT_TEXT -> throw new IllegalStateException() {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public String toString() {
                        return null;
                    }
                };
                case THROW_DEEP -> throw deep();
                case THROW_INTERNAL_ERROR -> throw new InternalError(SECRET);
                case THROW_ENDLESS_TEXT -> throw new IllegalStateException() {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public String toString() {
                        sleep();
                        return SECRET;
                    }
                };
                case RECURSE -> decide(command, new State(state.works + 1, null));
                case IMPOSSIBLE_ARRAY -> Decision.accept(new Bulky("ab".repeat(2_000_000_000)));
                case MISSING_CLASS -> throw new NoClassDefFoundError(SECRET);
                case DECIDE_NULL -> null;
                case NULL_EVENT -> Decision.accept(Arrays.asList((Event) null));
                case UNDECLARED_EVENT -> Decision.accept(new Undeclared());
                case UNWRITABLE_EVENT -> Decision.accept(new Packed(new Trap(command.bug)));
                case HUGE_EVENT -> Decision.accept(new Bulky("x".repeat(3_000_000)));
                case SLEEP -> {
                    sleep();
                    yield Decision.accept(new Worked(Bug.NONE));
                }
                case FLOOD -> Decision.accept(Collections.nCopies(700, new Bulky("x".repeat(500_000))));
                case COUNTLESS_EVENTS -> Decision.accept(Collections.nCopies(1_001, new Worked(Bug.NONE)));
                case SECOND_EVENT_THROWS -> Decision.accept(new Worked(Bug.NONE), new Worked(Bug.EVOLVE_THROWS));
                case UNTIL_MENDED -> {
                    if (!MENDED.contains(command.name)) {
                        throw new IllegalStateException(SECRET);
                    }
                    yield Decision.accept(new Worked(Bug.NONE));
                }
                case BAD_REJECTION -> Decision.reject("NOT A CODE", SECRET);
                case LONG_REJECTION -> Decision.reject("long", "\u0001".repeat(3_000_000));
                case STUMBLE -> {
                    if (attempt < 3) {
                        throw new IllegalStateException(SECRET);
                    }
                    yield Decision.accept(new Worked(Bug.NONE));
                }
                default -> Decision.accept(new Worked(command.bug));
            };
        }

        @Override
        public State evolve(State state, Event event) {
            Bug bug = event instanceof Worked(Bug worked) ? worked : Bug.NONE;
            return switch (bug) {
                case EVOLVE_THROWS -> throw new IllegalStateException(SECRET);
                case EVOLVE_THROWS_ERROR -> throw new Error(SECRET);
                case EVOLVE_THROWS_HOSTILE -> throw new Hostile();
                case EVOLVE_THROWS_DEEP -> throw deep();
                case EVOLVE_NULL -> null;
                case UNWRITABLE_STATE, UNWRITABLE_STATE_ERROR, UNWRITABLE_STATE_HOSTILE ->
                    new State(state.works + 1, new Trap(bug));
                default -> new State(state.works + 1, null);
            };
        }

        private static void sleep() {
            try {
                Thread.sleep(Duration.ofSeconds(12));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @SuppressWarnings("unchecked")
        private static <R, T extends Throwable> R sneak(Throwable checked) throws T {
            throw (T) checked;
        }
    }
}
