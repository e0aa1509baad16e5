package dev.hivestream.runtime.saga;

import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.cache.Indexed;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.log.Recorded;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.CommandSource;
import dev.hivestream.runtime.message.Fingerprint;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A saga that this instance runs, with what reads and writes it. Thread-safe.
 *
 * @param <E> the events that it reacts to
 * @param <S> state
 * @param <C> the commands that it sends
 */
public record ServedSaga<E, S, C>(SagaType<E, S, C> type, Reactor<E, S, C> reactor,
        SnapshotCodec<Instance<S>> snapshots, int partitions) implements Folded<Instance<S>, Received> {

    /** The sorted set of pending deadlines, by due time. Its members are {@code <deadline>:<saga id>}. */
    public static final String DEADLINES = "deadlines";

    /** What an instance can be, as people see it; each the name of a sorted set, by the time of the last change. */
    public static final List<String> STATUSES = List.of("waiting", "active", "overdue", "parked", "completed",
            "compensated", "ended");

    /** Those of them that are ends. */
    public static final List<String> FINISHED = List.of("completed", "compensated", "ended");

    /** What an event has that its copy in an inbox has not: the inbox has its own time, and reflects no aggregate's commands. */
    public static final Set<String> NOT_IN_INBOX = Set.of(Header.TIME, Header.COMMAND_POSITION);

    /** Raised when the runtime reads or folds instances in another way. */
    private static final int FORMAT = 2;

    /**
     * With codecs of its own.
     *
     * @param partitions of the inbox
     * @param limits of messages and commands
     */
    public static <E, S, C> ServedSaga<E, S, C> of(SagaType<E, S, C> type, int partitions, Reactor.Limits limits) {
        return new ServedSaga<>(type, new Reactor<>(type, limits),
                new SnapshotCodec<>(type.toString(), () -> Instance.initial(type.saga().initialState()),
                        Json.TOLERANT.getTypeFactory().constructParametricType(Instance.class, type.stateType()),
                        new SnapshotCodec.Ends<>() {
                            @Override
                            public SnapshotCodec.@Nullable Tombstone of(Instance<S> instance) {
                                return instance.tombstone();
                            }

                            @Override
                            public Instance<S> state(SnapshotCodec.Tombstone tombstone) {
                                return Instance.ended(type.saga().initialState(), tombstone);
                            }
                        }),
                partitions);
    }

    @Override
    public String name() {
        return type.name();
    }

    /** The CloudEvents source of what it sends. */
    public String source() {
        return CommandSource.saga(name());
    }

    /**
     * The instance that an event is for: the one that it correlates to, else the one whose command it follows from.
     *
     * @param following the event's header {@link Header#SAGA}, if it has one
     * @return null if it is for none
     * @throws Malformed if it cannot be read, or the instance has no valid id
     * @throws RuntimeException whatever the domain throws
     */
    public @Nullable String instanceOf(Received event, @Nullable String following) throws Malformed {
        String id = reactor.correlate(event);
        if (id == null) {
            Cause cause = Cause.of(following);
            id = cause != null && cause.saga().equals(name()) ? cause.id() : null;
        }
        return id == null ? null : Ids.require("id of the saga instance", id);
    }

    /** The saga and the instance whose command a record follows from. */
    public record Cause(String saga, String id) {

        /**
         * Reads the header {@link Header#SAGA}.
         *
         * @return null if it names none
         */
        public static @Nullable Cause of(@Nullable String header) {
            int colon = header == null ? -1 : header.indexOf(':');
            return header == null || colon < 0
                    ? null
                    : new Cause(header.substring(0, colon), header.substring(colon + 1));
        }
    }

    @Override
    public String input() {
        return Topics.inbox(name());
    }

    @Override
    public String log() {
        return Topics.history(name());
    }

    @Override
    public boolean recordsInput() {
        return true;
    }

    @Override
    public Topics.Ids require(Topics topics) {
        return topics.requireSaga(name());
    }

    @Override
    public void requireAll(Topics topics) {
        type.aggregates().forEach(topics::require);
        require(topics);
    }

    @Override
    public String fingerprint(String logTopicId) {
        return Fingerprint.of("saga/" + FORMAT + "/" + type.evolveVersion() + "/" + logTopicId, type.stateType());
    }

    @Override
    public Fold<Instance<S>, Received> fold(int remembered, Replay.Poisoned poisoned) {
        return new HistoryFold<>(reactor, remembered, poisoned, null);
    }

    @Override
    public Fold<Instance<S>, Received> fold(int remembered, Replay.Poisoned poisoned, Fold.Differences differences) {
        return new HistoryFold<>(reactor, remembered, poisoned, differences);
    }

    /** A fold that says what each message did. */
    public HistoryFold<S> history(int remembered) {
        return new HistoryFold<>(reactor, remembered, Replay.Poisoned.KEEP_OUT, null);
    }

    /** The version of a record whose message waits in the history; -1 of any other. */
    public static long heldAt(ConsumerRecord<byte[], byte[]> record) {
        try {
            long version = new Recorded(record).versionOr(-1);
            return version > 0 && HistoryFold.done(record.headers()).how() == Done.How.LATER ? version : -1;
        } catch (Malformed e) {
            return -1;
        }
    }

    @Override
    public List<Indexed> index(String id, Instance<S> instance) {
        List<Indexed> index = new ArrayList<>();
        String shown = instance.shown();
        for (String status : STATUSES) {
            index.add(new Indexed(status, id, status.equals(shown) ? instance.changed() : null));
        }
        // other code may have set others
        Set<String> deadlines = new LinkedHashSet<>(type.deadlines());
        deadlines.addAll(instance.deadlines().keySet());
        deadlines.add(Reactor.EARLY);
        for (String deadline : deadlines) {
            Instance.Deadline pending = instance.deadlines().get(deadline);
            // while it is parked, nothing comes due: what is over by then comes when it goes on
            index.add(new Indexed(DEADLINES, deadline + ":" + id,
                    pending == null || instance.isStill() ? null : pending.due()));
        }
        Instance.Later later = instance.later();
        index.add(new Indexed(DEADLINES, Reactor.LATER + ":" + id,
                later != null && later.feeding() && instance.broken() == null ? instance.changed() : null));
        return index;
    }
}
