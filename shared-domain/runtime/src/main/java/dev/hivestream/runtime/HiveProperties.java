package dev.hivestream.runtime;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What the apps share.
 *
 * @param instance Name of this instance, unique and stable over restarts: a restarted instance ends the transactions that it left open.
 * @param aggregates Names of the aggregates that this instance runs; all that are on the class path if empty.
 * @param sagas Names of the sagas that this instance runs; all that are on the class path if empty.
 * @param partitions Number of partitions of each commands, events, results and inbox topic. Cannot be changed later, since aggregates would change owners.
 * @param topics The topics.
 * @param lock The guard.
 * @param decide How commands are decided.
 * @param catchUp How a cache is caught up with the log.
 * @param results How results are kept.
 * @param maxMessage Largest command that is taken and largest event that is appended, as JSON. Below the broker's message.max.bytes.
 * @param shutdown How long a stop waits for the batch in hand.
 */
@ConfigurationProperties("hive")
public record HiveProperties(@DefaultValue("local") String instance, @DefaultValue List<String> aggregates,
        @DefaultValue List<String> sagas,
        @DefaultValue("8") int partitions, @DefaultValue Topics topics, @DefaultValue Lock lock,
        @DefaultValue Decide decide, @DefaultValue CatchUp catchUp, @DefaultValue Results results,
        @DefaultValue("512KB") DataSize maxMessage, @DefaultValue("6s") Duration shutdown) {

    public HiveProperties {
        if (partitions < 1 || partitions > 10_000) {
            throw new StartRefused("hive.partitions is " + partitions + "; set it to 1 to 10000");
        }
        if (decide.timeout() != null && decide.timeout().compareTo(lock.ttl()) >= 0) {
            throw new StartRefused("hive.decide.timeout is " + decide.timeout() + " and hive.lock.ttl is " + lock.ttl()
                    + "; set hive.decide.timeout below hive.lock.ttl: a decision must end while its lock is held");
        }
        if (decide.maxBytes().compareTo(maxMessage) < 0) {
            throw new StartRefused("hive.decide.max-bytes is " + decide.maxBytes() + " and hive.max-message is "
                    + maxMessage
                    + "; set hive.decide.max-bytes to at least hive.max-message, or no event of that size can be appended");
        }
    }

    /** How long a call of domain code may take. */
    public Duration decideTimeout() {
        Duration half = lock.ttl().dividedBy(2);
        return decide.timeout() != null
                ? decide.timeout()
                : half.compareTo(Decide.TIMEOUT) < 0 ? half : Decide.TIMEOUT;
    }

    /**
     * The topics.
     *
     * @param create Whether topics that are missing are created.
     * @param replicationFactor Replication factor of created topics; -1 is the broker's default. Topics with more than one replica get min.insync.replicas=2, unless the broker's default is higher.
     */
    public record Topics(@DefaultValue("true") boolean create, @DefaultValue("-1") short replicationFactor) {}

    /** What one lock of the guard covers. */
    public enum LockScope {
        /** One lock an aggregate type and partition. */
        PARTITION,
        /** One lock an aggregate. */
        AGGREGATE
    }

    /**
     * The guard.
     *
     * @param scope What one lock covers: a partition, or a single aggregate.
     * @param ttl After which a lock that is not renewed is free. At most the session time-out of the consumer.
     * @param driftFactor Part of the ttl that clocks may differ by.
     * @param retryDelay How often a lock that another owner holds is asked for again.
     */
    public record Lock(@DefaultValue("partition") LockScope scope, @DefaultValue("8s") Duration ttl,
            @DefaultValue("0.01") double driftFactor, @DefaultValue("20ms") Duration retryDelay) {

        public Lock {
            if (ttl.toMillis() < 100) {
                throw new StartRefused("hive.lock.ttl is " + ttl + "; set it to 100 ms or more");
            }
            if (driftFactor < 0 || driftFactor >= 0.5) {
                throw new StartRefused("hive.lock.drift-factor is " + driftFactor + "; set it to 0 up to 0.5");
            }
        }
    }

    /**
     * How commands are decided.
     *
     * @param attempts How often a command whose decider throws is tried before it is dead-lettered.
     * @param remembered How many commands with events an aggregate remembers, to give the same answer to a repeated id.
     * @param hot Roughly what the snapshots that were used last, and are not read again, may take in memory; an eighth
     *     of the heap if it is not set.
     * @param timeout How long a call of domain code may take before it is abandoned and its command is dead-lettered. Must be below
     *     hive.lock.ttl; 3 seconds, or half of hive.lock.ttl if that is less, if it is not set.
     * @param maxEvents Maximum number of events of a command.
     * @param maxBytes Maximum total size of the events of a command, as JSON.
     */
    public record Decide(@DefaultValue("3") int attempts, @DefaultValue("256") int remembered,
            @Nullable DataSize hot, @Nullable Duration timeout, @DefaultValue("1000") int maxEvents,
            @DefaultValue("8MB") DataSize maxBytes) {

        private static final Duration TIMEOUT = Duration.ofSeconds(3);

        private static final int SHARE_OF_HEAP = 8;

        public Decide {
            if (attempts < 1) {
                throw new StartRefused("hive.decide.attempts is " + attempts + "; set it to 1 or more");
            }
            if (remembered < 1) {
                throw new StartRefused("hive.decide.remembered is " + remembered + "; set it to 1 or more");
            }
            if (timeout != null && timeout.toMillis() < 10) {
                throw new StartRefused("hive.decide.timeout is " + timeout + "; set it to 10 ms or more");
            }
            if (maxEvents < 1) {
                throw new StartRefused("hive.decide.max-events is " + maxEvents + "; set it to 1 or more");
            }
        }

        /** What they may take, in bytes. */
        public long hotBytes() {
            return hot == null ? Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP : hot.toBytes();
        }
    }

    /**
     * How a cache is caught up with the log.
     *
     * @param step Events that are taken from the log at once, at most. Few enough to stay in the processor's cache.
     * @param checkpoint How long folded events stay in memory before they are written; what a kill costs.
     * @param memory Roughly what the snapshots of all partitions that are folded at once may take in memory.
     * @param watch How often the checkpoint of an idle partition is checked.
     */
    public record CatchUp(@DefaultValue("1000") int step, @DefaultValue("5s") Duration checkpoint,
            @DefaultValue("64MB") DataSize memory, @DefaultValue("1s") Duration watch) {}

    /**
     * How results are kept.
     *
     * @param keep How long Redis keeps the result of a command that came over HTTP.
     * @param limit How many results Redis keeps per partition; the oldest are removed first. Results that the aggregate remembers do not count.
     */
    public record Results(@DefaultValue("1d") Duration keep, @DefaultValue("10000") int limit) {

        private static final int LARGEST_LIMIT = 100_000;

        public Results {
            if (limit < 1 || limit > LARGEST_LIMIT) {
                throw new StartRefused("hive.results.limit is " + limit + "; set it to 1 to " + LARGEST_LIMIT);
            }
        }
    }
}
