package dev.hivestream.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;

/** All domains that an app has found, as one set of aggregates and sagas with distinct names. Immutable. */
public final class Domains {

    private static final String WHERE = "META-INF/services/" + Domain.class.getName();

    private final SortedMap<String, Aggregate<?, ?, ?>> aggregates;
    private final SortedMap<String, SagaType<?, ?, ?>> sagas;

    private Domains(SortedMap<String, Aggregate<?, ?, ?>> aggregates, SortedMap<String, SagaType<?, ?, ?>> sagas) {
        this.aggregates = aggregates;
        this.sagas = sagas;
    }

    /**
     * The domains that {@link ServiceLoader} finds from a class loader.
     *
     * @throws IllegalStateException if there is none, if one cannot be loaded, or if two declare the same aggregate name
     */
    public static Domains load(ClassLoader loader) {
        List<Domain> found = new ArrayList<>();
        try {
            ServiceLoader.load(Domain.class, loader).forEach(found::add);
        } catch (ServiceConfigurationError e) {
            throw new IllegalStateException("A domain named in " + WHERE + " cannot be loaded: " + explain(e), e);
        }
        return of(found);
    }

    /**
     * These domains; {@link #load} is for apps, this is for tests.
     *
     * @throws IllegalStateException if there is none, or if two declare the same aggregate name
     */
    public static Domains of(Collection<? extends Domain> domains) {
        if (domains.isEmpty()) {
            throw new IllegalStateException(
                    "No domain found: put a jar that names an implementation in " + WHERE
                            + " on the class path or in loader.path");
        }
        SortedMap<String, Aggregate<?, ?, ?>> aggregates = new TreeMap<>();
        SortedMap<String, SagaType<?, ?, ?>> sagas = new TreeMap<>();
        Map<String, String> owners = new TreeMap<>();
        for (Domain domain : domains) {
            String owner = domain.getClass().getName();
            for (Aggregate<?, ?, ?> aggregate : domain.aggregates()) {
                own(owners, "aggregate", aggregate.name(), owner);
                aggregates.put(aggregate.name(), aggregate);
            }
            for (SagaType<?, ?, ?> saga : domain.sagas()) {
                own(owners, "saga", saga.name(), owner);
                sagas.put(saga.name(), saga);
            }
        }
        return new Domains(aggregates, sagas);
    }

    private static void own(Map<String, String> owners, String kind, String name, String owner) {
        String other = owners.putIfAbsent(name, owner);
        if (other != null) {
            throw new IllegalStateException("The " + kind + " name '" + name + "' is declared twice, by "
                    + (other.equals(owner) ? owner : other + " and by " + owner)
                    + ": a name belongs to one aggregate, or one saga, of one domain");
        }
    }

    /** All aggregates, by name. */
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.copyOf(aggregates.values());
    }

    /**
     * The aggregate of this name.
     *
     * @throws IllegalArgumentException if there is none; the message lists those that there are
     */
    public Aggregate<?, ?, ?> aggregate(String name) {
        Aggregate<?, ?, ?> aggregate = aggregates.get(name);
        if (aggregate == null) {
            throw new IllegalArgumentException(
                    "Unknown aggregate '" + name + "'; known: " + String.join(", ", aggregates.keySet()));
        }
        return aggregate;
    }

    /**
     * The aggregates of these names, each once, in the order of the names; no name, no aggregate.
     *
     * @throws IllegalArgumentException if a name is unknown; the message lists those that are known
     */
    public List<Aggregate<?, ?, ?>> select(Collection<String> names) {
        List<Aggregate<?, ?, ?>> selected = new ArrayList<>();
        names.stream().distinct().forEach(name -> selected.add(aggregate(name)));
        return List.copyOf(selected);
    }

    /** All sagas, by name. */
    public List<SagaType<?, ?, ?>> sagas() {
        return List.copyOf(sagas.values());
    }

    /**
     * The sagas of these names, each once, in the order of the names; no name, no saga.
     *
     * @throws IllegalArgumentException if a name is unknown; the message lists those that are known
     */
    public List<SagaType<?, ?, ?>> selectSagas(Collection<String> names) {
        List<SagaType<?, ?, ?>> selected = new ArrayList<>();
        names.stream().distinct().forEach(name -> {
            SagaType<?, ?, ?> saga = sagas.get(name);
            if (saga == null) {
                throw new IllegalArgumentException(
                        "Unknown saga '" + name + "'; known: " + String.join(", ", sagas.keySet()));
            }
            selected.add(saga);
        });
        return List.copyOf(selected);
    }

    /** With the innermost cause: a domain that fails in a static initialiser says only there what it did wrong. */
    private static String explain(ServiceConfigurationError error) {
        String message = "" + error.getMessage();
        Throwable innermost = error.getCause();
        if (innermost == null) {
            return message;
        }
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        return message + ": " + innermost.getMessage();
    }

    @Override
    public String toString() {
        return "domains with " + aggregates.keySet();
    }
}
