package dev.hivestream.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaBrokerTest {

    @TempDir
    Path directory;

    @Test
    void keeps_what_was_committed_through_a_kill_and_a_stop() throws Exception {
        try (var broker = KafkaBroker.start(directory, Ports.free(), Map.of("message.max.bytes", "2000000"))) {
            try (var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                admin.createTopics(List.of(new NewTopic("facts", Optional.of(3), Optional.empty()))).all().get();
            }
            commit(broker, "one");

            broker.kill();
            broker.start();
            // the marker of the transaction may have been missing when the broker was killed
            assertThat(Await.until(Duration.ofSeconds(30), () -> read(broker).equals(List.of("one")))).isTrue();
            commit(broker, "two");

            broker.stop();
            assertThat(broker.process().exitCode()).hasValue(143);
            broker.start();
            assertThat(Await.until(Duration.ofSeconds(30), () -> read(broker).equals(List.of("one", "two")))).isTrue();
        }
    }

    private static void commit(KafkaBroker broker, String value) {
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id",
                "test");
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            var _ = producer.send(new ProducerRecord<>("facts", 0, "key", value));
            producer.commitTransaction();
        }
    }

    private static List<String> read(KafkaBroker broker) {
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers(), "isolation.level",
                "read_committed");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            var partition = new TopicPartition("facts", 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            var values = new ArrayList<String>();
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(event -> values.add(event.value()));
            }
            return values;
        }
    }
}
