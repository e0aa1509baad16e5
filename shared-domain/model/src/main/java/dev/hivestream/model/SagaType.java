package dev.hivestream.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A saga as the runtime needs it: its name, its functions, and the wire names of what it reacts to and what it sends.
 * Immutable; made with {@link #named}.
 *
 * <pre>{@code
 * SagaType<ContentEvent, Review, ReviewCommand> review = SagaType
 *         .named("content-review", new ReviewSaga(), Review.class)
 *         .startsOn(CONTENT, ContentCreated.class)
 *         .reactsTo(REVIEW, Approved.class)
 *         .sends(REVIEW, RequestReview.class)
 *         .deadline("decision")
 *         .build();
 * }</pre>
 *
 * @param <E> the events that it reacts to
 * @param <S> state
 * @param <C> the commands that it sends
 */
public final class SagaType<E, S, C> {

    private final String name;
    private final Saga<E, S, C> saga;
    private final Class<S> stateType;
    private final int evolveVersion;
    private final Map<String, Reaction<E>> reactions;
    private final Map<Class<?>, Sent<C>> commands;
    private final Set<String> deadlines;

    /**
     * An event that it reacts to.
     *
     * @param aggregate the aggregate type
     * @param starts whether it starts an instance where there is none; another event waits for the start then
     */
    public record Reaction<E>(String aggregate, EventType<E> event, boolean starts) {

        /** The wire name. */
        public String wireName() {
            return aggregate + "." + event.name();
        }
    }

    /**
     * A command that it sends.
     *
     * @param aggregate the aggregate type
     */
    public record Sent<C>(String aggregate, CommandType<C> command) {

        /** The wire name. */
        public String wireName() {
            return aggregate + "." + command.name();
        }
    }

    private SagaType(Builder<E, S, C> builder) {
        this.name = builder.name;
        this.saga = builder.saga;
        this.stateType = builder.stateType;
        this.evolveVersion = builder.evolveVersion;
        this.reactions = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(builder.reactions));
        this.commands = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(builder.commands));
        this.deadlines = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(builder.deadlines));
    }

    /** Begins a saga; {@code name} is lower-case words joined by hyphens, names topics and keys, and no aggregate. */
    public static <E, S, C> Builder<E, S, C> named(String name, Saga<E, S, C> saga, Class<S> stateType) {
        return new Builder<>(name, saga, stateType);
    }

    /** The saga's name: {@code content-review}. */
    public String name() {
        return name;
    }

    public Saga<E, S, C> saga() {
        return saga;
    }

    public Class<S> stateType() {
        return stateType;
    }

    /** Raised by the author when {@code evolve} gives another state for messages of the past. */
    public int evolveVersion() {
        return evolveVersion;
    }

    /** By wire name: {@code content.created}; in the order of their declaration. */
    public Map<String, Reaction<E>> reactions() {
        return reactions;
    }

    /** By class, in the order of their declaration. */
    public Map<Class<?>, Sent<C>> commands() {
        return commands;
    }

    /** The names of the deadlines, in the order of their declaration. */
    public Set<String> deadlines() {
        return deadlines;
    }

    /** The aggregates whose events it reacts to, or to which it sends commands. */
    public Set<String> aggregates() {
        Set<String> aggregates = new LinkedHashSet<>();
        reactions.values().forEach(reaction -> aggregates.add(reaction.aggregate()));
        commands.values().forEach(command -> aggregates.add(command.aggregate()));
        return aggregates;
    }

    @Override
    public String toString() {
        return "saga " + name;
    }

    /** Collects what a saga reacts to and what it sends. Not thread-safe. */
    public static final class Builder<E, S, C> {

        private final String name;
        private final Saga<E, S, C> saga;
        private final Class<S> stateType;
        private final Map<String, Reaction<E>> reactions = new LinkedHashMap<>();
        private final Map<Class<?>, Sent<C>> commands = new LinkedHashMap<>();
        private final Set<String> deadlines = new LinkedHashSet<>();
        private int evolveVersion = 1;

        private Builder(String name, Saga<E, S, C> saga, Class<S> stateType) {
            Names.require("saga", name);
            this.name = name;
            this.saga = saga;
            this.stateType = stateType;
        }

        /** Events of an aggregate that start an instance. */
        @SafeVarargs
        public final Builder<E, S, C> startsOn(Aggregate<?, ?, ?> aggregate, Class<? extends E>... events) {
            return react(aggregate, List.of(events), true);
        }

        /** Further events of an aggregate. */
        @SafeVarargs
        public final Builder<E, S, C> reactsTo(Aggregate<?, ?, ?> aggregate, Class<? extends E>... events) {
            return react(aggregate, List.of(events), false);
        }

        /** Commands of an aggregate that it sends. */
        @SafeVarargs
        public final Builder<E, S, C> sends(Aggregate<?, ?, ?> aggregate, Class<? extends C>... types) {
            for (Class<? extends C> type : types) {
                String command = aggregate.commands().values().stream().filter(known -> known.type().equals(type))
                        .map(CommandType::name).findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("The saga '" + name + "' sends "
                                + type.getName() + ", which " + aggregate + " does not declare"));
                sends(aggregate.name(), command, type);
            }
            return this;
        }

        /** An event of an aggregate that is not on the class path, by its wire name. */
        public Builder<E, S, C> reactsTo(String aggregate, boolean starts, EventType<E> event) {
            Names.require("aggregate", aggregate);
            Reaction<E> reaction = new Reaction<>(aggregate, event, starts);
            if (reactions.putIfAbsent(reaction.wireName(), reaction) != null) {
                throw new IllegalArgumentException(
                        "The saga '" + name + "' declares the event '" + reaction.wireName() + "' twice");
            }
            return this;
        }

        /** A command of an aggregate that is not on the class path, by its wire name. */
        public Builder<E, S, C> sends(String aggregate, String command, Class<? extends C> type) {
            Names.require("aggregate", aggregate);
            if (commands.putIfAbsent(type, new Sent<>(aggregate, new CommandType<C>(command, type))) != null) {
                throw new IllegalArgumentException(
                        "The saga '" + name + "' declares " + type.getName() + " twice");
            }
            return this;
        }

        /** The name of a deadline that it sets. */
        public Builder<E, S, C> deadline(String deadline) {
            Names.require("deadline", deadline);
            if (!deadlines.add(deadline)) {
                throw new IllegalArgumentException(
                        "The saga '" + name + "' declares the deadline '" + deadline + "' twice");
            }
            return this;
        }

        /** See {@link SagaType#evolveVersion()}; 1 unless said. */
        public Builder<E, S, C> evolveVersion(int version) {
            this.evolveVersion = version;
            return this;
        }

        /**
         * The saga.
         *
         * @throws IllegalArgumentException if no event starts it
         */
        public SagaType<E, S, C> build() {
            if (reactions.values().stream().noneMatch(Reaction::starts)) {
                throw new IllegalArgumentException("The saga '" + name + "' declares no event that starts it");
            }
            return new SagaType<>(this);
        }

        private Builder<E, S, C> react(Aggregate<?, ?, ?> aggregate, List<Class<? extends E>> types, boolean starts) {
            for (Class<? extends E> type : types) {
                List<EventType<?>> known = new ArrayList<>(aggregate.events().values());
                EventType<?> event = known.stream().filter(one -> one.type().equals(type)).findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("The saga '" + name + "' reacts to "
                                + type.getName() + ", which " + aggregate + " does not declare"));
                reactsTo(aggregate.name(), starts,
                        new EventType<E>(event.name(), type, event.version(), event.upcasters()));
            }
            return this;
        }
    }
}
