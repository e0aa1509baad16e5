package dev.hivestream.local.benchmark;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.TopicPartition;

/** Which command-processor has which partitions of the accounts. */
final class Owners {

    /** What Spring Kafka puts behind the client id of each of several consumers. */
    private static final Pattern CONSUMER = Pattern.compile("-\\d+$");

    private final Admin admin;

    Owners(Admin admin) {
        this.admin = admin;
    }

    /** What the group has given to each app, by its client id, which its consumers share; without those that have nothing. */
    Map<String, Set<Integer>> byClient() throws ExecutionException, InterruptedException {
        return Group.members(admin, Group.APP).stream().filter(member -> !partitions(member).isEmpty())
                .collect(Collectors.groupingBy(member -> CONSUMER.matcher(member.clientId()).replaceFirst(""),
                        Collectors.flatMapping(member -> partitions(member).stream(), Collectors.toSet())));
    }

    private static Set<Integer> partitions(MemberDescription member) {
        return member.assignment().topicPartitions().stream()
                .filter(partition -> partition.topic().equals(AccountLog.COMMANDS)).map(TopicPartition::partition)
                .collect(Collectors.toSet());
    }
}
