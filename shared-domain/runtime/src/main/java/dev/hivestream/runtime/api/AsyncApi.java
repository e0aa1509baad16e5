package dev.hivestream.runtime.api;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.EventType;
import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Codec;
import dev.hivestream.runtime.message.EventCodec;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.saga.Received;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The description of the topics, as docs/messages.md has it, in AsyncAPI 3.0. */
public final class AsyncApi {

    private static final String KAFKA = "0.5.0";
    /** A letter, and what was done about one. */
    private static final List<String> DEAD_LETTERS = List.of("hive.dead-letter", "hive.resent", "hive.discarded");
    private static final List<String> OF_AN_INBOX = List.of(Received.RESULT, Received.DEADLINE, Received.PARKED,
            Received.RETRY, Received.SKIP, Received.END);

    private static final List<String> OF_A_HISTORY = List.of("hive.history");

    private final ObjectNode document;
    private final ObjectNode schemas;
    private final ObjectNode messages;
    private final JsonSchemas types;
    private final int partitions;

    private enum Action {
        receive, send
    }

    private AsyncApi(String version, int partitions) {
        this.document = Document.template("asyncapi.json", version);
        this.schemas = document.withObject("/components/schemas");
        this.messages = document.withObject("/components/messages");
        this.types = new JsonSchemas(schemas);
        this.partitions = partitions;
    }

    /**
     * The document of these aggregates and sagas, as JSON; the same for the same domain.
     *
     * @param partitions of each topic of commands, events and results, and of each inbox
     * @param version what is described, for {@code info.version}
     */
    public static byte[] of(Collection<? extends Aggregate<?, ?, ?>> aggregates,
            Collection<? extends SagaType<?, ?, ?>> sagas, int partitions, String version) {
        AsyncApi api = new AsyncApi(version, partitions);
        aggregates.stream().sorted(Comparator.comparing(Aggregate::name)).forEach(api::describe);
        sagas.stream().sorted(Comparator.comparing(SagaType::name)).forEach(api::describe);
        return Document.write(api.document);
    }

    private <C> void describe(Aggregate<C, ?, ?> aggregate) {
        String name = aggregate.name();
        Codec<C, ?> codec = new Codec<>(aggregate);
        List<String> commands = new ArrayList<>();
        for (String command : Document.sorted(aggregate.commands().keySet())) {
            String wireName = name + "." + command;
            commands.add(wireName);
            ObjectNode payload = types.define(wireName,
                    Objects.requireNonNull(aggregate.commands().get(command)).type(), JsonSchemas.Use.COMMAND);
            message(wireName, "command", payload,
                    example -> codec.readCommand(wireName, Json.TOLERANT.writeValueAsBytes(example)));
        }
        List<String> events = new ArrayList<>();
        for (String event : Document.sorted(aggregate.events().keySet())) {
            events.add(event(name, Objects.requireNonNull(aggregate.events().get(event))));
        }
        channel(Topics.commands(name), "Commands to " + name, commands, false);
        channel(Topics.events(name), "The events of " + name + ": the log", events, true);
        channel(Topics.results(name), "What became of each command to " + name, List.of(Received.RESULT), false);
        channel(Topics.deadLetters(name),
                "Commands to " + name + " that could not be decided, with the reason; as many partitions or more",
                DEAD_LETTERS, true);
        ObjectNode received = operation(Action.receive, Topics.commands(name), "Decides commands to " + name, commands);
        ObjectNode reply = received.putObject("reply");
        reply.putObject("channel").put("$ref", channelOf(Topics.results(name)));
        reply.set("messages", references(Topics.results(name), List.of(Received.RESULT)));
        operation(Action.send, Topics.events(name), "Appends the events of " + name, events);
        operation(Action.send, Topics.results(name), "Says what became of commands to " + name,
                List.of(Received.RESULT));
        operation(Action.send, Topics.deadLetters(name), "Puts away what could not be decided",
                DEAD_LETTERS);
    }

