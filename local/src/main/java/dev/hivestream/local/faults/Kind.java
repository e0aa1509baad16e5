package dev.hivestream.local.faults;

import java.util.List;
import java.util.Locale;

/** What can be broken. Two of different parts are broken at once now and then. */
enum Kind {

    APP_KILL(Part.APP, "an app is killed"), //
    APP_PAUSE(Part.APP, "an app stands still for longer than sessions, locks and transactions last"), //
    APP_STOP(Part.APP, "an app is stopped in order"), //
    APP_ROLLING(Part.APP, "all apps are restarted, one after the other"), //
    APP_CLOCK(Part.APP, "an app's clock is set forward or back"), //
    APP_SLOW(Part.APP, "decisions take long, and one does not end"), //
    GROUP_DELETED(Part.APP, "the command-processors are stopped, and their group's offsets are deleted"), //
    BROKER_KILL(Part.BROKER, "a broker is killed"), //
    BROKER_STOP(Part.BROKER, "a broker is restarted in order"), //
    BROKER_PAUSE(Part.BROKER, "a broker stands still"), //
    BROKER_DISK(Part.BROKER, "a broker may not write to its disk any more"), //
    REDIS_KILL(Part.REDIS, "Redis is killed, and loses what it has not saved"), //
    REDIS_EMPTY(Part.REDIS, "Redis starts empty"), //
    REDIS_OLD(Part.REDIS, "Redis is set back to what it was"), //
    REDIS_FLUSH(Part.REDIS, "Redis is emptied"), //
    REDIS_FAILOVER(Part.REDIS, "a replica that lags takes the place of Redis"), //
    RESTORE_FAILOVER(Part.REDIS, "Redis is emptied, and a replica takes its place while partitions are restored"), //
    REDIS_FULL(Part.REDIS, "Redis has no memory left"), //
    REDIS_SLOW(Part.REDIS, "Redis answers late"), //
    REDIS_PAUSE(Part.REDIS, "Redis does not answer"), //
    CACHE_DAMAGE(Part.REDIS, "a snapshot is damaged"), //
    NET_DELAY(Part.NET, "an app's connections are slow"), //
    NET_LOSS(Part.NET, "an app's connections lose packets"), //
    NET_RESET(Part.NET, "an app's connections are reset"), //
    NET_CUT(Part.NET, "an app is cut off, one way"), //
    REBUILD(Part.CACHE, "the cache is rebuilt and activated");

    /** Of the system. */
    enum Part {
        APP, BROKER, REDIS, NET, CACHE
    }

    private final Part part;
    private final String meaning;

    Kind(Part part, String meaning) {
        this.part = part;
        this.meaning = meaning;
    }

    Part part() {
        return part;
    }

    /** As it is written in options and reports. */
    String option() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** For people. */
    String meaning() {
        return meaning;
    }

    /** Whether it can be done to a Redis that is a cluster, which clients reach without links. */
    boolean isForCluster() {
        return part != Part.NET && this != REDIS_SLOW;
    }

    /** Whether readers may see an older state than before. */
    boolean rollsBack() {
        return List.of(REDIS_KILL, REDIS_EMPTY, REDIS_OLD, REDIS_FLUSH, REDIS_FAILOVER, RESTORE_FAILOVER)
                .contains(this);
    }
}
