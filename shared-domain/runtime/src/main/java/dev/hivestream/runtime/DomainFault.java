package dev.hivestream.runtime;

import dev.hivestream.runtime.domain.DecisionTooLarge;
import dev.hivestream.runtime.domain.DomainCode;
import dev.hivestream.runtime.domain.DomainException;
import dev.hivestream.runtime.domain.DomainTimeout;

/** Distinguishes what domain code throws because of its own bug from what affects the whole process. */
public final class DomainFault {

    private DomainFault() {}

    /**
     * Returns a safe copy of what domain code threw, if that concerns this one call. Nothing else may call a method of the
     * original, for that is domain code. Checked exceptions are among it, since other languages of the JVM throw them
     * unannounced, and so are errors such as Kotlin's {@code NotImplementedError}.
     *
     * @throws DomainCode.Abandoned if that is what was thrown: it ends an abandoned thread
     * @throws OutOfMemoryError if memory has run out. An array that no machine could allocate is a fault of the one call
     */
    public static RuntimeException of(Throwable thrown) {
        switch (thrown) {
            case DomainCode.Abandoned abandoned -> throw abandoned;
            case DomainTimeout timeout -> {
                return timeout;
            }
            case DecisionTooLarge limit -> {
                return limit;
            }
            case DomainException copy -> {
                return copy;
            }
            default -> DomainException.requireMemory(thrown);
        }
        try {
            return DomainCode.call(() -> DomainException.of(thrown));
        } catch (DomainTimeout endless) {
            return DomainException.named(thrown);
        }
    }
}
