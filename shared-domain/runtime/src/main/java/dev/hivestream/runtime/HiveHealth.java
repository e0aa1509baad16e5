package dev.hivestream.runtime;

import dev.hivestream.runtime.owner.OwnedPartition;
import dev.hivestream.runtime.owner.Ownership;
import java.util.Map;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Ready only when broker and Redis answer and every partition that is owned is running and makes progress. Never part of liveness. */
final class HiveHealth implements HealthIndicator {

    private final Ownership ownership;
    private final Outages outages;

    HiveHealth(Ownership ownership, Outages outages) {
        this.ownership = ownership;
        this.outages = outages;
    }

    @Override
    public Health health() {
        Map<String, OwnedPartition.Status> closed = ownership.closed();
        Map<String, String> stalled = ownership.progress().stalled();
        String broker = outages.broker();
        String redis = outages.redis();
        Health.Builder health = ownership.isJoined() && closed.isEmpty() && stalled.isEmpty() && broker == null
                && redis == null
                        ? Health.up()
                        : Health.down();
        return health.withDetail("broker", broker == null ? "up" : broker)
                .withDetail("redis", redis == null ? "up" : redis).withDetail("partitions", ownership.slots())
                .withDetail("closed", closed).withDetail("stalled", stalled).build();
    }
}
