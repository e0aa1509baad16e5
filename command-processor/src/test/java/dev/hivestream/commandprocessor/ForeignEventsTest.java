package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Header;
import java.time.Duration;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.json.JsonMapper;

/** Events that somebody else appended while a partition is owned: the owner notices them when it appends behind them. */
@Timeout(120)
class ForeignEventsTest {

    @AutoClose
    private static Processor processor;
    @AutoClose
    private static Wire wire;

    @BeforeAll
    static void start() throws Exception {
        processor = Processor.start(LocalStack.shared(), "--hive.aggregates=content");
        wire = new Wire(LocalStack.shared());
    }

    @Test
    void the_partition_is_restored_and_repeated_versions_are_reported() throws Exception {
        String own = Wire.id(0);
        String foreign = Wire.id(Wire.partitionOf(own));
        assertThat(create(own).statusCode()).isEqualTo(200);
        int before = violations();

        wire.send(created(foreign, 1), created(foreign, 2), created(foreign, 1));
        assertThat(processor.post("/v1/content/" + own + "/edit", "{\"text\":\"behind them\"}").statusCode())
                .isEqualTo(200);

        await().atMost(Duration.ofSeconds(30)).untilAsserted(
                () -> {
                    var state = processor.get("/v1/content/" + foreign);
                    assertThat(state.headers().firstValue("ETag")).as(state.body()).contains("\"2\"");
                });
        assertThat(violations()).isEqualTo(before + 1);
        assertThat(processor.get("/actuator/health").body()).contains(foreign);
        await().atMost(Duration.ofSeconds(30)).untilAsserted(
                () -> assertThat(processor.post("/v1/content/" + foreign + "/edit", "{\"text\":\"third\"}").headers()
                        .firstValue("ETag")).contains("\"3\""));
    }

    @Test
    void a_single_event_directly_after_a_restore_is_noticed_too() throws Exception {
        // nothing has been committed to this partition since the start
        String own = Wire.id(1);
        String foreign = Wire.id(1);

        wire.send(created(foreign, 1));
        assertThat(create(own).statusCode()).isEqualTo(200);

        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(
                processor.get("/v1/content/" + foreign).headers().firstValue("ETag")).contains("\"1\""));
        assertThat(processor.get("/v1/content/" + own).headers().firstValue("ETag")).contains("\"1\"");
    }

    private static java.net.http.HttpResponse<String> create(String id) throws Exception {
        return processor.post("/v1/content/" + id + "/create", "{\"text\":\"first\"}");
    }

    private static int violations() throws Exception {
        return JsonMapper.shared().readTree(processor.get("/actuator/health").body())
                .findPath("versionViolations").asInt();
    }

    private static ProducerRecord<byte[], byte[]> created(String id, int version) {
        ProducerRecord<byte[], byte[]> event = new ProducerRecord<>("content.events", Wire.partitionOf(id),
                Wire.utf8(id), Wire.utf8("{\"text\":\"from outside\",\"enabled\":false}"));
        event.headers().add(Header.ID, Wire.utf8(id + ":" + version)).add(Header.TYPE, Wire.utf8("content.created"))
                .add(Header.DATA_VERSION, Wire.utf8("2")).add(Header.SEQUENCE, Wire.utf8("" + version));
        return event;
    }
}
