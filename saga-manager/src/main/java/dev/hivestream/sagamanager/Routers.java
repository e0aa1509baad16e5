package dev.hivestream.sagamanager;

import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.Destinations;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.owner.Attempt;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import java.time.Clock;
import java.util.Objects;
import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.core.env.Environment;

/** Registers a function bean for each saga that runs here. */
final class Routers implements BeanRegistrar {

    @Override
    public void register(BeanRegistry registry, Environment environment) {
        for (SagaType<?, ?, ?> saga : Destinations.sagas(environment)) {
            registry.registerBean(RouterBindings.function(saga.name()), RouteToSaga.class,
                    bean -> bean.supplier(beans -> router(beans, saga.name())));
        }
    }

    private static RouteToSaga router(BeanRegistry.SupplierContext beans, String name) {
        ServedSaga<?, ?, ?> saga = Objects.requireNonNull(beans.bean(ServedSagas.class).byName().get(name), name);
        Attempt.Parts attempt = beans.bean(Attempt.Parts.class);
        Router router = new Router(saga, beans.bean(HiveProperties.class).partitions(),
                beans.bean(Topics.class)::limit, beans.bean(Clock.class), beans.bean(SagaMeters.class));
        return new RouteToSaga(router, attempt.threads(), attempt.longest(), attempt.limits(),
                beans.bean(CommittedInboxes.class));
    }
}
