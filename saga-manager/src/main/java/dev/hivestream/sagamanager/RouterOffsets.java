package dev.hivestream.sagamanager;

import dev.hivestream.runtime.log.StableOffsets;
import dev.hivestream.runtime.log.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides once where the group of a saga's router begins. Earlier versions had one group for the routers of all sagas. If the
 * saga's inbox has records, that group routed to it, and the router continues from the group's offsets; otherwise it begins as
 * {@code start-offset} says. In both cases the offsets are committed before the router consumes, so that a router that crashes
 * in its first batch does not mistake its own records in the inbox for those of the former group. Thread-safe.
 *
 * <p>Several instances may decide at the same time. Kafka refuses the commit once a router has joined the group, and until
 * then all of them commit the same offsets. If a router joins, commits and leaves again between an instance's last check and its
 * commit, the offsets go back: the inbox then gets records again, and instances ignore those that they remember.
 */
final class RouterOffsets {

    private static final Logger LOG = LoggerFactory.getLogger(RouterOffsets.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Admin admin;
    private final String formerGroup;
    private final int partitions;

    /**
     * For the groups of one installation.
     *
     * @param formerGroup of the routers of all sagas
     * @param partitions of each topic
     */
    RouterOffsets(Admin admin, String formerGroup, int partitions) {
        this.admin = admin;
        this.formerGroup = formerGroup;
        this.partitions = partitions;
    }

    /**
     * A saga's router.
     *
     * @param topics that it consumes
     * @param latest whether it begins at the end of the log if nothing was routed to the saga before
     */
    record Start(String saga, Collection<String> topics, String group, boolean latest) {}

    /**
     * Commits the offsets that a router begins with, unless it has begun.
     *
     * @return null if the router may consume; otherwise what it waits for
     * @throws KafkaException if the broker does not answer
     */
    @Nullable
    String prepare(Start router) {
        if (router.group().equals(formerGroup)) {
            return null;
        }
        List<TopicPartition> consumed = router.topics().stream().flatMap(topic -> partitions(topic).stream()).toList();
        StableOffsets own = StableOffsets.of(admin, router.group(), consumed);
        if (!own.committed().isEmpty()) {
            return null;
        }
        if (!own.pending().isEmpty()) {
            return waits(router, router.group(), own);
        }
        ConsumerGroupDescription former = former();
        if (former == null) {
            return null;
        }
        if (!former.members().isEmpty()) {
            return "The router of the saga '" + router.saga() + "' waits until the consumer group '" + formerGroup
                    + "' has no members, which is that of the routers of an earlier version. Stop every saga-manager of "
                    + "that version; the router then continues where it stopped";
        }
        return begin(router, consumed);
    }

    private @Nullable String begin(Start router, List<TopicPartition> consumed) {
        boolean continues = wasRoutedTo(router.saga());
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        if (continues) {
            StableOffsets former = StableOffsets.of(admin, formerGroup, consumed);
            if (!former.pending().isEmpty()) {
                return waits(router, formerGroup, former);
            }
            offsets.putAll(former.committed());
        }
        offsets(consumed.stream().filter(partition -> !offsets.containsKey(partition)).toList(),
                router.latest() ? OffsetSpec.latest() : OffsetSpec.earliest())
                .forEach((partition, found) -> offsets.put(partition, new OffsetAndMetadata(found.offset())));
        // checked after the inbox: records of this group there are visible only with its offsets
        StableOffsets own = StableOffsets.of(admin, router.group(), consumed);
        if (!own.committed().isEmpty()) {
            return null;
        }
        if (!own.pending().isEmpty()) {
            return waits(router, router.group(), own);
        }
        try {
            Topics.get(admin.alterConsumerGroupOffsets(router.group(), offsets).all(), PATIENCE);
        } catch (UnknownMemberIdException e) {
            LOG.debug("Another instance has begun to route to {}", router.saga(), e);
            return null;
        }
        LOG.info(continues
                ? "The router of the saga '{}' continues from the offsets of the consumer group '{}'"
                : "The router of the saga '{}' begins anew: the consumer group '{}' did not route to it",
                router.saga(), formerGroup);
        return null;
    }

    private static String waits(Start router, String group, StableOffsets offsets) {
        return "The router of the saga '" + router.saga()
                + "' waits for a transaction that commits offsets of the consumer "
                + "group '" + group + "' in " + new TreeSet<>(offsets.pending().stream().map(Object::toString).toList())
                + ". The broker ends one that was left open after its transaction.timeout.ms";
    }

    /** The former group, or null if there is none. */
    private @Nullable ConsumerGroupDescription former() {
        try {
            return Topics.get(admin.describeConsumerGroups(List.of(formerGroup)).all(), PATIENCE).values().stream()
                    .findFirst().orElse(null);
        } catch (GroupIdNotFoundException e) {
            return null;
        }
    }

    /**
     * Whether the former group put records into the saga's inbox, which keeps them. The offsets of the inboxes' group say
     * nothing: owners of this version commit them for empty partitions too.
     */
    private boolean wasRoutedTo(String saga) {
        return offsets(partitions(Topics.inbox(saga)), OffsetSpec.latest()).values().stream()
                .anyMatch(end -> end.offset() > 0);
    }

    private Map<TopicPartition, ListOffsetsResultInfo> offsets(Collection<TopicPartition> of, OffsetSpec which) {
        return Topics.offsets(admin, of, which, IsolationLevel.READ_COMMITTED, PATIENCE);
    }

    private List<TopicPartition> partitions(String topic) {
        return IntStream.range(0, partitions).mapToObj(partition -> new TopicPartition(topic, partition)).toList();
    }
}
