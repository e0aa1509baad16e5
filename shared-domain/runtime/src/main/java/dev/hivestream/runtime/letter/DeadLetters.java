package dev.hivestream.runtime.letter;

import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.saga.Received;
import dev.hivestream.runtime.saga.ServedSaga;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;

/**
 * Lists dead letters, shows them, sends them again and discards them. What was done about a letter stands behind it in its
 * partition, with who wanted it and why; it is written in the transaction that sends the letter again, so a letter about
 * which something was done is not sent a second time, by whatever instance. Thread-safe.
 */
public final class DeadLetters {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);
    private static final int LETTERS_AT_ONCE = 500;
    private static final long BYTES_AT_ONCE = 8 * 1024 * 1024;
    /** How many an answer names. */
    private static final int NAMED = 100;
    /** What a letter has beside its record, and what says where that record has been. */
    private static final Set<String> LEFT_BEHIND = Set.of(Header.DEAD_REASON, Header.DEAD_TRACE, Header.DEAD_ORIGIN,
            Header.LETTER, Header.FORWARDED_FROM);

    private static final Set<String> UNROUTED = Stream.concat(LEFT_BEHIND.stream(), ServedSaga.NOT_IN_INBOX.stream())
            .collect(Collectors.toUnmodifiableSet());

    /** A letter that stays where it is. */
    private static final class Held extends Exception {
        private static final long serialVersionUID = 1L;

        Held(String why) {
            super(why);
        }
    }

    private final Map<String, Letterbox> boxes = new HashMap<>();
    private final Admin admin;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final Function<String, Producer<byte[], byte[]>> producers;
    private final HiveProperties properties;
    private final Clock clock;

    /**
     * @param consumers give a new consumer: read_committed, no group
     * @param producers give a new producer with a transactional id
     */
    public DeadLetters(FoldedLogs logs, Admin admin, Supplier<Consumer<byte[], byte[]>> consumers,
            Function<String, Producer<byte[], byte[]>> producers, HiveProperties properties, Clock clock) {
        logs.byName().forEach((name, folded) -> boxes.put(name, Letterbox.of(folded)));
        this.admin = admin;
        this.consumers = consumers;
        this.producers = producers;
        this.properties = properties;
        this.clock = clock;
    }

    /** How many letters are open, by aggregate or saga. */
    public Map<String, Long> open() {
        Map<String, Long> open = new LinkedHashMap<>();
        boxes.keySet().stream().sorted().forEach(name -> {
            try (Look look = look(box(name))) {
                open.put(name, look.partitions().stream().mapToLong(partition -> look.open(partition).count()).sum());
            }
        });
        return open;
    }

    /**
     * The open letters, of each partition the oldest first.
     *
     * @param id of the aggregate; null for all
     * @throws Refused if there is no such aggregate or saga, or the limit is invalid
     */
    public List<Map<String, Object>> list(String name, @Nullable String id, int limit) {
        Order.requireValid(limit);
        List<Map<String, Object>> letters = new ArrayList<>();
        try (Look look = look(box(name))) {
            for (TopicPartition partition : look.partitions()) {
                look.readOpen(partition, look.open(partition), letter -> {
                    if (letters.size() < limit && (id == null || id.equals(letter.key()))) {
                        letters.add(letter.summary());
                    }
                    return letters.size() < limit;
                });
            }
        }
        return letters;
    }

    /** One letter whole, open or not, with what was done about it. */
    public Map<String, Object> show(String name, Place place) {
        try (Look look = look(box(name))) {
            TopicPartition partition = partition(look, place);
            Letter letter = require(look, partition, place);
            Map<String, Object> shown = letter.whole();
            List<Map<String, Object>> done = new ArrayList<>();
            look.read(partition, place.offset() + 1, record -> {
                Letter later = new Letter(record);
                if (place.equals(later.fateOf())) {
                    done.add(later.fate());
                }
                return true;
            });
            shown.put("open", done.isEmpty());
            shown.put("done", done);
            return shown;
        }
    }

    /**
     * Sends letters again, those of an aggregate in their order and each once. A letter whose value was too large to be
     * kept cannot be sent, nor what stands behind it of its aggregate; a saga's command is not sent, for the saga was told
     * that it failed. An event that could not be routed to a saga is routed now, if the domain of this process can.
     */
    public Map<String, Object> resend(String name, Order order) {
        return act(box(name), order, Letter.RESENT);
    }

    /** Does away with letters. The reason has to be told. */
    public Map<String, Object> discard(String name, Order order) {
        if (order.reason() == null || order.reason().isBlank()) {
            throw new Refused(Refused.Why.WRONG, "Say why: what is discarded is not decided any more");
        }
        return act(box(name), order, Letter.DISCARDED);
    }

    private Map<String, Object> act(Letterbox box, Order order, String action) {
        Desk desk;
        try (Producer<byte[], byte[]> producer = producers.apply(box.transactionalId())) {
            desk = new Desk(box, order, action, producer);
            desk.work();
        }
        LOG.info("{} dead letters of {} {} for {}{}", desk.done, box.name(), action.substring("hive.".length()),
                Ids.printable(order.by()), order.reason() == null ? "" : ": " + Ids.printable(order.reason()));
        return desk.outcome();
    }

    /** One order while it is carried out. */
    private final class Desk {

        private final Letterbox box;
        private final Order order;
        private final String action;
        private final Producer<byte[], byte[]> producer;
        private final List<String> named = new ArrayList<>();
        private final List<Map<String, Object>> held = new ArrayList<>();
        /** Aggregates that have a letter which cannot be sent: those behind it wait. */
        private final Set<String> heldIds = new HashSet<>();
        private int done;
        private int under;
        private long bytes;
        private boolean more;

        Desk(Letterbox box, Order order, String action, Producer<byte[], byte[]> producer) {
            this.box = box;
            this.order = order;
            this.action = action;
            this.producer = producer;
        }

        void work() {
            try {
                // from here on nobody else can end what he began, and all that others ended is seen
                producer.initTransactions();
                through();
            } catch (ProducerFencedException | InvalidProducerEpochException e) {
                throw new Refused(Refused.Why.CONFLICT,
                        "Somebody else has begun to work at the letters of " + box.name()
                                + "; " + done + " were done before. Look, and ask again");
            } catch (KafkaException e) {
                abort();
                throw new Refused(Refused.Why.BUSY, "The broker did not take it: "
                        + NestedExceptionUtils.getMostSpecificCause(e) + "; " + done
                        + " were done before. Ask again");
            } catch (Refused e) {
                abort();
                throw e;
            }
        }

        private void through() {
            try (Look look = look(box)) {
                if (order.letter() != null) {
                    one(look, order.letter());
                } else {
                    for (TopicPartition partition : look.partitions()) {
                        look.readOpen(partition, look.open(partition), this::take);
                    }
                }
                commit();
            }
        }

        private void one(Look look, Place place) {
            TopicPartition partition = partition(look, place);
            Letter wanted = require(look, partition, place);
            Look.Open open = look.open(partition);
            if (!open.has(place.offset())) {
                hold(wanted, "something was done about it before");
                return;
            }
            if (action.equals(Letter.RESENT) && !order.force()) {
                look.readOpen(partition, open, older -> {
                    if (older.place().equals(place)) {
                        return false;
                    }
                    if (older.key() != null && Arrays.equals(older.record().key(), wanted.record().key())) {
                        throw new Refused(Refused.Why.CONFLICT, "The letter " + older.place() + " of '" + older.key()
                                + "' is older and open: send it again or discard it first, or force this one");
                    }
                    return true;
                });
            }
            take(wanted);
        }

        private boolean take(Letter letter) {
            if (order.id() != null && !order.id().equals(letter.key())) {
                return true;
            }
            if (done + under >= order.limit()) {
                more = true;
                return false;
            }
            ProducerRecord<byte[], byte[]> copy = null;
            if (action.equals(Letter.RESENT)) {
                try {
                    requireSendable(letter);
                    copy = isUnrouted(letter) ? routed(letter) : copy(letter);
                } catch (Held e) {
                    hold(letter, String.valueOf(e.getMessage()));
                    return true;
                }
            }
            if (under == 0) {
                producer.beginTransaction();
            }
            if (copy != null) {
                var _ = producer.send(copy);
            }
            var _ = producer.send(fate(letter));
            if (named.size() < NAMED) {
                named.add(letter.place().toString());
            }
            under++;
            bytes += letter.record().serializedValueSize();
            if (under >= LETTERS_AT_ONCE || bytes >= BYTES_AT_ONCE) {
                commit();
            }
            return true;
        }

        private void commit() {
            if (under > 0) {
                producer.commitTransaction();
                done += under;
                under = 0;
                bytes = 0;
            }
        }

        /** What is under way is as if it had never been. */
        private void abort() {
            if (under > 0) {
                try {
                    producer.abortTransaction();
                } catch (KafkaException | IllegalStateException e) {
                    LOG.debug("The broker ends the transaction when its time is over", e);
                }
            }
        }

        private void requireSendable(Letter letter) throws Held {
            if (letter.header(Header.SAGA) != null && box.router() == null) {
                throw new Held("a saga was told that this command failed, and may have made up for it");
            }
            if (letter.header(Header.DEAD_OMITTED) != null) {
                throw holding(letter, "its value was too large to be kept");
            }
            if (letter.header(Header.DEAD_HEADERS_OMITTED) != null || letter.header(Header.DEAD_KEY_OMITTED) != null) {
                throw holding(letter, "its headers or its key were too large to be kept");
            }
            if (isUnrouted(letter) && box.router() == null) {
                throw holding(letter,
                        "it is not from " + box.input() + " but from " + letter.header(Header.DEAD_ORIGIN));
            }
            if (!order.force() && heldIds.contains(letter.key())) {
                throw holding(letter, "an older one of '" + letter.key() + "' is open");
            }
        }

        /** Those of its aggregate that are behind it are held too. */
        private Held holding(Letter letter, String why) {
            if (letter.key() != null) {
                heldIds.add(letter.key());
            }
            return new Held(why);
        }

        /** Whether it has never been in the input. */
        private boolean isUnrouted(Letter letter) {
            String origin = letter.header(Header.DEAD_ORIGIN);
            return origin != null && !origin.startsWith(box.input() + "/");
        }

        private void hold(Letter letter, String why) {
            if (held.size() < NAMED) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("letter", letter.place().toString());
                entry.put("why", why);
                held.add(entry);
            }
        }

        private ProducerRecord<byte[], byte[]> copy(Letter letter) {
            ConsumerRecord<byte[], byte[]> record = letter.record();
            int partition = record.key() == null
                    ? record.partition() % properties.partitions()
                    : Slot.partitionOf(record.key(), properties.partitions());
            return copy(letter, partition, record.key(), LEFT_BEHIND);
        }

        /** An event as the router would put it into the inbox; null if it is for no instance. */
        private @Nullable ProducerRecord<byte[], byte[]> routed(Letter letter) throws Held {
            String id;
            try {
                id = Objects.requireNonNull(box.router()).instanceOf(Received.of(letter.record()),
                        letter.header(Header.SAGA));
            } catch (Malformed e) {
                throw holding(letter, "it still cannot be routed: " + e.getMessage());
            } catch (Throwable e) {
                throw holding(letter,
                        "the saga '" + box.name() + "' still fails to correlate it: " + DomainFault.of(e));
            }
            if (id == null) {
                return null;
            }
            ProducerRecord<byte[], byte[]> copy = copy(letter, Slot.partitionOf(utf8(id), properties.partitions()),
                    utf8(id), UNROUTED);
            copy.headers().add(Header.TIME, utf8(Instant.now(clock).toString()));
            return copy;
        }

        private ProducerRecord<byte[], byte[]> copy(Letter letter, int partition, byte @Nullable [] key,
                Set<String> without) {
            ConsumerRecord<byte[], byte[]> record = letter.record();
            ProducerRecord<byte[], byte[]> copy = new ProducerRecord<>(box.input(), partition, key, record.value());
            record.headers().forEach(header -> {
                if (!without.contains(header.key())) {
                    copy.headers().add(header);
                }
            });
            copy.headers().add(Header.LETTER, utf8(box.topic() + "/" + letter.place()));
            return copy;
        }

        private ProducerRecord<byte[], byte[]> fate(Letter letter) {
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("letter", letter.place().toString());
            told.put("action", action.substring("hive.".length()));
            told.put("by", order.by());
            if (order.reason() != null) {
                told.put("why", order.reason());
            }
            if (letter.header(Header.ID) != null) {
                told.put("commandId", letter.header(Header.ID));
            }
            ProducerRecord<byte[], byte[]> fate = new ProducerRecord<>(box.topic(), letter.record().partition(),
                    letter.record().key(), Json.TOLERANT.writeValueAsBytes(told));
            Map.of(Header.SPEC_VERSION, "1.0", Header.ID, UUID.randomUUID().toString(), Header.TYPE, action,
                    Header.SOURCE, "/hive/" + properties.instance(), Header.TIME, Instant.now(clock).toString(),
                    Header.CONTENT_TYPE, "application/json", Header.LETTER, box.topic() + "/" + letter.place())
                    .forEach((name, value) -> fate.headers().add(name, utf8(value)));
            return fate;
        }

        Map<String, Object> outcome() {
            Map<String, Object> outcome = new LinkedHashMap<>();
            outcome.put("name", box.name());
            outcome.put("action", action.substring("hive.".length()));
            outcome.put("count", done);
            outcome.put("letters", named);
            outcome.put("held", held);
            outcome.put("more", more);
            return outcome;
        }
    }

    private Letterbox box(String name) {
        Letterbox box = boxes.get(name);
        if (box == null) {
            throw new Refused(Refused.Why.UNKNOWN, "There is no aggregate and no saga '" + name + "' here; known are "
                    + boxes.keySet().stream().sorted().toList());
        }
        return box;
    }

    private Look look(Letterbox box) {
        Consumer<byte[], byte[]> consumer = consumers.get();
        try {
            return new Look(box, admin, consumer);
        } catch (RuntimeException e) {
            consumer.close();
            throw e;
        }
    }

    private static TopicPartition partition(Look look, Place place) {
        return look.partitions().stream().filter(partition -> partition.partition() == place.partition()).findFirst()
                .orElseThrow(() -> unknown(place));
    }

    private static Letter require(Look look, TopicPartition partition, Place place) {
        List<Letter> found = new ArrayList<>();
        look.read(partition, place.offset(), record -> {
            Letter letter = new Letter(record);
            if (record.offset() == place.offset() && letter.fateOf() == null) {
                found.add(letter);
            }
            return false;
        });
        if (found.isEmpty()) {
            throw unknown(place);
        }
        return found.getFirst();
    }

    private static Refused unknown(Place place) {
        return new Refused(Refused.Why.UNKNOWN, "There is no letter at " + place);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
