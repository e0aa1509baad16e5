package dev.hivestream.runtime;

/** Tells what domain code throws because of its own bug from what the machine cannot do. */
public final class DomainFault {

    private DomainFault() {}

    /**
     * Gives what domain code threw, if that concerns this one call. Checked exceptions are among it, for other languages of
     * the JVM throw them unannounced, and so are errors such as Kotlin's {@code NotImplementedError}.
     *
     * @throws VirtualMachineError if that is what was thrown, other than by too deep a recursion: memory has run out
     */
    public static Throwable of(Throwable thrown) {
        if (thrown instanceof VirtualMachineError machine && !(thrown instanceof StackOverflowError)) {
            throw machine;
        }
        return thrown;
    }
}
