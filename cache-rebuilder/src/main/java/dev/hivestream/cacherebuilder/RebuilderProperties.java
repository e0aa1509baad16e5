package dev.hivestream.cacherebuilder;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What the cache-rebuilder is asked to do.
 *
 * @param command What to do: rebuild, activate, verify, dry-run, show, generations, remove, remove-old-format, letters, letter, resend, discard.
 * @param arguments What the command is about: for show an aggregate and an id, for remove a generation, for dead letters an aggregate or a saga.
 * @param generation Generation to build or to verify, instead of a new one or the active one.
 * @param restart Whether a rebuild that was begun and not ended is left alone and a new one begun.
 * @param activate Whether owners and readers change over to the generation once it is built.
 * @param verifyFirst Whether the generation is compared with the log before it is activated.
 * @param keep How many generations are kept after an activation, the new one included; 0 keeps all.
 * @param until Up to where the log is folded: a time (2026-01-31T12:00:00Z), an offset for each partition, or partition=offset pairs.
 * @param follow Whether the cache is kept in step with the log until the app is stopped.
 * @param replica Whether no command-processor works on this Redis, so that the rebuilder activates what it builds itself.
 * @param rate Events that are folded in a second at most; 0 is no limit.
 * @param onPoison What is done about an event that cannot be folded: stop, or park its aggregate and go on.
 * @param repair Whether verify mends what it finds.
 * @param at Up to where show goes: a version or a time.
 * @param json Whether the outcome is printed as JSON.
 * @param dryRun Whether remove-old-format prints what it would remove and removes nothing.
 * @param memory Roughly what snapshots may take in memory; 2/5 of the largest heap if it is not set.
 * @param threads How many partitions are folded at once; as many as there are processors if 0.
 * @param report How often progress is logged.
 * @param owners Consumer group of the command-processors.
 * @param sagaOwners Consumer group of the saga-managers.
 * @param secondLook After what a difference is looked at again: an owner that is writing, or catching up, is done by then.
 * @param letters Which dead letters, and what is told about them.
 * @param patience How long an activation waits for the owners of the partitions.
 */
@ConfigurationProperties("hive.rebuild")
record RebuilderProperties(@DefaultValue("rebuild") Command command, @DefaultValue List<String> arguments,
        @Nullable String generation, @DefaultValue("false") boolean restart, @DefaultValue("false") boolean activate,
        @DefaultValue("true") boolean verifyFirst, @DefaultValue("0") int keep, @Nullable String until,
        @DefaultValue("false") boolean follow, @DefaultValue("false") boolean replica, @DefaultValue("0") long rate,
        @DefaultValue("stop") OnPoison onPoison, @DefaultValue("false") boolean repair, @Nullable String at,
        @DefaultValue("false") boolean json, @DefaultValue("false") boolean dryRun, @Nullable DataSize memory,
        @DefaultValue("0") int threads,
        @DefaultValue("10s") Duration report, @DefaultValue("command-processor") String owners,
        @DefaultValue("saga-manager") String sagaOwners,
        @DefaultValue("1500ms") Duration secondLook, @DefaultValue Letters letters,
        @DefaultValue("30s") Duration patience) {

    RebuilderProperties {
        activate = activate || command == Command.ACTIVATE;
    }

    /** What can be asked for. */
    enum Command {
        REBUILD, ACTIVATE, VERIFY, DRY_RUN, SHOW, GENERATIONS, REMOVE, REMOVE_OLD_FORMAT, LETTERS, LETTER, RESEND, DISCARD;

        /** As on the command line. */
        String wire() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    /** What is done about an event that cannot be folded. */
    enum OnPoison {
        STOP, PARK
    }

    /**
     * Dead letters.
     *
     * @param letter The letter that is meant: partition/offset.
     * @param id The aggregate, or the saga's instance, whose letters are meant.
     * @param all Whether all letters are meant.
     * @param limit How many letters are taken at most, oldest first.
     * @param force Whether a letter is sent again although older ones of its aggregate are open.
     * @param by Who wants it; the user of the operating system if it is not set.
     * @param why Why; wanted when letters are discarded.
     */
    record Letters(@Nullable String letter, @Nullable String id, @DefaultValue("false") boolean all,
            @DefaultValue("1000") int limit, @DefaultValue("false") boolean force, @Nullable String by,
            @Nullable String why) {}

    /** What all snapshots in memory may take. */
    long memoryBytes() {
        return memory == null ? Runtime.getRuntime().maxMemory() / 5 * 2 : memory.toBytes();
    }

    /** How many threads fold. */
    int workers() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
