package dev.hivestream.runtime;

import dev.hivestream.model.Aggregate;
import dev.hivestream.runtime.message.DomainTypes;
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
     * @throws StartRefused if there is no domain, none with such an aggregate, or one that holds what cannot be kept
     */
    static Collection<Aggregate<?, ?, ?>> choose(Collection<String> names) {
        return LoadedDomains.choose(domains -> {
            Collection<Aggregate<?, ?, ?>> chosen = names.isEmpty() ? domains.aggregates() : domains.select(names);
            chosen.forEach(DomainTypes::require);
            return chosen;
        });
    }
}
