package dev.hivestream.local.faults.agent;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.common.TopicPartition;

/** What mutated code calls. */
public final class Hooks {

    private static final int FAILING_PERCENT = 10;
    private static final int REWOUND = 30;
    private static final Set<Object> SEEN = Collections
            .synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private Hooks() {}

    /** Makes a narrow window wide. */
    public static void linger(int atMostMillis) {
        try {
            TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextInt(atMostMillis));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