    private void describe(SagaType<?, ?, ?> saga) {
        String name = saga.name();
        List<String> inbox = Stream.concat(
                saga.reactions().values().stream().map(reaction -> event(reaction.aggregate(), reaction.event())),
                OF_AN_INBOX.stream()).toList();
        channel(Topics.inbox(name), "What comes to the instances of the saga " + name + ", by saga id", inbox, true);
        channel(Topics.history(name), "What each message did to the instances of " + name + ", by saga id: the log",
                OF_A_HISTORY, true);
        channel(Topics.inboxDeadLetters(name), "What could not be read or correlated, with the reason",
                DEAD_LETTERS, true);
        operation(Action.send, Topics.inbox(name), "Puts what an instance of " + name + " waits for into its inbox",
                inbox);
        operation(Action.receive, Topics.inbox(name), "Reacts to what came to an instance of " + name, inbox);
        operation(Action.send, Topics.history(name), "Records what messages to " + name + " did", OF_A_HISTORY);
        operation(Action.send, Topics.inboxDeadLetters(name), "Puts away what could not be read or correlated",
                DEAD_LETTERS);
    }

    private String event(String aggregate, EventType<?> type) {
        String wireName = aggregate + "." + type.name();
        if (!messages.has(wireName)) {
            EventCodec<?> codec = new EventCodec<>(wireName, Map.of(wireName, type));
            ObjectNode payload = types.define(wireName, type.type(), JsonSchemas.Use.EVENT);
            ObjectNode message = message(wireName, "event", payload,
                    example -> codec.read(wireName, type.version(), Json.TOLERANT.writeValueAsBytes(example)));
            if (type.version() > 1) {
                message.put("description",
                        "The payload is that of version " + type.version()
                                + ", which is written now; the log may have older ones, and `"
                                + Header.DATA_VERSION + "` says which.");
            }
        }
        return wireName;
    }

    private ObjectNode message(String wireName, String kind, ObjectNode payload, Reader reader) {
        ObjectNode message = messages.putObject(wireName).put("name", wireName).put("title", wireName);
        message.putArray("traits").addObject().put("$ref", "#/components/messageTraits/" + kind);
        ArrayNode headers = message.putObject("headers").putArray("allOf");
        headers.add(JsonSchemas.reference(kind + "Headers"));
        headers.addObject().putObject("properties").putObject(Header.TYPE).put("const", wireName);
        message.set("payload", payload);
        JsonNode example = Examples.of(payload, schemas);
        if (example != null && taken(reader, example)) {
            message.putArray("examples").addObject().set("payload", example);
        }
        return message;
    }

    private interface Reader {
        Object read(JsonNode example) throws Malformed;
    }

    /** A rule in the record may refuse what its schema allows: then there is no example. */
    private static boolean taken(Reader reader, JsonNode example) {
        try {
            reader.read(example);
            return true;
        } catch (Malformed e) {
            return false;
        }
    }

    private void channel(String topic, String description, List<String> names, boolean kept) {
        ObjectNode channel = document.withObject("/channels").putObject(topic).put("address", topic)
                .put("description", description);
        ObjectNode of = channel.putObject("messages");
        names.forEach(name -> of.putObject(name).put("$ref", "#/components/messages/" + name));
        ObjectNode kafka = channel.putObject("bindings").putObject("kafka").put("topic", topic)
                .put("partitions", partitions);
        if (kept) {
            ObjectNode configuration = kafka.putObject("topicConfiguration");
            configuration.putArray("cleanup.policy").add("delete");
            configuration.put("retention.ms", -1).put("retention.bytes", -1);
        }
        kafka.put("bindingVersion", KAFKA);
    }

    private ObjectNode operation(Action action, String topic, String summary, List<String> names) {
        ObjectNode operation = document.withObject("/operations").putObject(topic + "." + action)
                .put("action", action.name());
        operation.putObject("channel").put("$ref", channelOf(topic));
        operation.put("summary", summary).set("messages", references(topic, names));
        return operation;
    }

    private ArrayNode references(String topic, List<String> names) {
        ArrayNode references = Json.TOLERANT.createArrayNode();
        names.forEach(name -> references.addObject().put("$ref", channelOf(topic) + "/messages/" + name));
        return references;
    }

    private static String channelOf(String topic) {
        return "#/channels/" + topic;
    }
}
