package dev.hivestream.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An aggregate type as the runtime needs it: its name, its decider, and the wire names of its commands and events.
 * Immutable; made with {@link #named}.
 *
 * <pre>{@code
 * Aggregate<ContentCommand, Content, ContentEvent> content = Aggregate
 *         .named("content", new ContentDecider(), Content.class)
 *         .command("create", CreateContent.class)
 *         .event("created", ContentCreated.class)
 *         .build();
 * }</pre>
 *
 * @param <C> commands
 * @param <S> state
 * @param <E> events
 */
public final class Aggregate<C, S, E> {

    private final String name;
    private final Decider<C, S, E> decider;
    private final Class<S> stateType;
    private final int evolveVersion;
    private final Map<String, CommandType<C>> commands;
    private final Map<String, EventType<E>> events;

    private Aggregate(Builder<C, S, E> builder) {
        this.name = builder.name;
        this.decider = builder.decider;
        this.stateType = builder.stateType;
        this.evolveVersion = builder.evolveVersion;
        this.commands = Map.copyOf(builder.commands);
        this.events = Map.copyOf(builder.events);
    }

    /** Begins an aggregate; {@code name} is lower-case words joined by hyphens and names topics, keys and URLs. */
    public static <C, S, E> Builder<C, S, E> named(String name, Decider<C, S, E> decider, Class<S> stateType) {
        return new Builder<>(name, decider, stateType);
    }

    /** The aggregate type's name: {@code content}. */
    public String name() {
        return name;
    }

    public Decider<C, S, E> decider() {
        return decider;
    }

    public Class<S> stateType() {
        return stateType;
    }

    /** Raised by the author when {@code evolve} changes its meaning: snapshots of another version are not read. */
    public int evolveVersion() {
        return evolveVersion;
    }

    /** By name, without the aggregate's: {@code create}. */
    public Map<String, CommandType<C>> commands() {
        return commands;
    }

    /** By name, without the aggregate's: {@code created}. */
    public Map<String, EventType<E>> events() {
        return events;
    }

    @Override
    public String toString() {
        return "aggregate " + name;
    }

    /** Collects the wire names of an aggregate. Not thread-safe. */
    public static final class Builder<C, S, E> {

        private final String name;
        private final Decider<C, S, E> decider;
        private final Class<S> stateType;
        private final Map<String, CommandType<C>> commands = new LinkedHashMap<>();
        private final Map<String, EventType<E>> events = new LinkedHashMap<>();
        private int evolveVersion = 1;

        private Builder(String name, Decider<C, S, E> decider, Class<S> stateType) {
            Names.require("aggregate", name);
            if (name.equals("results")) {
                throw new IllegalArgumentException(
                        "An aggregate cannot be named 'results': that is where the results of commands are found");
            }
            this.name = name;
            this.decider = decider;
            this.stateType = stateType;
        }

        /** A command's wire name and class. */
        public Builder<C, S, E> command(String commandName, Class<? extends C> type) {
            put(commands, commandName, new CommandType<>(commandName, type));
            return this;
        }

        /** An event's wire name and class; its payload is of version {@code upcasters.length + 1}. */
        public Builder<C, S, E> event(String eventName, Class<? extends E> type, Upcaster... upcasters) {
            put(events, eventName, new EventType<>(eventName, type, upcasters.length + 1, List.of(upcasters)));
            return this;
        }

        /** See {@link Aggregate#evolveVersion()}; 1 unless said. */
        public Builder<C, S, E> evolveVersion(int version) {
            this.evolveVersion = version;
            return this;
        }

        /**
         * The aggregate.
         *
         * @throws IllegalArgumentException if it has no command or no event, or if a class stands under two names
         */
        public Aggregate<C, S, E> build() {
            if (commands.isEmpty() || events.isEmpty()) {
                throw new IllegalArgumentException(
                        "The aggregate '" + name + "' declares no " + (commands.isEmpty() ? "command" : "event"));
            }
            distinct(new ArrayList<>(commands.values().stream().map(CommandType::type).toList()));
            distinct(new ArrayList<>(events.values().stream().map(EventType::type).toList()));
            return new Aggregate<>(this);
        }

        private void distinct(List<Class<?>> types) {
            types.stream().distinct().toList().forEach(types::remove);
            if (!types.isEmpty()) {
                throw new IllegalArgumentException(
                        "The aggregate '" + name + "' declares " + types.getFirst().getName() + " under two names");
            }
        }

        private <T> void put(Map<String, T> types, String typeName, T type) {
            if (commands.containsKey(typeName) || events.containsKey(typeName)) {
                throw new IllegalArgumentException(
                        "The aggregate '" + name + "' declares the name '" + typeName + "' twice");
            }
            types.put(typeName, type);
        }
    }
}
