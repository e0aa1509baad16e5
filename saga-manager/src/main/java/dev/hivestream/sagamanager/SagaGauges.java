package dev.hivestream.sagamanager;

import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.owner.Ownership;
import dev.hivestream.runtime.saga.ServedSaga;
import dev.hivestream.runtime.saga.ServedSagas;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.dao.DataAccessException;

/** How many instances there are, by status, in the partitions that are owned here: the sum over all is that of all. */
final class SagaGauges implements MeterBinder {

    private final ServedSagas sagas;
    private final Ownership ownership;
    private final Cache cache;

    SagaGauges(ServedSagas sagas, Ownership ownership, Cache cache) {
        this.sagas = sagas;
        this.ownership = ownership;
        this.cache = cache;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        for (String saga : sagas.byName().keySet()) {
            for (String status : ServedSaga.STATUSES) {
                Gauge.builder("hive.saga.instances", () -> count(saga, status)).tag("saga", saga)
                        .tag("status", status).description("Instances in the partitions that are owned here")
                        .register(registry);
            }
            Gauge.builder("hive.saga.deadlines.pending", () -> count(saga, ServedSaga.DEADLINES)).tag("saga", saga)
                    .description("Pending deadlines in the partitions that are owned here").register(registry);
        }
    }

    private double count(String saga, String set) {
        try {
            return ownership.open().entrySet().stream().filter(open -> open.getKey().aggregate().equals(saga))
                    .mapToLong(open -> cache.count(open.getKey(), open.getValue().generation(), set)).sum();
        } catch (DataAccessException e) {
            // Redis is away: the number is not known
            return Double.NaN;
        }
    }
}
