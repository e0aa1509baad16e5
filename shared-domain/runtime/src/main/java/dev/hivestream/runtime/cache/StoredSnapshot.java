package dev.hivestream.runtime.cache;

import org.jspecify.annotations.Nullable;

/**
 * A snapshot in its stored form: two values in Redis that belong together, written by one script and read by one script.
 *
 * @param json the snapshot
 * @param block the block of recent commands that the snapshot names. As it was read: null if there is none. To be written:
 *     null if the stored one stays what it is, nothing if it is removed.
 */
@SuppressWarnings("ArrayRecordComponent")
public record StoredSnapshot(byte[] json, byte @Nullable [] block) {

    /** A snapshot without a block, or beside the one that is stored. */
    public static StoredSnapshot of(byte[] json) {
        return new StoredSnapshot(json, null);
    }

    /** The bytes of both. */
    public int bytes() {
        return json.length + (block == null ? 0 : block.length);
    }
}
