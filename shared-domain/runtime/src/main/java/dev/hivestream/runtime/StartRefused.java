package dev.hivestream.runtime;

/**
 * A setting or an environment that the invariants do not survive. The message is one line: what is wrong, where, and what
 * to change. Ends the start; met later, it stops the work on the partition concerned until it is mended.
 */
public final class StartRefused extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String line;

    public StartRefused(String line) {
        super(line);
        this.line = line;
    }

    /** What is wrong, where, and what to change. */
    public String line() {
        return line;
    }
}
