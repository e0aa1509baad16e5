package dev.hivestream.runtime;

import dev.hivestream.runtime.log.VersionViolation;
import dev.hivestream.runtime.log.VersionViolations;
import dev.hivestream.runtime.owner.OwnedPartition;
import dev.hivestream.runtime.owner.Ownership;
import java.util.Map;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Ready only when broker and Redis answer and every partition that is owned is running and makes progress. Never part of
 * liveness. Version violations in the log are a detail and do not take it down: neither waiting nor another instance repairs a
 * log, and all instances would be out of service for good.
 */
final class HiveHealth implements HealthIndicator {

    private final Ownership ownership;
    private final Outages outages;
    private final VersionViolations violations;

    HiveHealth(Ownership ownership, Outages outages, VersionViolations violations) {
        this.ownership = ownership;
        this.outages = outages;
        this.violations = violations;
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
                .withDetail("closed", closed).withDetail("stalled", stalled)
                .withDetail("versionViolations", violations.count())
                .withDetail("violations", violations.named().stream().map(VersionViolation::text).toList()).build();
    }
}
