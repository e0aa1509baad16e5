package dev.hivestream.runtime.domain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A bounded copy of what domain code threw: text, stack trace and causes, but no suppressed exceptions. The methods of the
 * original are domain code, which can fail or return anything; the copy can be logged and sent like any other exception.
 */
public final class DomainException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_TEXT = 4_000;
    private static final int MOST_CAUSES = 16;
    private static final int MOST_FRAMES = 200;
    private static final StackTraceElement[] NO_FRAMES = {};
    /** How messages of the JVM begin that are not about the size of one array. */
    private static final List<String> OUT_OF_MEMORY = List.of("Java heap space", "GC overhead limit", "Metaspace",
            "Compressed class space", "unable to create", "Direct buffer memory", "Cannot reserve");

    private DomainException(String text, @Nullable DomainException cause, StackTraceElement[] frames) {
        super(text, cause, false, true);
        setStackTrace(frames);
    }

    /**
     * Copies what was thrown. Calls its methods, and survives whatever they throw.
     *
     * @throws OutOfMemoryError if memory has run out
     */
    public static DomainException of(Throwable thrown) {
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Throwable> chain = new ArrayList<>();
        Throwable next = thrown;
        while (next != null && chain.size() < MOST_CAUSES && seen.add(next)) {
            chain.add(next);
            next = result(next::getCause);
        }
        DomainException copy = null;
        for (Throwable one : chain.reversed()) {
            copy = new DomainException(text(one::toString, name(one)), copy, frames(one));
        }
        return Objects.requireNonNull(copy);
    }

    /** A copy of the name of its class alone. Calls no method of it. */
    public static DomainException named(Throwable thrown) {
        return new DomainException(name(thrown), null, NO_FRAMES);
    }

    /**
     * The beginning of a text that domain code gives.
     *
     * @param otherwise if it throws or gives null
     * @throws OutOfMemoryError if memory has run out
     */
    public static String text(Supplier<@Nullable String> text, String otherwise) {
        String given = result(text);
        return given == null ? otherwise : brief(given);
    }

    /** Throws what was thrown if memory has run out: that concerns the whole process. */
    public static void requireMemory(Throwable thrown) {
        // the domain's own classes call no method of its own here
        if (thrown.getClass() == OutOfMemoryError.class
                && OUT_OF_MEMORY.stream().anyMatch(String.valueOf(thrown.getMessage())::startsWith)) {
            throw (OutOfMemoryError) thrown;
        }
    }

    private static <T> @Nullable T result(Supplier<? extends @Nullable T> of) {
        try {
            return of.get();
        } catch (Throwable e) {
            requireMemory(e);
            return null;
        }
    }

    private static StackTraceElement[] frames(Throwable thrown) {
        StackTraceElement[] frames = result(thrown::getStackTrace);
        return frames == null
                ? NO_FRAMES
                : Arrays.stream(frames).limit(MOST_FRAMES).filter(Objects::nonNull).toArray(StackTraceElement[]::new);
    }

    private static String name(Throwable thrown) {
        return brief(thrown.getClass().getName());
    }

    private static String brief(String text) {
        return text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT) + "…" : text;
    }

    /** The text of the original, which begins with the name of its class. */
    @Override
    public String toString() {
        return String.valueOf(getMessage());
    }

    /** It has the stack trace of the original. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
