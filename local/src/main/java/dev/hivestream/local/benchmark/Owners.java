package dev.hivestream.local.benchmark;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.TopicPartition;

/** Which command-processor has which partitions of the accounts. */
final class Owners {

    private final Admin admin;

    Owners(Admin admin) {
        this.admin = admin;
    }

    /** What the group has given to each member, by the beginning of its client's id; without those that have nothing. */
    Map<String, Set<Integer>> byClient() throws ExecutionException, InterruptedException {
        return Group.members(admin, Group.APP).stream().filter(member -> !partitions(member).isEmpty())
                .collect(Collectors.toMap(MemberDescription::clientId, Owners::partitions));
    }

    private static Set<Integer> partitions(MemberDescription member) {
        return member.assignment().topicPartitions().stream()
                .filter(partition -> partition.topic().equals(AccountLog.COMMANDS)).map(TopicPartition::partition)
                .collect(Collectors.toSet());
    }
}
