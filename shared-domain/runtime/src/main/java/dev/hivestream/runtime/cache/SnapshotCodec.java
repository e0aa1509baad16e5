package dev.hivestream.runtime.cache;

import dev.hivestream.model.Aggregate;
import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.domain.DomainException;
import dev.hivestream.runtime.message.Json;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.Base64Variants;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.node.ObjectNode;

/**
 * Snapshots as JSON that others can read: {@code {"version":7,"state":{…},"commands":"<Base64>","blocks":[32,300]}}, and
 * {@code {"version":7,"poison":"why"}}; of a state that has come to its end, {@code {"version":7,"ended":"how","at":…}}.
 * Described in docs/formats.md. Thread-safe.
 *
 * @param <S> the aggregate's state
 */
public final class SnapshotCodec<S> {

    private static final byte[] VERSION = JsonBytes.ascii("{\"version\":");
    private static final byte[] STATE = JsonBytes.ascii(",\"state\":");
    private static final byte[] POISON = JsonBytes.ascii(",\"poison\":");
    private static final byte[] ENDED = JsonBytes.ascii(",\"ended\":");
    private static final byte[] AT = JsonBytes.ascii(",\"at\":");
    /** Around what is in a snapshot: names, numbers. */
    private static final int ROOM = 96;
    private static final byte[] NOTHING = {};

    private final String of;
    private final Supplier<S> initial;
    private final ObjectReader reader;
    private final ObjectWriter writer;
    private final Ends<S> ends;

    /**
     * What is left in the cache of a state that has come to its end.
     *
     * @param ended how
     * @param at when, in milliseconds
     */
    public record Tombstone(String ended, long at) {}

    /** Tells which states have come to their end: of these only a {@link Tombstone} is stored. */
    public interface Ends<S> {

        /** Null of a state that has not. */
        @Nullable
        Tombstone of(S state);

        /** A state of which nothing but its end is known. */
        S state(Tombstone tombstone);
    }

    /** No state comes to an end. */
    private static final class Never<S> implements Ends<S> {
        @Override
        public @Nullable Tombstone of(S state) {
            return null;
        }

        @Override
        public S state(Tombstone tombstone) {
            throw new IllegalArgumentException("a state that has no end has ended");
        }
    }

    public SnapshotCodec(Aggregate<?, S, ?> aggregate) {
        this(aggregate.toString(), aggregate.decider()::initialState,
                Json.TOLERANT.constructType(aggregate.stateType()));
    }

    /**
     * Of any state.
     *
     * @param of what messages call it
     * @param initial the state before the first record
     */
    public SnapshotCodec(String of, Supplier<S> initial, JavaType state) {
        this(of, initial, state, new Never<>());
    }

    /** As {@link #SnapshotCodec(String, Supplier, JavaType)}, of states that come to an end. */
    public SnapshotCodec(String of, Supplier<S> initial, JavaType state, Ends<S> ends) {
        this.ends = ends;
        this.of = of;
        this.initial = initial;
        this.reader = Json.UNIQUE_NAMES.readerFor(state).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        this.writer = Json.TOLERANT.writerFor(state);
    }

    /** The state alone, as clients see it. */
    public byte[] writeState(S state) {
        return writer.writeValueAsBytes(state);
    }

    /**
     * The stored form. Once it is stored, tell the snapshot: {@link Snapshot#stored()}.
     *
     * @throws tools.jackson.core.JacksonException if the domain's state cannot be written
     */
    public StoredSnapshot write(Snapshot<S> snapshot) {
        String poison = snapshot.poison();
        if (poison != null) {
            byte[] reason = Json.TOLERANT.writeValueAsBytes(poison);
            return StoredSnapshot.of(new JsonBytes(ROOM + reason.length).add(VERSION).add(snapshot.version())
                    .add(POISON).add(reason).add('}').toByteArray());
        }
        RecentCommands commands = snapshot.commands();
        Tombstone tombstone = ends.of(snapshot.state());
        if (tombstone != null) {
            byte[] ended = Json.TOLERANT.writeValueAsBytes(tombstone.ended);
            return new StoredSnapshot(new JsonBytes(ROOM).add(VERSION).add(snapshot.version()).add(ENDED).add(ended)
                    .add(AT).add(tombstone.at).add('}').toByteArray(), NOTHING);
        }
        return new StoredSnapshot(write(snapshot, commands), commands.block());
    }

    private byte[] write(Snapshot<S> snapshot, RecentCommands commands) {
        byte[] state = writer.writeValueAsBytes(snapshot.state());
        // by hand: a snapshot is written whenever its aggregate changes
        JsonBytes json = new JsonBytes(ROOM + state.length + commands.bytesInSnapshot());
        json.add(VERSION).add(snapshot.version()).add(STATE).add(state);
        commands.write(json);
        return json.add('}').toByteArray();
    }

    /**
     * Whether a snapshot is stored like that, byte for byte, however its commands are divided between snapshot and block.
     *
     * @param remembered how many commands count, the newest
     */
    public boolean isStored(Snapshot<S> snapshot, StoredSnapshot stored, int remembered) {
        if (snapshot.poison() != null || ends.of(snapshot.state()) != null) {
            return Arrays.equals(write(snapshot).json(), stored.json());
        }
        RecentCommands found;
        try {
            found = parse(stored, remembered, false).commands;
        } catch (JacksonException | IllegalArgumentException e) {
            return false;
        }
        RecentCommands divided = snapshot.commands().copy();
        divided.storedAs(found);
        return found.areSame(divided) && Arrays.equals(write(snapshot, divided), stored.json());
    }

