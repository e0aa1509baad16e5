package dev.hivestream.runtime;

import dev.hivestream.runtime.domain.DomainCode;
import java.util.List;

/** Tells what domain code throws because of its own bug from what the machine cannot do. */
public final class DomainFault {

    /** How the messages of the JVM begin, as far as they are not about the size of one array. */
    private static final List<String> OUT_OF_MEMORY = List.of("Java heap space", "GC overhead limit", "Metaspace",
            "Compressed class space", "unable to create", "Direct buffer memory", "Cannot reserve");

    private DomainFault() {}

    /**
     * Gives what domain code threw, if that concerns this one call. Checked exceptions are among it, for other languages of
     * the JVM throw them unannounced, and so are errors such as Kotlin's {@code NotImplementedError}.
     *
     * @throws DomainCode.Abandoned if that is what was thrown: it ends a thread that was given up
     * @throws VirtualMachineError if that is what was thrown, other than by too deep a recursion or by an object that is
     *     larger than any may be: memory has run out
     */
    public static Throwable of(Throwable thrown) {
        if (thrown instanceof VirtualMachineError machine && !isOfOneCall(machine)) {
            throw machine;
        }
        if (thrown instanceof DomainCode.Abandoned abandoned) {
            throw abandoned;
        }
        return thrown;
    }

    /** The library refuses an array that no machine could make with the same error that tells that memory has run out. */
    private static boolean isOfOneCall(VirtualMachineError error) {
        return error instanceof StackOverflowError || error instanceof OutOfMemoryError
                && OUT_OF_MEMORY.stream().noneMatch(String.valueOf(error.getMessage())::startsWith);
    }
}
