package dev.hivestream.runtime.message;

/**
 * The format of what the runtime stores in Redis and in the header {@link Header#COMMAND}, described in
 * {@code docs/formats.md}. Its number is part of every key and of every {@link Fingerprint}, so that caches of two formats
 * live side by side and neither is read as the other.
 */
public final class StoredFormat {

    /** Raised when keys, checkpoints, snapshots or the header are stored in another way. */
    public static final int NUMBER = 2;

    private StoredFormat() {}
}
