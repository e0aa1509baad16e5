package dev.hivestream.runtime;

import dev.hivestream.runtime.cache.InstanceClaim;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Down while another process has the same {@code hive.instance}. Never part of liveness. */
final class InstanceHealth implements HealthIndicator {

    private final HiveProperties properties;
    private final InstanceClaim claim;

    InstanceHealth(HiveProperties properties, InstanceClaim claim) {
        this.properties = properties;
        this.claim = claim;
    }

    @Override
    public Health health() {
        String conflict = claim.conflict();
        return conflict == null
                ? Health.up().withDetail("name", properties.instance()).build()
                : Health.down().withDetail("name", properties.instance()).withDetail("conflict", conflict).build();
    }
}
