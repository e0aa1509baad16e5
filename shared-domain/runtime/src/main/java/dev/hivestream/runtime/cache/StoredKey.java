package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.message.Slot;

/** A key of the cache, as {@link Keys} reads it. */
public sealed interface StoredKey {

    /** The aggregate or saga type that it belongs to. */
    String type();

    /** What is stored under a key. */
    enum Kind {
        ACTIVE, CHECKPOINT, SNAPSHOT, COMMANDS, INDEX, RESULTS, WANTED, BUILDING
    }

    Kind kind();

    /** A key of a type: which of its generations are wanted, which are being built. */
    record OfType(String type, Kind kind) implements StoredKey {}

    /** A key of a partition, whatever the generation: the pointers of readers, the kept results. */
    record OfPartition(Slot slot, Kind kind) implements StoredKey {

        @Override
        public String type() {
            return slot.aggregate();
        }
    }

    /**
     * A key of a generation in one partition.
     *
     * @param name the decoded id of a snapshot or of its commands, the set of an index, empty for a checkpoint
     */
    record OfGeneration(Slot slot, String generation, Kind kind, String name) implements StoredKey {

        @Override
        public String type() {
            return slot.aggregate();
        }
    }
}
