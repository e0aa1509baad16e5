package dev.hivestream.runtime.letter;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.saga.ServedSaga;
import org.jspecify.annotations.Nullable;

/**
 * The dead letters of an aggregate or a saga.
 *
 * @param topic that they are in
 * @param input the topic that they are sent to again
 * @param transactionalId of whoever is at them: a second one takes it from the first, so that one person acts at a time
 * @param router the saga, whose letters may be events that could not be put into its inbox; null of an aggregate
 */
record Letterbox(String name, String topic, String input, String transactionalId,
        @Nullable ServedSaga<?, ?, ?> router) {

    static Letterbox of(Folded<?, ?> folded) {
        String name = folded.name();
        return folded instanceof ServedSaga<?, ?, ?> saga
                ? new Letterbox(name, Topics.inboxDeadLetters(name), folded.input(), "saga-manager-letters." + name,
                        saga)
                : new Letterbox(name, Topics.deadLetters(name), folded.input(), "command-processor-letters." + name,
                        null);
    }
}