    /**
     * A stored snapshot as a tree in which people find each command, instead of {@code commands} and {@code blocks}.
     *
     * @param remembered how many commands count, the newest
     * @throws Unreadable if it is something else
     */
    public ObjectNode describe(String id, StoredSnapshot stored, int remembered) {
        try {
            ObjectNode tree = (ObjectNode) Json.TOLERANT.readTree(stored.json());
            RecentCommands commands = parse(stored, remembered, false).commands;
            tree.remove(List.of("commands", "blocks"));
            if (!tree.has("poison") && !tree.has("ended")) {
                commands.describe(tree.putObject("commands"));
            }
            return tree;
        } catch (JacksonException | IllegalArgumentException | ClassCastException e) {
            throw unreadable(id, e);
        }
    }

    /** A snapshot or a checkpoint that another program changed. Its generation must not be used any longer. */
    public static final class Unreadable extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final @Nullable String id;

        public Unreadable(String message, @Nullable Throwable cause) {
            this(message, cause, null);
        }

        private Unreadable(String message, @Nullable Throwable cause, @Nullable String id) {
            super(message, cause);
            this.id = id;
        }

        /** Of the aggregate, if it was a snapshot. */
        public @Nullable String id() {
            return id;
        }
    }

    /** As {@link #read(String, StoredSnapshot, int)}, with all commands that are stored. */
    public Snapshot<S> read(String id, @Nullable StoredSnapshot stored) {
        return read(id, stored, Integer.MAX_VALUE);
    }

    /**
     * Reads what {@link #write} wrote; null is an aggregate without events.
     *
     * @param remembered how many commands it remembers, the newest: more of them may be stored
     * @throws Unreadable if it is something else, or if the block that it names is missing or another
     */
    public Snapshot<S> read(String id, @Nullable StoredSnapshot stored, int remembered) {
        if (stored == null) {
            return Snapshot.initial(initial.get());
        }
        try {
            Parsed<S> parsed = parse(stored, remembered, true);
            S state = parsed.tombstone != null
                    ? ends.state(parsed.tombstone)
                    : parsed.poison == null ? parsed.state : initial.get();
            if (state == null) {
                throw new IllegalArgumentException("'state' is missing");
            }
            return new Snapshot<>(parsed.version, state, parsed.commands, parsed.poison);
        } catch (Throwable e) {
            // the constructors of the domain's state throw anything
            throw unreadable(id, e);
        }
    }

    private Unreadable unreadable(String id, Throwable cause) {
        RuntimeException fault = DomainFault.of(cause);
        String why = DomainException.text(
                cause instanceof JacksonException json ? json::getOriginalMessage : cause::getMessage,
                fault.toString());
        return new Unreadable("The snapshot of " + of + " '" + id + "' cannot be read: " + why, fault, id);
    }

    private record Parsed<S>(long version, @Nullable S state, RecentCommands commands, @Nullable String poison,
            @Nullable Tombstone tombstone) {}

    /** @param withState false passes the state over */
    private Parsed<S> parse(StoredSnapshot stored, int remembered, boolean withState) {
        long version = 0;
        S state = null;
        String poison = null;
        String ended = null;
        long at = 0;
        byte[] commands = NOTHING;
        int count = 0;
        long last = 0;
        try (JsonParser json = Json.UNIQUE_NAMES.createParser(stored.json())) {
            json.nextToken();
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                switch (name) {
                    case "version" -> version = json.getLongValue();
                    case "state" -> {
                        if (withState) {
                            state = reader.readValue(json);
                        } else {
                            json.skipChildren();
                        }
                    }
                    case "poison" -> {
                        require(value == JsonToken.VALUE_STRING, "poison");
                        poison = json.getString();
                    }
                    case "ended" -> {
                        require(value == JsonToken.VALUE_STRING, "ended");
                        ended = json.getString();
                    }
                    case "at" -> at = json.getLongValue();
                    case "commands" -> {
                        require(value == JsonToken.VALUE_STRING, "commands");
                        commands = json.getBinaryValue(Base64Variants.MODIFIED_FOR_URL);
                    }
                    case "blocks" -> {
                        require(value == JsonToken.START_ARRAY, "blocks");
                        count = json.nextIntValue(0);
                        last = json.nextLongValue(0);
                        require(count > 0 && json.nextToken() == JsonToken.END_ARRAY, "blocks");
                    }
                    default -> json.skipChildren();
                }
            }
        }
        require(version > 0 || version == 0 && poison != null, "version");
        return new Parsed<>(version, state, poison == null
                ? RecentCommands.read(commands, stored.block(), count, last, version, remembered)
                : new RecentCommands(), poison, ended == null ? null : new Tombstone(ended, at));
    }

    private static void require(boolean condition, String member) {
        if (!condition) {
            throw new IllegalArgumentException("'" + member + "' is missing or invalid");
        }
    }
}
