package dev.hivestream.runtime.message;

import org.jspecify.annotations.Nullable;

/** A message that cannot be read. The message says what is wrong with it and may be shown to its sender. */
public final class Malformed extends Exception {

    private static final long serialVersionUID = 1L;

    public Malformed(String message) {
        super(message);
    }

    public Malformed(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
