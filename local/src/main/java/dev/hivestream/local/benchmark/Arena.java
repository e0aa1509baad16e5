package dev.hivestream.local.benchmark;

import dev.hivestream.local.Await;
import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.NewTopic;

/** One broker and one Redis for contenders that take turns: each finds nothing of the others there. */
final class Arena implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final LocalStack stack;
    private final Admin admin;

    /** Starts both. */
    Arena(Bench bench) {
        var redis = bench.redis();
        stack = new LocalStack(bench.broker(), redis);
        admin = Admin.create(Map.of("bootstrap.servers", stack.broker().bootstrapServers()));
    }

    LocalStack stack() {
        return stack;
    }

    Admin admin() {
        return admin;
    }

    /** Removes all topics, what is in Redis, and the group of the apps; nobody may be at work. */
    void clear() throws ExecutionException, InterruptedException {
        if (admin.listGroups().all().get().stream().map(GroupListing::groupId).anyMatch(Group.APP::equals)) {
            admin.deleteConsumerGroups(List.of(Group.APP)).all().get();
        }
        admin.deleteTopics(topics()).all().get();
        if (!Await.until(PATIENCE, () -> topics().isEmpty())) {
            throw new Failure("The topics were not deleted: " + topics());
        }
        stack.redis().call("FLUSHALL");
        stack.redis().call("CONFIG", "RESETSTAT");
    }

    private Set<String> topics() {
        try {
            return admin.listTopics().names().get();
        } catch (ExecutionException e) {
            throw new Failure("The topics cannot be listed: " + e.getCause());
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    /** Creates a topic without records. */
    void create(String topic, int partitions) throws ExecutionException, InterruptedException {
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all()
                .get();
    }

    @Override
    public void close() {
        admin.close();
    }
}
