package dev.hivestream.model;

import java.util.List;

/**
 * A team's domain: what it gives to the apps. Found with {@link java.util.ServiceLoader}, so a jar that names an
 * implementation in {@code META-INF/services/dev.hivestream.model.Domain} is all that an app needs.
 */
public interface Domain {

    /** The aggregates; each name belongs to one domain among all that are loaded together. */
    List<Aggregate<?, ?, ?>> aggregates();

    /** The sagas; no aggregate and no other saga has the name of one. None, unless it says otherwise. */
    default List<SagaType<?, ?, ?>> sagas() {
        return List.of();
    }
}
