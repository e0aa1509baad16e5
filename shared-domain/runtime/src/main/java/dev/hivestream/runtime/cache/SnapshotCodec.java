package dev.hivestream.runtime.cache;

import dev.hivestream.model.Aggregate;
import dev.hivestream.runtime.message.Json;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;

/**
 * Snapshots as JSON that others can read:
 * {@code {"version":7,"state":{…},"commands":{"<hash of the id>":[7,7]},"poison":"why"}}. Thread-safe.
 *
 * @param <S> the aggregate's state
 */
public final class SnapshotCodec<S> {

    private static final byte[] VERSION = ascii("{\"version\":");
    private static final byte[] STATE = ascii(",\"state\":");
    private static final byte[] COMMANDS = ascii(",\"commands\":{");
    private static final byte[] POISON = ascii(",\"poison\":");

    private final String of;
    private final Supplier<S> initial;
    private final ObjectReader reader;
    private final ObjectWriter writer;

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
        this.of = of;
        this.initial = initial;
        this.reader = Json.UNIQUE_NAMES.readerFor(state).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        this.writer = Json.TOLERANT.writerFor(state);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The state alone, as clients see it. */
    public byte[] writeState(S state) {
        return writer.writeValueAsBytes(state);
    }

    /**
     * The stored form.
     *
     * @throws tools.jackson.core.JacksonException if the domain's state cannot be written
     */
    public byte[] write(Snapshot<S> snapshot) {
        byte[] state = writer.writeValueAsBytes(snapshot.state());
        Remembered commands = snapshot.commands();
        // by hand, for an aggregate may remember hundreds of commands and is written with each one
        JsonBytes json = new JsonBytes(64 + state.length + commands.size() * Remembered.TYPICAL_BYTES);
        json.add(VERSION).add(snapshot.version()).add(STATE).add(state).add(COMMANDS);
        commands.write(json);
        json.add('}');
        if (snapshot.poison() != null) {
            json.add(POISON).add(Json.TOLERANT.writeValueAsBytes(snapshot.poison()));
        }
        return json.add('}').toByteArray();
    }

    /** A snapshot or a checkpoint that was changed behind our back. Its generation is good for nothing more. */
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

    /**
     * Reads what {@link #write} wrote; null is an aggregate without events.
     *
     * @throws Unreadable if it is something else
     */
    public Snapshot<S> read(String id, byte @Nullable [] stored) {
        if (stored == null) {
            return Snapshot.initial(initial.get());
        }
        try {
            return parse(id, stored);
        } catch (JacksonException | IllegalArgumentException e) {
            throw new Unreadable("The snapshot of " + of + " '" + id + "' is not one", e, id);
        }
    }

    private Snapshot<S> parse(String id, byte[] stored) {
        long version = 0;
        S state = null;
        String poison = null;
        Remembered commands = new Remembered();
        try (JsonParser json = Json.UNIQUE_NAMES.createParser(stored)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "version" -> version = json.getLongValue();
                    case "state" -> state = reader.readValue(json);
                    case "poison" -> poison = json.getString();
                    case "commands" -> {
                        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                            String hash = json.currentName();
                            json.nextToken();
                            long first = json.nextLongValue(0);
                            long last = json.nextLongValue(0);
                            json.nextToken();
                            commands.read(hash, first, last);
                        }
                    }
                    default -> json.skipChildren();
                }
            }
        }
        if (version < 1 && poison == null || state == null) {
            throw new Unreadable("The snapshot of " + of + " '" + id + "' has no version or no state", null, id);
        }
        return new Snapshot<>(version, state, commands, poison);
    }
}
