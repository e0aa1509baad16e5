package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.message.Json;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;

/**
 * The output of a command.
 *
 * @param out for results
 * @param err for progress and failures
 */
record Console(PrintStream out, PrintStream err) {

    /** Prints a result for programs. */
    void json(Map<String, ?> result) {
        out.print(Json.TOLERANT.writer(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result)
                + System.lineSeparator());
        out.flush();
    }

    /**
     * Prints a failure, also as JSON if the caller expects that.
     *
     * @param command that failed, null if its name is unknown
     * @param code that the process ends with
     */
    void failed(boolean json, @Nullable String command, int code, String why) {
        err.println("cache-rebuilder: " + why);
        if (json) {
            failedJson(command, code, why);
        }
    }

    /** Prints a failure for programs. */
    void failedJson(@Nullable String command, int code, String why) {
        Map<String, Object> failure = new LinkedHashMap<>();
        if (command != null) {
            failure.put("command", command);
        }
        failure.put("exitCode", code);
        failure.put("error", why);
        json(failure);
    }
}
