package dev.hivestream.local.faults.agent;

import dev.hivestream.local.check.Fleet;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/** What mutated code calls. */
public final class Hooks {

    /** The owner of an account that is not opened, as long as decisions are slow. */
    public static final String STUCK = "stuck";

    private static final int STUCK_MILLIS = 40_000;
    private static final int SLOW_PERCENT = 3;
    private static final int FAILING_PERCENT = 10;
    private static final int REWOUND = 30;
    private static volatile int slow;
    private static final Set<Object> SEEN = Collections
            .synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private Hooks() {}

    /** Makes a narrow window wide. */
    public static void linger(int atMostMillis) {
        sleep(ThreadLocalRandom.current().nextInt(atMostMillis));
    }

    private static void sleep(int millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How long decisions take from now on, some of them; 0: they are not slow. */
    static void slow(int atMostMillis) {
        slow = atMostMillis;
    }

    /** A decision on a command. */
    public static void decides(Object command) {
        int atMostMillis = slow;
        if (atMostMillis == 0) {
            return;
        }
        if (command.toString().contains(STUCK)) {
            sleep(STUCK_MILLIS);
        } else if (ThreadLocalRandom.current().nextInt(100) < SLOW_PERCENT) {
            linger(atMostMillis);
        }
    }

    /** The partition that a key belongs to; -1 if that is the one where it is, or there is no key. */
    public static int away(byte @Nullable [] key, TopicPartition where) {
        if (key == null) {
            return -1;
        }
        int owner = Utils.toPositive(Utils.murmur2(key)) % Fleet.PARTITIONS;
        return owner == where.partition() ? -1 : owner;
    }

    /** A commit that does not come about. */
    public static void failNowAndThen() {
        if (ThreadLocalRandom.current().nextInt(100) < FAILING_PERCENT) {
            throw new IllegalStateException("The agent lets this batch fail before its commit");
        }
    }

    /** Whether it was asked about the same object before. */
    public static boolean isAgain(Object object) {
        return !SEEN.add(object);
    }

    /** The group without what its coordinator knows a member by. */
    public static ConsumerGroupMetadata anybody(ConsumerGroupMetadata member) {
        return new ConsumerGroupMetadata(member.groupId());
    }

    /** Now and then lets a consumer read again what is committed. */
    public static void rewind(Consumer<byte[], byte[]> consumer) {
        if (ThreadLocalRandom.current().nextInt(100) >= 3) {
            return;
        }
        for (TopicPartition partition : List.copyOf(consumer.assignment())) {
            consumer.seek(partition, Math.max(0, consumer.position(partition) - REWOUND));
        }
    }
}
