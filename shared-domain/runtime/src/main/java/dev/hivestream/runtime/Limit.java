package dev.hivestream.runtime;

import org.jspecify.annotations.Nullable;

/** The largest number of entries that an operator asks for. */
public final class Limit {

    /** So that an answer stays small, and so does what is read for it. */
    public static final int LARGEST = 10_000;

    private Limit() {}

    /** Why a limit is invalid, for whoever sent it; null if it is valid. */
    public static @Nullable String problem(int limit) {
        return limit < 1 || limit > LARGEST ? "The limit is " + limit + "; it must be 1 to " + LARGEST : null;
    }
}
