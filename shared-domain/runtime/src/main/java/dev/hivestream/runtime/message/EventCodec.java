package dev.hivestream.runtime.message;

import dev.hivestream.model.EventType;
import dev.hivestream.model.Upcaster;
import dev.hivestream.runtime.domain.DomainException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;

/**
 * Reads events by their wire names. Thread-safe.
 *
 * @param <E> events
 */
public final class EventCodec<E> {

    private final String owner;
    private final Map<String, Reader> readers = new HashMap<>();

    /**
     * Of these events.
     *
     * @param owner what messages call the one that declares them
     * @param events by wire name
     */
    public EventCodec(String owner, Map<String, ? extends EventType<?>> events) {
        this.owner = owner;
        events.forEach((name, event) -> readers.put(name, new Reader(event, Json.TOLERANT.readerFor(event.type()))));
    }

    /** Whether there is such an event. */
    public boolean knows(String type) {
        return readers.containsKey(type);
    }

    /**
     * Reads an event, upcast to its newest version.
     *
     * @throws Malformed if the type or the version is not known here, or the payload is not one of it
     */
    @SuppressWarnings("unchecked")
    public E read(String type, int version, byte @Nullable [] payload) throws Malformed {
        Reader reader = readers.get(type);
        if (reader == null) {
            throw new Malformed("'" + type + "' is no event of " + owner);
        }
        if (version < 1 || version > reader.type.version()) {
            throw new Malformed("'" + type + "' is of payload version " + version + "; versions 1 to "
                    + reader.type.version() + " can be read");
        }
        if (payload == null) {
            throw new Malformed("'" + type + "' has no payload");
        }
        try {
            E event = version == reader.type.version()
                    ? (E) reader.reader.readValue(payload)
                    : upcast(reader, version, payload);
            if (event == null) {
                throw new Malformed("The payload of '" + type + "' is null");
            }
            return event;
        } catch (JacksonException e) {
            throw new Malformed("The payload of '" + type + "' cannot be read: " + Codec.explain(e),
                    DomainException.of(e));
        }
    }

    @SuppressWarnings("unchecked")
    private E upcast(Reader reader, int version, byte[] payload) throws Malformed {
        Map<String, @Nullable Object> tree = Json.TOLERANT.readerForMapOf(Object.class).readValue(payload);
        if (tree == null) {
            throw new Malformed("The payload of '" + reader.type.name() + "' is null");
        }
        try {
            for (Upcaster upcaster : reader.type.upcasters().subList(version - 1, reader.type.upcasters().size())) {
                tree = upcaster.upcast(tree);
            }
        } catch (RuntimeException e) {
            DomainException fault = DomainException.of(e);
            throw new Malformed("The payload of '" + reader.type.name() + "' cannot be upcast from version " + version
                    + ": " + fault, fault);
        }
        return (E) reader.reader.readValue(Json.TOLERANT.writeValueAsBytes(tree));
    }

    private record Reader(EventType<?> type, ObjectReader reader) {}
}
