package dev.hivestream.runtime.message;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.CommandType;
import dev.hivestream.model.EventType;
import dev.hivestream.runtime.domain.DomainException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.exc.InvalidNullException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.exc.ValueInstantiationException;

/**
 * Reads and writes one aggregate's commands and events by their wire names. Thread-safe.
 *
 * @param <C> commands
 * @param <E> events
 */
public final class Codec<C, E> {

    private static final Pattern ADVICE = Pattern
            .compile(
                    "( \\(start marker at|[:;,]? \\(?enable `|[:;,]? maybe a \\(non-standard\\)| \\(not recognized as).*");

    private final String aggregate;
    private final String prefix;
    private final Map<String, ObjectReader> commands = new HashMap<>();
    private final EventCodec<E> events;
    private final Map<Class<?>, EventWriter> writers = new HashMap<>();

    public Codec(Aggregate<C, ?, E> aggregate) {
        this.aggregate = aggregate.name();
        this.prefix = aggregate.name() + ".";
        for (CommandType<C> command : aggregate.commands().values()) {
            commands.put(prefix + command.name(), Json.STRICT.readerFor(command.type()));
        }
        Map<String, EventType<E>> types = new HashMap<>();
        for (EventType<E> event : aggregate.events().values()) {
            types.put(prefix + event.name(), event);
            writers.put(event.type(), new EventWriter(prefix + event.name(), event.version(),
                    new RecordHeader(Header.TYPE, Outgoing.utf8(prefix + event.name())),
                    new RecordHeader(Header.DATA_VERSION, Outgoing.utf8(Integer.toString(event.version()))),
                    Json.TOLERANT.writerFor(event.type())));
        }
        events = new EventCodec<>("the aggregate '" + this.aggregate + "'", types);
    }

    /** Whether {@code name}, without the aggregate's, names a command. */
    public boolean knowsCommand(String name) {
        return commands.containsKey(prefix + name);
    }

    /**
     * Reads a command.
     *
     * @param type the wire name, {@code content.create}
     * @throws Malformed if the type is no command of the aggregate or the payload is not one of it
     */
    @SuppressWarnings("unchecked")
    public C readCommand(String type, byte @Nullable [] payload) throws Malformed {
        ObjectReader reader = commands.get(type);
        if (reader == null) {
            throw new Malformed(events.knows(type)
                    ? "'" + type + "' is an event; only commands are taken here"
                    : "'" + type + "' is no command of the aggregate '" + aggregate + "'");
        }
        if (payload == null || payload.length == 0) {
            throw new Malformed("The command has no body; a JSON object is wanted, {} if it has no fields");
        }
        try {
            C command = (C) reader.readValue(payload);
            if (command == null) {
                throw new Malformed("The command's body is null; a JSON object is wanted");
            }
            return command;
        } catch (JacksonException e) {
            throw new Malformed(explain(e), DomainException.of(e));
        }
    }

    /**
     * Reads an event, upcast to its newest version.
     *
     * @throws Malformed if the type or the version is not known here, or the payload is not one of it
     */
    public E readEvent(String type, int version, byte @Nullable [] payload) throws Malformed {
        return events.read(type, version, payload);
    }

    /**
     * Writes an event.
     *
     * @throws IllegalArgumentException if its class is not declared by the aggregate
     */
    public Encoded writeEvent(E event) {
        EventWriter writer = writers.get(event.getClass());
        if (writer == null) {
            throw new IllegalArgumentException(
                    event.getClass().getName() + " is not declared as an event of the aggregate '" + aggregate + "'");
        }
        return new Encoded(writer, writer.writer.writeValueAsBytes(event));
    }

    /** An event as bytes. */
    public static final class Encoded {

        private final EventWriter of;
        private final byte[] payload;

        private Encoded(EventWriter of, byte[] payload) {
            this.of = of;
            this.payload = payload;
        }

        /** Its wire name. */
        public String type() {
            return of.type;
        }

        /** The version of its payload. */
        public int version() {
            return of.version;
        }

        public byte[] payload() {
            return payload;
        }

        /** Puts type, version and payload into a record. */
        public Outgoing into(Outgoing record) {
            return record.with(of.typeHeader).with(of.versionHeader).payload(payload);
        }
    }

    /** What is wrong with a text, in words that name the field and no class. */
    static String explain(JacksonException e) {
        // it may be a class of the domain
        return DomainException.text(() -> explained(e), "not the JSON object that is wanted");
    }

    private static String explained(JacksonException e) {
        String where = path(e);
        return switch (e) {
            case InputCoercionException range ->
                (where.isEmpty() ? "a number" : "the number in the field '" + where + "'")
                        + " is out of range" + place(range);
            case BoundedNumbers.OutOfBounds _ ->
                (where.isEmpty() ? "a number" : "the number in the field '" + where + "'")
                        + " is out of range: its exponent must be between -" + BoundedNumbers.SCALE + " and "
                        + BoundedNumbers.SCALE;
            case StreamReadException parse ->
                "not JSON (UTF-8): " + firstLine(parse.getOriginalMessage()) + place(parse);
            case UnrecognizedPropertyException unknown ->
                "unknown field '" + (where.isEmpty() ? unknown.getPropertyName() : where) + "'";
            case InvalidNullException missing -> "the field '" + where + "' must not be null";
            case ValueInstantiationException refused when refused.getCause() instanceof IllegalArgumentException rule ->
                "not valid" + (where.isEmpty() ? "" : " at '" + where + "'")
                        + DomainException.text(() -> ": " + rule.getMessage(), "");
            case MismatchedInputException mismatch when mismatch.getOriginalMessage().startsWith("Missing required") ->
                "the field '" + where + "' is missing";
            case DatabindException other -> where.isEmpty()
                    ? "not the JSON object that is wanted"
                    : "the field '" + where + "' has a value of the wrong type";
            default -> "not the JSON object that is wanted";
        };
    }

    private static String path(JacksonException e) {
        StringBuilder path = new StringBuilder();
        for (JacksonException.Reference step : e.getPath()) {
            if (step.getPropertyName() != null) {
                path.append(path.isEmpty() ? "" : ".").append(step.getPropertyName());
            } else {
                path.append('[').append(step.getIndex()).append(']');
            }
        }
        return path.toString();
    }

    private static String place(StreamReadException e) {
        return e.getLocation() == null
                ? ""
                : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
    }

    /** Without the parser's advice to its programmer, and without where it began, in a source that has no name. */
    private static String firstLine(String text) {
        return ADVICE.matcher(text.lines().findFirst().orElse("")).replaceFirst("")
                .replaceFirst(" \\(start marker at \\[.*]\\)", "");
    }

    private record EventWriter(String type, int version, RecordHeader typeHeader, RecordHeader versionHeader,
            ObjectWriter writer) {}
}
