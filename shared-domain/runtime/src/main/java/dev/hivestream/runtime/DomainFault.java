package dev.hivestream.runtime;

import dev.hivestream.runtime.domain.DomainCode;

/** Tells what domain code throws because of its own bug from what the machine cannot do. */
public final class DomainFault {

    private DomainFault() {}

    /**
     * Gives what domain code threw, if that concerns this one call. Checked exceptions are among it, for other languages of
     * the JVM throw them unannounced, and so are errors such as Kotlin's {@code NotImplementedError}.
     *
     * @throws DomainCode.Abandoned if that is what was thrown: it ends a thread that was given up
     * @throws VirtualMachineError if that is what was thrown, other than by too deep a recursion: memory has run out
     */
    public static Throwable of(Throwable thrown) {
        if (thrown instanceof VirtualMachineError machine && !(thrown instanceof StackOverflowError)) {
            throw machine;
        }
        if (thrown instanceof DomainCode.Abandoned abandoned) {
            throw abandoned;
        }
        return thrown;
    }
}
