package dev.hivestream.local.faults;

import dev.hivestream.local.StartFailure;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A safeguard that is taken away from the apps, and the faults in which it matters. What is changed in them is the agent's business. */
enum Mutation {

    /** Snapshots are written whatever the stored checkpoint is. */
    NO_CONDITION("no-condition", "", Map.of(), Kind.APP_PAUSE),
    /** Snapshots are written before the transaction is committed. */
    CACHE_FIRST("cache-first", "", Map.of(), Kind.APP_KILL),
    /** A new owner takes the cache as it is. */
    NO_CATCH_UP("no-catch-up", "", Map.of(), Kind.REDIS_FLUSH),
    /** A new owner takes the last stable offset for the end of the log. */
    LAST_STABLE_OFFSET("last-stable-offset", "mutation=slow-markers", Map.of(), Kind.REDIS_FLUSH),
    /** Whoever was an owner may commit, however late. */
    NO_FENCING("no-fencing", "",
            Map.of("spring.cloud.stream.kafka.binder.transaction.producer.configuration.transaction.timeout.ms",
                    "60000"),
            Kind.APP_PAUSE),
    /** Committed batches are read again. */
    REWIND("rewind", "", Map.of(), Kind.NET_RESET),
    /** Neither a command's position nor its id tell that it was decided. */
    DEDUP_OFF("dedup-off", "", Map.of(), Kind.NET_RESET),
    /** Each step of a fold is written, whether the one before was or not. */
    STEPS_UNCHAINED("steps-unchained", "", Map.of(), Kind.RESTORE_FAILOVER),
    /** A partition is restored while a batch of the same owner is in progress. */
    RESTORE_BESIDE_BATCH("restore-beside-batch", "", Map.of(), Kind.CACHE_DAMAGE),
    /** A command is the same as another one if it has the same id, whoever sent it and whatever it says. */
    IDENTITY_BY_ID("identity-by-id", "", Map.of(), Kind.NET_RESET),
    /** A command in the wrong partition is forwarded before its position is checked. */
    FORWARD_FIRST("forward-first", "", Map.of("hive.decide.remembered", "32"), Kind.GROUP_DELETED),
    /** Domain code has no deadline. */
    NO_DEADLINE("no-deadline", "", Map.of(), Kind.APP_SLOW),
    /** What a message of a saga's past did is what the present code would do, whatever is recorded. */
    REACT_IN_FOLD("react-in-fold"),
    /** A saga goes on at its group's offset, or at the beginning, whatever its history says was handled. */
    NO_POSITIONS("no-positions"),
    /** An event for an instance that has not started is ignored. */
    NO_EARLY("no-early"),
    /** Nothing is taken away; all windows are as wide as with the others. */
    DELAYS_ONLY("delays-only", "mutation=slow-markers", Map.of(), Kind.APP_PAUSE, Kind.APP_KILL, Kind.REDIS_FLUSH,
            Kind.RESTORE_FAILOVER, Kind.CACHE_DAMAGE, Kind.GROUP_DELETED, Kind.APP_SLOW);

    private final String option;
    private final String brokerAgent;
    private final Map<String, String> properties;
    private final Set<Kind> faults;

    /** Of sagas, which {@link SagaChange} brings to light. */
    Mutation(String option) {
        this.option = option;
        this.brokerAgent = "";
        this.properties = Map.of();
        this.faults = EnumSet.noneOf(Kind.class);
    }

    Mutation(String option, String brokerAgent, Map<String, String> properties, Kind first, Kind... others) {
        this.option = option;
        this.brokerAgent = brokerAgent;
        this.properties = properties;
        this.faults = EnumSet.of(first, others);
    }

    static Mutation of(String name) {
        return Arrays.stream(values()).filter(each -> each.option.equals(name)).findFirst()
                .orElseThrow(() -> new StartFailure("There is no mutation '" + name + "'; there are "
                        + Arrays.stream(values()).map(Mutation::option).collect(Collectors.joining(", "))));
    }

    String option() {
        return option;
    }

    /** The faults that bring it to light; none if a change of a saga does. */
    Set<Kind> faults() {
        return faults;
    }

    /** Whether it changes commands and their caches. */
    boolean concernsCommands() {
        return !faults.isEmpty();
    }

    /** Whether it changes sagas. */
    boolean concernsSagas() {
        return faults.isEmpty() || isHarmless();
    }

    /** What the agent is told. */
    String agent() {
        return "mutation=" + option;
    }

    /** Whether a run with it has to be clean. */
    boolean isHarmless() {
        return this == DELAYS_ONLY;
    }

    /** A stage of apps that have it. */
    Stage.Plan plan() {
        return new Stage.Plan(false, false, properties, agent(), brokerAgent);
    }
}
