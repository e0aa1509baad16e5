package dev.hivestream.runtime;

import java.util.Map;

/** The aggregates or sagas whose logs this app folds, by name. */
public record FoldedLogs(Map<String, Folded<?, ?>> byName) {

    public FoldedLogs {
        byName = Map.copyOf(byName);
    }
}
