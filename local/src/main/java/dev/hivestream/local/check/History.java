package dev.hivestream.local.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** What clients sent and what they heard. Thread-safe. */
public final class History {

    /** How a command ended, as its sender was told. */
    public enum Outcome {
        /** Its events, if it has any, are committed. */
        ACCEPTED,
        /** It has no events, and never will. */
        REJECTED
    }

    /**
     * A definite answer.
     *
     * @param firstVersion of the first event; null if there are no events
     * @param version of the aggregate after the command; null if it was not said
     */
    public record Answer(String commandId, String aggregate, String id, Outcome outcome, @Nullable Long firstVersion,
            @Nullable Long version) {}

    private final Set<String> sent = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();

    /** To be told before the command goes out. */
    public void sent(String commandId) {
        sent.add(commandId);
    }

    /** To be told at each definite answer, to a repeat too. */
    public void answered(Answer answer) {
        sent.add(answer.commandId());
        answers.add(answer);
    }

    /** The ids of all commands that went out. */
    public Set<String> sent() {
        return Set.copyOf(sent);
    }

    /** All definite answers. */
    public List<Answer> answers() {
        return new ArrayList<>(answers);
    }
}
