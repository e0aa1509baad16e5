package dev.hivestream.sagamanager;

import dev.hivestream.model.SagaDiagram;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/** {@code /actuator/sagadiagrams/<saga>}: a picture of a saga, as Mermaid text, generated from its declaration. */
@Endpoint(id = "sagadiagrams")
public final class SagaDiagramsEndpoint {

    private final ServedSagas sagas;

    SagaDiagramsEndpoint(ServedSagas sagas) {
        this.sagas = sagas;
    }

    /** The names of the sagas. */
    @ReadOperation
    public List<String> names() {
        return sagas.byName().keySet().stream().sorted().toList();
    }

    /** The picture of one; null (404) if there is no such saga. */
    @ReadOperation(produces = "text/plain")
    public @Nullable String diagram(@Selector String saga) {
        ServedSaga<?, ?, ?> served = sagas.byName().get(saga);
        return served == null ? null : SagaDiagram.of(served.type());
    }
}
