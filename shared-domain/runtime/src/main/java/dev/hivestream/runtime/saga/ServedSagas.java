package dev.hivestream.runtime.saga;

import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.LoadedDomains;
import dev.hivestream.runtime.message.DomainTypes;
import dev.hivestream.runtime.StartRefused;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** The sagas that this instance runs, by name. */
public record ServedSagas(Map<String, ServedSaga<?, ?, ?>> byName) {

    public ServedSagas {
        byName = Map.copyOf(byName);
    }

    /**
     * These sagas, with codecs of their own.
     *
     * @param partitions of each inbox
     * @param limits of messages and commands
     */
    public static ServedSagas of(Collection<SagaType<?, ?, ?>> sagas, int partitions, Reactor.Limits limits) {
        Map<String, ServedSaga<?, ?, ?>> served = new LinkedHashMap<>();
        sagas.forEach(saga -> served.put(saga.name(), ServedSaga.of(saga, partitions, limits)));
        return new ServedSagas(served);
    }

    /**
     * The sagas on the class path that are named; all if none is.
     *
     * @throws StartRefused if there is no domain, none with such a saga, or one that holds what cannot be kept
     */
    public static Collection<SagaType<?, ?, ?>> choose(Collection<String> names) {
        return LoadedDomains.choose(domains -> {
            Collection<SagaType<?, ?, ?>> chosen = names.isEmpty() ? domains.sagas() : domains.selectSagas(names);
            chosen.forEach(DomainTypes::require);
            return chosen;
        });
    }
}
