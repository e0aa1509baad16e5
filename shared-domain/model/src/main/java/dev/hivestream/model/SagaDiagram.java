package dev.hivestream.model;

import dev.hivestream.model.SagaType.Reaction;
import dev.hivestream.model.SagaType.Sent;
import java.util.LinkedHashSet;
import java.util.Set;

/** A saga's declaration as a Mermaid flowchart: the events that come in, the commands that go out, the deadlines. */
public final class SagaDiagram {

    private SagaDiagram() {}

    /**
     * The flowchart, each line ended by a line feed. The same declaration gives the same text. Events that start an instance
     * are thick arrows, other events and commands are thin ones, deadlines are dotted loops.
     */
    public static String of(SagaType<?, ?, ?> type) {
        Set<String> sources = new LinkedHashSet<>();
        type.reactions().values().forEach(reaction -> sources.add(reaction.aggregate()));
        StringBuilder diagram = new StringBuilder("flowchart LR\n");
        sources.forEach(aggregate -> node(diagram, aggregate));
        diagram.append("    saga([\"").append(type.name()).append("\"])\n");
        type.aggregates().stream().filter(aggregate -> !sources.contains(aggregate))
                .forEach(aggregate -> node(diagram, aggregate));
        for (Reaction<?> reaction : type.reactions().values()) {
            edge(diagram, id(reaction.aggregate()), reaction.starts() ? "==>" : "-->", reaction.event().name(), "saga");
        }
        for (Sent<?> sent : type.commands().values()) {
            edge(diagram, "saga", "-->", sent.command().name(), id(sent.aggregate()));
        }
        type.deadlines().forEach(deadline -> edge(diagram, "saga", "-.->", deadline, "saga"));
        return diagram.toString();
    }

    private static void node(StringBuilder diagram, String aggregate) {
        diagram.append("    ").append(id(aggregate)).append("[\"").append(aggregate).append("\"]\n");
    }

    private static void edge(StringBuilder diagram, String from, String arrow, String label, String to) {
        diagram.append("    ").append(from).append(' ').append(arrow).append("|\"").append(label).append("\"| ")
                .append(to).append('\n');
    }

    /** Neither a word nor a form that means something to Mermaid; names have no underscore, so ids stay distinct. */
    private static String id(String aggregate) {
        return "aggregate_" + aggregate.replace('-', '_');
    }
}
