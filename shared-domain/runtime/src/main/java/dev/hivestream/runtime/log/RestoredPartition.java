package dev.hivestream.runtime.log;

import dev.hivestream.runtime.cache.Checkpoint;
import org.jspecify.annotations.Nullable;

/**
 * A partition whose snapshots reflect its log.
 *
 * @param commandsTopicId Kafka's id of the topic that is consumed: commands, or an inbox
 * @param fingerprint of its snapshots
 * @param generation that is restored and active
 * @param checkpoint that is expected in Redis
 * @param resume where the consumer goes on, if the log says that; null if the group's offset does
 */
public record RestoredPartition(String commandsTopicId, String fingerprint, String generation, Checkpoint checkpoint,
        @Nullable Resume resume) {

    /**
     * Where the consumer of an inbox goes on.
     *
     * @param next the offset that is handled next
     * @param epoch leader epoch of the message before it, by which the consumer notices that the inbox was truncated;
     *     negative if it is not known
     * @param past the messages before this offset were handled by a version that wrote no history; they are recorded, and
     *     nothing is sent for them
     * @param isCommitted whether the group has an offset
     */
    public record Resume(long next, int epoch, long past, boolean isCommitted) {}

    /** A partition whose consumer goes on where its group says. */
    public RestoredPartition(String commandsTopicId, String fingerprint, String generation, Checkpoint checkpoint) {
        this(commandsTopicId, fingerprint, generation, checkpoint, null);
    }

    /** The same partition after a commit that leads to another checkpoint. */
    public RestoredPartition at(Checkpoint next) {
        return new RestoredPartition(commandsTopicId, fingerprint, generation, next, resume);
    }
}
