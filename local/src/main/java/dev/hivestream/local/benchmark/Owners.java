package dev.hivestream.local.benchmark;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Which command-processor has which partitions of the accounts. */
final class Owners {

    private static final String GROUP = "command-processor";

    private final Admin admin;

    Owners(Admin admin) {
        this.admin = admin;
    }

    /** What the group has given to each member, by the beginning of its client's id; without those that have nothing. */
    Map<String, Set<Integer>> byClient() throws ExecutionException, InterruptedException {
        try {
            return admin.describeConsumerGroups(List.of(GROUP)).all().get().values().stream()
                    .flatMap(group -> group.members().stream())
                    .filter(member -> !partitions(member).isEmpty())
                    .collect(Collectors.toMap(MemberDescription::clientId, Owners::partitions));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return Map.of();
            }
            throw e;
        }
    }

    private static Set<Integer> partitions(MemberDescription member) {
        return member.assignment().topicPartitions().stream()
                .filter(partition -> partition.topic().equals(AccountLog.COMMANDS)).map(TopicPartition::partition)
                .collect(Collectors.toSet());
    }
}
