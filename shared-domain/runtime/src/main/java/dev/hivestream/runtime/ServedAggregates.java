package dev.hivestream.runtime;

import dev.hivestream.model.Aggregate;
import java.util.Collection;
import java.util.Map;

/** The aggregates that this instance runs, by name. */
public record ServedAggregates(Map<String, Served<?, ?, ?>> byName) {

    public ServedAggregates {
        byName = Map.copyOf(byName);
    }

    /**
     * The aggregates on the class path that are named; all if none is.
     *
     * @throws StartRefused if there is no domain, or none with such an aggregate
     */
    static Collection<Aggregate<?, ?, ?>> choose(Collection<String> names) {
        return LoadedDomains.choose(domains -> names.isEmpty() ? domains.aggregates() : domains.select(names));
    }
}
