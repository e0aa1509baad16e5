package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Result;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.ConfigResource;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A commands topic that takes more than the topic of its dead letters does. */
class OversizedRecordTest {

    private static final String CREATE = "{\"text\":\"hello\"}";
    private static final String COMMANDS = "content.commands";
    private static final String DEAD = "content.commands.dlq";
    private static final int KAFKAS_LIMIT = 1_048_588;

    private static Admin admin;
    private static Processor processor;
    private static Wire wire;

    @BeforeAll
    static void start() throws Exception {
        admin = Admin.create(Map.of("bootstrap.servers", LocalStack.shared().broker().bootstrapServers()));
        // makes the topics
        Processor.start(LocalStack.shared(), "--hive.aggregates=content").close();
        alter(COMMANDS, AlterConfigOp.OpType.SET, 8_000_000);
        alter(DEAD, AlterConfigOp.OpType.SET, KAFKAS_LIMIT);
        processor = Processor.start(LocalStack.shared(), "--hive.aggregates=content");
        wire = new Wire(LocalStack.shared());
    }

    @AfterAll
    static void stop() throws Exception {
        wire.close();
        processor.close();
        alter(COMMANDS, AlterConfigOp.OpType.DELETE, 0);
        alter(DEAD, AlterConfigOp.OpType.SET, 4 * 1024 * 1024);
        admin.close();
    }

    private static void alter(String topic, AlterConfigOp.OpType how, int bytes) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        admin.incrementalAlterConfigs(Map.of(resource,
                List.of(new AlterConfigOp(new ConfigEntry("max.message.bytes", Integer.toString(bytes)), how)))).all()
                .get();
        if (how == AlterConfigOp.OpType.SET) {
            // the broker answers with the new setting a moment after it has accepted it
            soon().until(() -> admin.describeConfigs(List.of(resource)).all().get().get(resource)
                    .get("max.message.bytes").value().equals(Integer.toString(bytes)));
        }
    }

    @Test
    void five_megabytes_of_headers_are_left_out_with_their_number() throws Exception {
        String id = Wire.id();
        ProducerRecord<byte[], byte[]> command = Wire.command("content.create", id, id, CREATE);
        for (int i = 0; i < 50; i++) {
            command.headers().add("x-" + i, new byte[100_000]);
        }
        ConsumerRecord<byte[], byte[]> letter = letterOf(id, command);
        assertThat(Wire.header(letter, Header.DEAD_HEADERS_OMITTED)).isEqualTo("40");
        assertThat(Wire.header(letter, Header.ID)).isEqualTo(id);
        assertThat(Wire.header(letter, Header.DEAD_REASON)).contains("headers");
    }

    @Test
    void a_value_as_large_as_the_topic_takes_is_left_out_with_its_size() throws Exception {
        String id = Wire.id();
        String json = "{\"text\":\"" + "x".repeat(1_048_400 - 11) + "\"}";
        ConsumerRecord<byte[], byte[]> letter = letterOf(id, Wire.command("content.create", id, id, json));
        assertThat(letter.value()).isNull();
        assertThat(Wire.header(letter, Header.DEAD_OMITTED)).isEqualTo("1048400");
        assertThat(Wire.header(letter, Header.DEAD_REASON)).contains("hive.max-message");
    }

    @Test
    void a_header_that_goes_from_a_command_to_its_result_is_left_out_where_it_is_too_large() throws Exception {
        String id = Wire.id();
        ProducerRecord<byte[], byte[]> command = Wire.command("content.create", id, id, CREATE);
        command.headers().add("tracestate", new byte[2_500_000]).add(Header.CORRELATION_ID, new byte[2_500_000]);
        ConsumerRecord<byte[], byte[]> letter = letterOf(id, command);
        assertThat(Wire.header(letter, Header.DEAD_HEADERS_OMITTED)).isEqualTo("2");
    }

    /** Its sender has an answer, and the command behind it is decided. */
    private static ConsumerRecord<byte[], byte[]> letterOf(String id, ProducerRecord<byte[], byte[]> command)
            throws InterruptedException {
        String after = Wire.id(Wire.partitionOf(id));
        RecordMetadata place = wire.send(command, Wire.command("content.create", after, after, CREATE)).getFirst();
        soon().untilAsserted(() -> assertThat(wire.results("content", after)).hasSize(1));
        assertThat(wire.results("content", id)).extracting(Result::code).containsExactly(Result.Code.MALFORMED);
        assertThat(wire.deadLetters(place)).hasSize(1);
        return wire.deadLetters(place).getFirst();
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20));
    }
}
