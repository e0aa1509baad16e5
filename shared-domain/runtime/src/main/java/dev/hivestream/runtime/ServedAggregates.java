package dev.hivestream.runtime;

import java.util.Map;

/** The aggregates that this instance runs, by name. */
public record ServedAggregates(Map<String, Served<?, ?, ?>> byName) {

    public ServedAggregates {
        byName = Map.copyOf(byName);
    }
}
