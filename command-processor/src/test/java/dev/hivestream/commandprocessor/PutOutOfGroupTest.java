package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.LocalStack;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A consumer whose clock was set back sends no heartbeat until it is as late again, so it does not hear that it is no member
 * of its group any more. Here it sends none for a while since it is set up so.
 */
@Timeout(120)
class PutOutOfGroupTest {

    private static final String CONSUMER = "--spring.cloud.stream.kafka.bindings.input.consumer.configuration.";
    private static final Duration HEARTBEAT = Duration.ofSeconds(90);

    @Test
    void a_consumer_that_does_not_notice_that_it_was_put_out_of_its_group_starts_again() throws Exception {
        try (Processor processor = Processor.start(LocalStack.shared(), "--hive.http.patience=25s",
                CONSUMER + "heartbeat.interval.ms=" + HEARTBEAT.toMillis(),
                CONSUMER + "session.timeout.ms=" + HEARTBEAT.multipliedBy(2).toMillis());
                Admin admin = Admin
                        .create(Map.of("bootstrap.servers", LocalStack.shared().broker().bootstrapServers()))) {
            String place = "/v1/content/" + Wire.id();
            assertThat(processor.post(place + "/create", "{\"text\":\"hello\"}").statusCode()).isEqualTo(200);

            admin.removeMembersFromConsumerGroup("command-processor", new RemoveMembersFromConsumerGroupOptions()).all()
                    .get();

            assertThat(processor.post(place + "/enable", "{}").statusCode()).isEqualTo(200);
        }
    }
}
