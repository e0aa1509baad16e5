package dev.hivestream.local;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The leaders of a topic that was created just now. */
public final class Leaders {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Leaders() {}

    /**
     * Waits until all partitions have one: a leader that does not take the first batch yet may take the second, and the
     * first never after that.
     *
     * @throws IllegalStateException if they have none within a minute, or the broker cannot be asked
     */
    public static void await(Admin admin, String topic, int partitions) {
        if (!Await.until(PATIENCE, () -> areKnown(admin, topic, partitions))) {
            throw new IllegalStateException(
                    "The topic " + topic + " is not known within " + PATIENCE.toSeconds() + " s");
        }
    }

    private static boolean areKnown(Admin admin, String topic, int partitions) {
        try {
            admin.listOffsets(IntStream.range(0, partitions).boxed().collect(Collectors.toMap(
                    partition -> new TopicPartition(topic, partition), _ -> OffsetSpec.latest()))).all().get();
            return true;
        } catch (ExecutionException e) {
            // a broker that is busy knows of the topic later
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return false;
            }
            throw new IllegalStateException("The leaders of " + topic + " cannot be asked for", e.getCause());
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }
}
