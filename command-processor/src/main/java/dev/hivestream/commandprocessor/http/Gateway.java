package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Outages;
import dev.hivestream.runtime.ServedAggregates;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Puts commands on their topic, outside any transaction, and finds their results: one way in, one order, one writer a
 * partition. It reads all results from before a command on, and keeps those that are meant for it; when nobody has waited
 * for a while it reads none, and skips those that came meanwhile before the next command. Of commands that are decided in
 * this process it hears sooner than it could read: while there are no others it reads now and then, many at once.
 * Thread-safe.
 */
public final class Gateway implements SmartLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final String NOT_YET = "The results are not read yet";
    private static final Duration DRAIN = Duration.ofSeconds(3);
    private static final Duration IDLE = Duration.ofSeconds(5);
    private static final Duration AWAKE = Duration.ofSeconds(2);
    /** A command that is decided in this process and was not answered in that time may have another owner by now. */
    private static final Duration SOON = Duration.ofMillis(200);
    /** No results are left unread for longer. */
    private static final Duration UNREAD = Duration.ofMillis(500);
    private static final long LOOK_NANOS = Duration.ofMillis(20).toNanos();
    /** After so many times the longest queue a command is waited for no more: its result may never come. */
    private static final int LOST = 3;
    /** So many are no queue: an owner that is new, or a machine that stands still for a moment, is no overload. */
    private static final int ALWAYS_TAKEN = 256;

    /** A command that waits for its result. */
    private record Ticket(String aggregate, String id, CommandIdentity command) {}

    /** Several requests with one id wait for one result. */
    private static final class Wait {
        private final String commandId;
        private final CompletableFuture<Result> result = new CompletableFuture<>();
        private int waiters;

        private Wait(String commandId) {
            this.commandId = commandId;
        }
    }

    /**
     * A command to be published.
     *
     * @param aggregate its type
     * @param id of the aggregate
     * @param source of the command, which the sender did not choose
     * @param commandId its id, which the sender may have chosen
     * @param type its wire name
     * @param headers beside those that every command has
     * @param identity of source, id, type and body
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Request(String aggregate, String id, String source, String commandId, String type, byte[] body,
            Map<String, String> headers, CommandIdentity identity) {}

    private final ServedAggregates served;
    private final HiveProperties properties;
    private final HttpProperties http;
    private final Outages outages;
    private final Predicate<TopicPartition> isDecidedHere;
    private final Reflections reflections;
    private final Clock clock;
    private final Producer<byte[], byte[]> producer;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final Map<Ticket, Wait> waits = new ConcurrentHashMap<>();
    private final Map<Slot, Backlog<Ticket>> backlogs = new ConcurrentHashMap<>();
    /** Of all partitions, for an owner goes from one to the next and stays with each as long as it has something. */
    private final Backlog<Ticket> everything;
    private final AtomicInteger inFlight = new AtomicInteger();
    /** Those of them that are decided in another process, for all that is known here. */
    private final AtomicInteger elsewhere = new AtomicInteger();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile boolean listening;
    /** Whoever completes it wakes the reader. Null while results are read. */
    private volatile @Nullable Sleep sleep;
    private volatile boolean draining;
    private volatile @Nullable Thread reader;

    /**
     * @param isDecidedHere whether the commands of a partition are decided in this process now
     * @param consumers give a new consumer: read_committed, no group, auto.offset.reset=latest
     */
    public Gateway(ServedAggregates served, HiveProperties properties, HttpProperties http, Outages outages,
            Predicate<TopicPartition> isDecidedHere, Reflections reflections, Clock clock,
            Producer<byte[], byte[]> producer,
            Supplier<Consumer<byte[], byte[]>> consumers) {
        this.served = served;
        this.properties = properties;
        this.http = http;
        this.outages = outages;
        this.isDecidedHere = isDecidedHere;
        this.reflections = reflections;
        this.clock = clock;
        this.producer = producer;
        this.consumers = consumers;
        this.everything = backlog();
    }

    private Backlog<Ticket> backlog() {
        return new Backlog<>(System::nanoTime, http.maxQueue());
    }

    /** Nobody waits: no results are read. */
    private static final class Sleep {
        private final CountDownLatch wanted = new CountDownLatch(1);
        private final CountDownLatch over = new CountDownLatch(1);
    }

    /** The command was surely not published. */
    static final class NotTaken extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final boolean overload;

        NotTaken(String why, boolean overload) {
            // without a stack trace, which takes longer than all else about a refusal
            super(why, null, false, false);
            this.overload = overload;
        }

        boolean overload() {
            return overload;
        }
    }

    /** The command has been, or may have been, published; {@code result} completes if its result is seen. */
    record Taken(CompletableFuture<Result> result, Runnable forget) {}

    /**
     * Publishes a command.
     *
     * @throws NotTaken if it was surely not published
     */
    Taken send(Request request) {
        requireAble();
        String commandId = request.commandId();
        Ticket ticket = new Ticket(request.aggregate(), request.id(), request.identity());
        Slot slot = Slot.of(request.aggregate(), request.id(), properties.partitions());
        requireShort(backlog(slot));
        TopicPartition commands = new TopicPartition(Topics.commands(request.aggregate()), slot.partition());
        boolean isElsewhere = !isDecidedHere.test(commands);
        Wait wait = join(ticket, commandId, isElsewhere);
        CompletableFuture<Result> unpublished = new CompletableFuture<>();
        try {
            requireListening();
            ProducerRecord<byte[], byte[]> command = command(commands, request);
            backlog(slot).published(ticket);
            everything.published(ticket);
            producer.send(command, (metadata, failure) -> {
                if (failure != null) {
                    over(slot, ticket);
                    LOG.warn("The command {} was perhaps not published: {}", commandId, failure.toString());
                    if (surelyNot(failure)) {
                        unpublished.completeExceptionally(new NotTaken(String.valueOf(failure.getMessage()), false));
                    }
                }
            });
        } catch (KafkaException e) {
            over(slot, ticket);
            leave(ticket, wait, isElsewhere);
            throw new NotTaken("The command could not be published: " + e.getMessage(), false);
        } catch (NotTaken e) {
            leave(ticket, wait, isElsewhere);
            throw e;
        }
        CompletableFuture<Result> either = wait.result.applyToEither(unpublished, result -> result);
        return new Taken(either, () -> leave(ticket, wait, isElsewhere));
    }

    /** Why no command can be taken now, or null. */
    public @Nullable String unable() {
        if (draining) {
            return "This instance is being stopped";
        }
        if (outages.broker() != null) {
            return "The broker does not answer";
        }
        String redis = outages.redis();
        if (redis != null) {
            return redis.startsWith(Outages.OUT_OF_MEMORY) ? Outages.OUT_OF_MEMORY : "Redis does not answer";
        }
        return listening || sleep != null ? null : NOT_YET;
    }

    /** After it has joined those who wait: from then on the reader does not go to sleep. */
    private void requireListening() {
        Sleep asleep = sleep;
        if (asleep != null) {
            asleep.wanted.countDown();
            try {
                if (!asleep.over.await(AWAKE.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new NotTaken(NOT_YET, false);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new NotTaken(NOT_YET, false);
            }
        }
        if (!listening) {
            throw new NotTaken(NOT_YET, false);
        }
    }

    private void requireAble() {
        String unable = unable();
        if (unable != null) {
            throw new NotTaken(unable, false);
        }
    }

    private Backlog<Ticket> backlog(Slot slot) {
        return backlogs.computeIfAbsent(slot, none -> backlog());
    }

    private void over(Slot slot, Ticket ticket) {
        backlog(slot).over(ticket);
        everything.over(ticket);
    }

    /** Who is taken is decided soon: a queue that only grows would make all of them wait in vain. */
    private void requireShort(Backlog<Ticket> backlog) {
        everything.age(lost());
        if (everything.size() < ALWAYS_TAKEN) {
            return;
        }
        Duration expected = Stream.of(backlog.age(lost()), backlog.atThisPace(), everything.atThisPace())
                .max(Comparator.naturalOrder()).orElseThrow();
        if (expected.compareTo(http.maxQueue()) > 0) {
            throw new NotTaken("The command would have to wait for " + expected.toSeconds() + " s",
                    true);
        }
    }

    private Duration lost() {
        return http.maxQueue().multipliedBy(LOST);
    }

    private Wait join(Ticket ticket, String commandId, boolean isElsewhere) {
        if (inFlight.incrementAndGet() > http.maxInFlight()) {
            inFlight.decrementAndGet();
            throw new NotTaken("More than " + http.maxInFlight() + " requests wait for their results", true);
        }
        if (isElsewhere && elsewhere.getAndIncrement() == 0) {
            LockSupport.unpark(reader);
        }
        return Objects.requireNonNull(waits.compute(ticket, (same, known) -> {
            Wait wait = known == null ? new Wait(commandId) : known;
            wait.waiters++;
            return wait;
        }));
    }

    private void leave(Ticket ticket, Wait wait, boolean isElsewhere) {
        inFlight.decrementAndGet();
        if (isElsewhere) {
            elsewhere.decrementAndGet();
        }
        Wait left = waits.computeIfPresent(ticket,
                (same, known) -> known == wait && --known.waiters == 0 ? null : known);
        if (left != wait) {
            // nobody waits any more; what waits for the cache on its behalf ends too
            wait.result.cancel(false);
        }
    }

    private ProducerRecord<byte[], byte[]> command(TopicPartition commands, Request request) {
        byte[] key = utf8(request.id());
        ProducerRecord<byte[], byte[]> command = new ProducerRecord<>(commands.topic(), commands.partition(), key,
                request.body());
        Headers headers = command.headers();
        headers.add(Header.SPEC_VERSION, utf8("1.0")).add(Header.ID, utf8(request.commandId()))
                .add(Header.TYPE, utf8(request.type()))
                .add(Header.SOURCE, utf8(request.source())).add(Header.SUBJECT, key)
                .add(Header.TIME, utf8(Instant.now(clock).toString()))
                .add(Header.CONTENT_TYPE, utf8("application/json")).add(Header.REPLY_TO, utf8(properties.instance()));
        request.headers().forEach((name, value) -> headers.add(name, utf8(value)));
        return command;
    }

    private static boolean surelyNot(Exception failure) {
        return failure instanceof RecordTooLargeException || failure instanceof SerializationException
                || failure instanceof AuthorizationException;
    }

    private void read() {
        Map<TopicPartition, Long> positions = new HashMap<>();
        while (stopped.getCount() > 0) {
            try (Consumer<byte[], byte[]> results = consumers.get()) {
                List<TopicPartition> partitions = served.byName().keySet().stream()
                        .flatMap(aggregate -> IntStream.range(0, properties.partitions())
                                .mapToObj(i -> new TopicPartition(Topics.results(aggregate), i)))
                        .toList();
                results.assign(partitions);
                if (positions.isEmpty()) {
                    positions.putAll(results.endOffsets(partitions));
                }
                positions.forEach(results::seek);
                while (stopped.getCount() > 0) {
                    awake(results, positions);
                    readWhileWaitedFor(results, positions);
                    sleepUnlessWaitedFor();
                }
            } catch (WakeupException | InterruptedException e) {
                return;
            } catch (KafkaException e) {
                LOG.warn("The results cannot be read now: {}", e.toString());
                try {
                    if (stopped.await(1, TimeUnit.SECONDS)) {
                        return;
                    }
                } catch (InterruptedException interrupted) {
                    return;
                }
            }
        }
    }

    private void readWhileWaitedFor(Consumer<byte[], byte[]> results, Map<TopicPartition, Long> positions) {
        long since = System.nanoTime();
        while (stopped.getCount() > 0 && System.nanoTime() - since < IDLE.toNanos()) {
            for (ConsumerRecord<byte[], byte[]> result : results.poll(Duration.ofMillis(500))) {
                arrived(result);
                positions.put(new TopicPartition(result.topic(), result.partition()), result.offset() + 1);
            }
            if (inFlight.get() > 0 || isAnyOpen()) {
                since = System.nanoTime();
            }
            pauseUnlessNeeded();
        }
    }

    /** Until there is a command of which nobody in this process will tell, or may not tell. */
    private void pauseUnlessNeeded() {
        long since = System.nanoTime();
        while (stopped.getCount() > 0 && elsewhere.get() == 0 && everything.age(lost()).compareTo(SOON) < 0
                && System.nanoTime() - since < UNREAD.toNanos()) {
            LockSupport.parkNanos(this, LOOK_NANOS);
        }
    }

    /** Also of those for which nobody waits the results are read: they make the queue. */
    private boolean isAnyOpen() {
        return !everything.age(lost()).isZero();
    }

    /** Who joins those who wait looks whether it sleeps afterwards, and it looks whether somebody waits afterwards. */
    private void sleepUnlessWaitedFor() throws InterruptedException {
        Sleep asleep = new Sleep();
        sleep = asleep;
        if (inFlight.get() == 0) {
            listening = false;
            while (stopped.getCount() > 0 && !asleep.wanted.await(500, TimeUnit.MILLISECONDS)) {
                // nobody waits
            }
        }
    }

    /** The results that came while it slept are for nobody. */
    private void awake(Consumer<byte[], byte[]> results, Map<TopicPartition, Long> positions) {
        Sleep asleep = sleep;
        if (asleep != null && !listening) {
            results.endOffsets(positions.keySet()).forEach((partition, end) -> {
                results.seek(partition, end);
                positions.put(partition, end);
            });
            backlogs.clear();
            everything.clear();
        }
        listening = true;
        sleep = null;
        if (asleep != null) {
            asleep.over.countDown();
        }
    }

    private void arrived(ConsumerRecord<byte[], byte[]> record) {
        if (!properties.instance().equals(Header.text(record.headers(), Header.REPLY_TO))) {
            return;
        }
        try {
            Result result = Json.TOLERANT.readValue(record.value(), Result.class);
            Ticket ticket = ticket(record.headers(), result);
            if (ticket == null) {
                return;
            }
            Slot slot = new Slot(result.aggregate(), record.partition());
            over(slot, ticket);
            Wait wait = waits.get(ticket);
            if (wait == null) {
                return;
            }
            String text = Header.text(record.headers(), Header.COMMAND_POSITION);
            Position position = text == null ? Position.NONE : Position.parse(text);
            if (position.equals(Position.NONE)) {
                wait.result.complete(result);
            } else {
                // a rejection, too, tells of events that whoever reads next has to see
                CompletableFuture<Void> shown = reflections.shows(slot, position);
                var _ = shown.thenRun(() -> wait.result.complete(result));
                // the wait may be over before, by its time-out for one
                var _ = wait.result.whenComplete((given, ended) -> shown.cancel(false));
            }
        } catch (RuntimeException e) {
            // whatever it is: who waits for other results goes on
            LOG.error("The result at {}/{}/{} cannot be read", record.topic(), record.partition(), record.offset(), e);
        }
    }

    /** Whose result it is. One of format 1 does not name the command's source: it is for whoever waits for that id. */
    private @Nullable Ticket ticket(Headers headers, Result result) {
        org.apache.kafka.common.header.Header identity = headers.lastHeader(Header.COMMAND);
        CommandIdentity command = identity == null ? null : CommandIdentity.read(identity.value());
        return command != null
                ? new Ticket(result.aggregate(), result.id(), command)
                : waits.entrySet().stream()
                        .filter(wait -> wait.getKey().aggregate().equals(result.aggregate())
                                && wait.getKey().id().equals(result.id())
                                && wait.getValue().commandId.equals(result.commandId()))
                        .map(Map.Entry::getKey).findFirst().orElse(null);
    }

    /**
     * Told by the owner in this process of a result that is committed and that the cache shows: nobody has to wait until it
     * is read. Quick; does not throw.
     */
    public void answered(Slot slot, CommandIdentity command, Result result) {
        Ticket ticket = new Ticket(result.aggregate(), result.id(), command);
        over(slot, ticket);
        Wait wait = waits.get(ticket);
        if (wait != null) {
            wait.result.complete(result);
        }
    }

    /** Takes no more commands, and waits a moment for the results of those that were taken. */
    void drain() {
        draining = true;
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (!waits.isEmpty() && System.nanoTime() < deadline) {
            CompletableFuture<?>[] open = waits.values().stream().map(wait -> wait.result)
                    .toArray(CompletableFuture[]::new);
            try {
                CompletableFuture.allOf(open).orTimeout(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)
                        .exceptionally(late -> null).join();
            } finally {
                Thread.yield();
            }
        }
        new ArrayList<>(waits.values()).forEach(wait -> wait.result.cancel(false));
    }

    @Override
    public void start() {
        reader = Thread.ofPlatform().daemon().name("results").start(this::read);
    }

    @Override
    public void stop() {
        stopped.countDown();
        Thread thread = reader;
        reader = null;
        try {
            if (thread != null) {
                thread.join(Duration.ofSeconds(2));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        producer.close(Duration.ofSeconds(2));
    }

    @Override
    public boolean isRunning() {
        return reader != null;
    }

    /** After the web server, which needs it; stops after its requests are answered. */
    @Override
    public int getPhase() {
        return 0;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
