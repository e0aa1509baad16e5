package dev.hivestream.runtime.log;

import dev.hivestream.runtime.cache.Checkpoint;

/**
 * A partition whose snapshots reflect its log.
 *
 * @param commandsTopicId Kafka's id of the commands topic
 * @param fingerprint of its snapshots
 * @param generation that is restored and active
 * @param checkpoint that is expected in Redis
 */
public record RestoredPartition(String commandsTopicId, String fingerprint, String generation, Checkpoint checkpoint) {

    /** The same partition after a commit that leads to another checkpoint. */
    public RestoredPartition at(Checkpoint next) {
        return new RestoredPartition(commandsTopicId, fingerprint, generation, next);
    }
}
