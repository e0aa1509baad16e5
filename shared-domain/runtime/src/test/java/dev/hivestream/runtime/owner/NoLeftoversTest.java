package dev.hivestream.runtime.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.log.Topics;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;

@Timeout(60)
class NoLeftoversTest {

    private final Stand stand = Stand.unmade();

    @Test
    void a_producer_that_failed_to_commit_offsets_is_not_used_again() {
        stand.ids();
        var factory = new DefaultKafkaProducerFactory<Object, Object>(
                Map.of("bootstrap.servers", Stand.STACK.broker().bootstrapServers(), "key.serializer",
                        ByteArraySerializer.class, "value.serializer", ByteArraySerializer.class));
        factory.setTransactionIdPrefix(stand.group + "-");
        factory.addPostProcessor(new NoLeftovers());
        try {
            Producer<Object, Object> first = factory.createProducer();
            String firstId = id(first);
            first.beginTransaction();
            var nobody = new ConsumerGroupMetadata(stand.group, 7, "nobody", Optional.empty());
            assertThatThrownBy(() -> first.sendOffsetsToTransaction(
                    Map.of(new TopicPartition(Topics.commands(stand.served.name()), 0), new OffsetAndMetadata(3)),
                    nobody))
                    .isInstanceOf(CommitFailedException.class);
            first.abortTransaction();
            first.close();

            Producer<Object, Object> again = factory.createProducer();
            assertThat(id(again)).isEqualTo(firstId);
            assertThatThrownBy(again::beginTransaction).isInstanceOf(NoLeftovers.Spoiled.class)
                    .hasMessageContaining("another producer takes its place");
            again.close();

            Producer<Object, Object> other = factory.createProducer();
            assertThat(id(other)).isNotEqualTo(firstId);
            other.beginTransaction();
            other.commitTransaction();
            other.close();
            assertThat(id(factory.createProducer())).as("one that works is kept").isEqualTo(id(other));
        } finally {
            factory.destroy();
        }
    }

    private static String id(Producer<Object, Object> producer) {
        return producer.metrics().keySet().stream().map(name -> name.tags().get("client-id")).filter(id -> id != null)
                .findFirst().orElseThrow();
    }
}
