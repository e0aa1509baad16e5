package dev.hivestream.runtime.domain;

import org.jspecify.annotations.Nullable;

/**
 * Marks the calls of domain code: reading and writing what the domain declares included, since that runs its constructors
 * and accessors. On a {@link DomainThread} such a call has a deadline; on any other thread it is a plain call.
 */
public final class DomainCode {

    private DomainCode() {}

    /**
     * A call of domain code. It changes nothing that others see: after a timeout it goes on beside the batch that is
     * decided again.
     */
    public interface Call<T extends @Nullable Object, X extends Exception> {

        T call() throws X;
    }

    /** Ends the work of an abandoned thread. Only the thread itself may catch it. */
    public static final class Abandoned extends Error {

        private static final long serialVersionUID = 1L;

        Abandoned() {
            super("The domain code timed out and its thread was abandoned", null, false, false);
        }
    }

    /**
     * Names what the calls that follow are about.
     *
     * @param subject whose {@code toString} names the same in a batch that is decided again, and nothing else
     */
    public static void about(Object subject) {
        if (Thread.currentThread() instanceof DomainThread thread) {
            thread.about(subject);
        }
    }

    /**
     * Calls domain code.
     *
     * @throws DomainTimeout at once, if this call timed out before
     * @throws X if the code throws it
     */
    public static <T extends @Nullable Object, X extends Exception> T call(Call<T, X> code) throws X {
        return Thread.currentThread() instanceof DomainThread thread ? thread.call(code) : code.call();
    }
}
