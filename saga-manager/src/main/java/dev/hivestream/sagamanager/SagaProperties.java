package dev.hivestream.sagamanager;

import dev.hivestream.runtime.StartRefused;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What the saga-manager does beside reacting.
 *
 * @param look How often it looks for deadlines that are over: the most that one comes late while all is well.
 * @param earlyMessages Events for instances that have not started.
 * @param heldMessages Messages for instances that are parked.
 * @param retainFinished How long instances that have come to their end are listed and counted by status.
 */
@ConfigurationProperties("hive.saga")
record SagaProperties(@DefaultValue("200ms") Duration look, @DefaultValue EarlyMessages earlyMessages,
        @DefaultValue HeldMessages heldMessages, @DefaultValue("30d") Duration retainFinished) {

    SagaProperties {
        if (retainFinished.isNegative()) {
            throw new StartRefused("hive.saga.retain-finished is " + retainFinished + "; set it to 0 or more");
        }
    }

    /**
     * Events that come before the one that their instance starts with. What exceeds a limit is dead-lettered.
     *
     * @param limit How many events of one instance wait for its start.
     * @param bytes What the events of one instance that wait may have together.
     * @param keep How long they wait.
     */
    record EarlyMessages(@DefaultValue("100") int limit, @DefaultValue("1MB") DataSize bytes,
            @DefaultValue("7d") Duration keep) {

        EarlyMessages {
            if (limit < 0) {
                throw new StartRefused("hive.saga.early-messages.limit is " + limit + "; set it to 0 or more");
            }
            if (bytes.toBytes() < 0 || bytes.toMegabytes() > LARGEST_MEGABYTES) {
                throw new StartRefused("hive.saga.early-messages.bytes is " + bytes + "; set it to 0 to "
                        + LARGEST_MEGABYTES + "MB: they are part of a snapshot");
            }
            if (keep.toSeconds() < 1) {
                throw new StartRefused("hive.saga.early-messages.keep is " + keep + "; set it to 1s or more");
            }
        }
    }

    /**
     * Messages that come while their instance is parked. What exceeds a limit waits in the history.
     *
     * @param limit How many messages a parked instance holds itself.
     * @param bytes What the messages that a parked instance holds itself may have together.
     */
    record HeldMessages(@DefaultValue("100") int limit, @DefaultValue("1MB") DataSize bytes) {

        HeldMessages {
            if (limit < 1) {
                throw new StartRefused("hive.saga.held-messages.limit is " + limit + "; set it to 1 or more");
            }
            if (bytes.toBytes() < 0 || bytes.toMegabytes() > LARGEST_MEGABYTES) {
                throw new StartRefused("hive.saga.held-messages.bytes is " + bytes + "; set it to 0 to "
                        + LARGEST_MEGABYTES + "MB: they are part of a snapshot");
            }
        }
    }

    private static final int LARGEST_MEGABYTES = 16;
}
