package dev.hivestream.cacherebuilder;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.cloud.stream.binder.test.InputDestination;
import org.springframework.cloud.stream.binder.test.TestChannelBinderConfiguration;
import org.springframework.cloud.stream.binding.BindingsLifecycleController;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.core.env.Environment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.MessageBuilder;

/** The function is bound to the events topics, and is given batches whole. Nothing here needs a broker or a Redis. */
@SpringBootTest(properties = {"spring.kafka.bootstrap-servers=127.0.0.1:9", "spring.data.redis.url=redis://127.0.0.1:9",
        "spring.cloud.stream.bindings.input.consumer.auto-startup=true"}, webEnvironment = SpringBootTest.WebEnvironment.NONE)
@Import({TestChannelBinderConfiguration.class, WiringTest.Taking.class})
class WiringTest {

    @Autowired
    private InputDestination input;
    @Autowired
    private Environment environment;
    @Autowired
    private Following following;

    @TestConfiguration
    static class Taking {

        @Bean
        Console console() {
            return new Console(System.out, System.err);
        }

        @Bean
        @Primary
        Following taken(Progress progress, Stopping stopping, RebuilderProperties properties,
                BindingsLifecycleController controller) {
            return new Taken(controller, progress, stopping, properties);
        }
    }

    private static final class Taken extends Following {
        private List<ConsumerRecord<byte[], byte[]>> batch = List.of();

        private Taken(BindingsLifecycleController bindings, Progress progress, Stopping stopping,
                RebuilderProperties properties) {
            super(bindings, null, null, null, progress, stopping, properties);
        }

        @Override
        void fold(List<ConsumerRecord<byte[], byte[]>> records) {
            batch = records;
        }
    }

    @Test
    void the_destinations_are_the_events_topics_of_the_domain() {
        assertThat(environment.getProperty("spring.cloud.stream.bindings.input.destination"))
                .isEqualTo("account.events,content.events,review.events,transfer.events");
        assertThat(environment.getProperty("spring.cloud.stream.bindings.input.group")).isEqualTo("cache-rebuilder");
        assertThat(environment.getProperty(
                "spring.cloud.stream.kafka.bindings.input.consumer.configuration.isolation.level"))
                .isEqualTo("read_committed");
    }

    @Test
    void a_batch_reaches_the_cache_with_all_that_the_fold_reads() {
        Message<List<byte[]>> batch = MessageBuilder
                .withPayload(List.of("{\"owner\":\"a\"}".getBytes(UTF_8), "{\"amount\":5}".getBytes(UTF_8)))
                .setHeader(KafkaHeaders.RECEIVED_KEY, List.of("a".getBytes(UTF_8), "b".getBytes(UTF_8)))
                .setHeader(KafkaHeaders.RECEIVED_TOPIC, List.of("account.events", "account.events"))
                .setHeader(KafkaHeaders.RECEIVED_PARTITION, List.of(3, 4))
                .setHeader(KafkaHeaders.OFFSET, List.of(7L, 9L))
                .setHeader(KafkaHeaders.BATCH_CONVERTED_HEADERS,
                        List.of(Map.of("ce_sequence", "1".getBytes(UTF_8)),
                                Map.of("ce_type", "account.deposited".getBytes(UTF_8))))
                .build();

        input.send(batch);

        List<ConsumerRecord<byte[], byte[]>> records = ((Taken) following).batch;
        assertThat(records).hasSize(2);
        assertThat(records.getFirst().key()).isEqualTo("a".getBytes(UTF_8));
        assertThat(records.getFirst().offset()).isEqualTo(7);
        assertThat(records.getFirst().headers().lastHeader("ce_sequence").value()).isEqualTo("1".getBytes(UTF_8));
        assertThat(records.getLast().partition()).isEqualTo(4);
        assertThat(records.getLast().value()).isEqualTo("{\"amount\":5}".getBytes(UTF_8));
    }
}
