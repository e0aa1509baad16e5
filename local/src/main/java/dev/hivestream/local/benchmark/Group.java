package dev.hivestream.local.benchmark;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** A consumer group that reads a topic, seen from outside: it does not matter what kind of program its member is. */
final class Group {

    /** That of the command-processors. */
    static final String APP = "command-processor";
    private static final int LOOK_MILLIS = 5;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Bench bench;
    private final Admin admin;
    private final String name;
    private final Map<TopicPartition, Long> ends;

    /** A group that need not be there yet; the topic is, and is not written to any more. */
    Group(Bench bench, Admin admin, String name, String topic) throws ExecutionException, InterruptedException {
        this.bench = bench;
        this.admin = admin;
        this.name = name;
        var all = Objects.requireNonNull(admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic))
                .partitions().stream().collect(Collectors.toMap(
                        partition -> new TopicPartition(topic, partition.partition()), _ -> OffsetSpec.latest()));
        this.ends = admin.listOffsets(all).all().get().entrySet().stream().filter(end -> end.getValue().offset() > 0)
                .collect(Collectors.toMap(Map.Entry::getKey, end -> end.getValue().offset()));
    }

    /** Waits until the group has the partitions and then until it has read them; gives the seconds between the two. */
    double read() throws ExecutionException, InterruptedException {
        awaitAssigned();
        long start = System.nanoTime();
        await(this::isRead);
        return (System.nanoTime() - start) / 1e9;
    }

    /** Waits until the group has the partitions. */
    void awaitAssigned() throws ExecutionException, InterruptedException {
        await(() -> assigned().containsAll(ends.keySet()));
    }

    /** How many records it has read, as far as that is committed. */
    long committed() throws ExecutionException, InterruptedException {
        return admin.listConsumerGroupOffsets(name).partitionsToOffsetAndMetadata().get().entrySet().stream()
                .filter(offset -> ends.containsKey(offset.getKey()) && offset.getValue() != null)
                .mapToLong(offset -> offset.getValue().offset()).sum();
    }

    /** Something that may become true. */
    private interface Condition {

        boolean holds() throws ExecutionException, InterruptedException;
    }

    private void await(Condition condition) throws ExecutionException, InterruptedException {
        long start = System.nanoTime();
        while (!condition.holds()) {
            bench.requireRunning();
            if (System.nanoTime() - start > PATIENCE.toNanos() + 1_000L * events()) {
                throw new Failure("The result is wrong: the group " + name + " has not come to the end of the log");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    /** How many records there are to be read. */
    long events() {
        return ends.values().stream().mapToLong(Long::longValue).sum();
    }

    private Set<TopicPartition> assigned() throws ExecutionException, InterruptedException {
        return members(admin, name).stream().flatMap(member -> member.assignment().topicPartitions().stream())
                .collect(Collectors.toSet());
    }

    /** The members of a group; none if there is no such group. */
    static List<MemberDescription> members(Admin admin, String group) throws ExecutionException, InterruptedException {
        try {
            return admin.describeConsumerGroups(List.of(group)).all().get().values().stream()
                    .flatMap(described -> described.members().stream()).toList();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return List.of();
            }
            throw e;
        }
    }

    private boolean isRead() throws ExecutionException, InterruptedException {
        var committed = admin.listConsumerGroupOffsets(name).partitionsToOffsetAndMetadata().get();
        return ends.entrySet().stream().allMatch(end -> {
            var offset = committed.get(end.getKey());
            return offset != null && offset.offset() >= end.getValue();
        });
    }
}
