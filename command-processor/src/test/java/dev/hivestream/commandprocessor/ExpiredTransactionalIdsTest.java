package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A broker forgets transactional ids that were not used for long (a week by default, a moment here). */
@Timeout(180)
@ExtendWith(OutputCaptureExtension.class)
class ExpiredTransactionalIdsTest {

    @Test
    void a_quiet_instance_goes_on_and_says_so_without_stack_traces(@TempDir Path directory, CapturedOutput output)
            throws Exception {
        try (KafkaBroker broker = KafkaBroker.start(directory.resolve("kafka"), Ports.free(),
                Map.of("transactional.id.expiration.ms", "2000",
                        "transaction.remove.expired.transaction.cleanup.interval.ms", "200"));
                RedisServer redis = RedisServer.start(directory.resolve("redis"), Ports.free());
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
                Processor processor = Processor.start(new LocalStack(broker, redis), "--hive.http.patience=25s",
                        "--logging.level.dev.hivestream.runtime.owner=info")) {
            String place = "/v1/content/" + Wire.id();
            assertThat(processor.post(place + "/create", "{\"text\":\"hello\"}").statusCode()).isEqualTo(200);
            Awaitility.await().atMost(Duration.ofSeconds(30))
                    .until(() -> admin.listTransactions().all().get().isEmpty());

            assertThat(processor.post(place + "/enable", "{}").statusCode()).isEqualTo(200);

            assertThat(output.getAll()).containsOnlyOnce("was rolled back and comes again").doesNotContain("ERROR")
                    .doesNotContain("\tat ");
        }
    }
}
