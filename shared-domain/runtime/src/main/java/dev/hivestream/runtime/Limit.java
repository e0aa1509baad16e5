package dev.hivestream.runtime;

import org.jspecify.annotations.Nullable;

/** The largest number of entries that an operator asks for. */
public final class Limit {

    private Limit() {}

    /** Why a limit is invalid, for whoever sent it; null if it is valid. */
    public static @Nullable String problem(int limit) {
        return limit < 1 ? "The limit is " + limit + "; it must be 1 or more" : null;
    }
}
