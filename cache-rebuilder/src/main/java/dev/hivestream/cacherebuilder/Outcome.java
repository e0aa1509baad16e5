package dev.hivestream.cacherebuilder;

import java.util.Map;

/**
 * What became of a command.
 *
 * @param code the exit code
 * @param json what is printed with {@code --json}
 * @param text what is printed without it
 */
record Outcome(int code, Map<String, ?> json, String text) {

    static final int DONE = 0;
    static final int FAILED = 1;
    static final int MISUNDERSTOOD = 2;
    static final int DIFFERENT = 3;
    static final int POISONED = 4;
}
