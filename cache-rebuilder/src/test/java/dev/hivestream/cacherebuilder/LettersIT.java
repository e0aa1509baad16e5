package dev.hivestream.cacherebuilder;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.message.Slot;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Dead letters from the command line. */
@Tag("faults")
class LettersIT {

    private static final int PARTITIONS = 2;

    private final LocalStack stack = LocalStack.shared();
    private final Rebuilder rebuilder = new Rebuilder(stack, PARTITIONS);

    @Test
    void letters_are_listed_shown_sent_again_and_discarded() throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", stack.broker().bootstrapServers());
        try (Admin admin = Admin.create(settings);
                var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            admin.createTopics(List.of(topic("account.commands"), topic("account.events"))).all().get();
            assertThat(rebuilder.run("letters", "account").andCode(1).err())
                    .contains("no topic 'account.commands.dlq'");
            admin.createTopics(List.of(topic("account.commands.dlq"))).all().get();
            for (String command : List.of("c-1", "c-2", "c-3")) {
                var letter = new ProducerRecord<>("account.commands.dlq", partition(), "a-1", "{\"amount\":500}");
                Map.of("ce_id", command, "ce_type", "account.deposit", "hive_reason", "broken")
                        .forEach((name, value) -> letter.headers().add(name, value.getBytes(UTF_8)));
                producer.send(letter).get();
            }
        }
        assertThat(rebuilder.run("letters", "account").andCode(0).out()).contains("c-1", "c-2", "c-3", "broken");
        String first = partition() + "/0";
        assertThat(rebuilder.run("discard", "account", "--letter", first).andCode(2).err()).contains("Say why");
        assertThat(rebuilder.run("resend", "account").andCode(2).err()).contains("Say which letters");
        assertThat(rebuilder.run("discard", "account", "--letter", first, "--why", "mistyped").andCode(0).out())
                .contains("1 discarded");
        Ran resent = rebuilder.run("resend", "account", "--id", "a-1", "--by", "ada", "--json").andCode(0);
        assertThat(resent.json().path("count").asInt()).isEqualTo(2);
        assertThat(rebuilder.run("resend", "account", "--all", "--json").andCode(0).json().path("count").asInt())
                .isZero();
        assertThat(rebuilder.run("letters", "account").andCode(0).out()).contains("No dead letter");
        assertThat(rebuilder.run("letter", "account", partition() + "/1", "--json").andCode(0).json().at("/done/0/by")
                .asString()).isEqualTo("ada");
    }

    private static int partition() {
        return Slot.of("account", "a-1", PARTITIONS).partition();
    }

    private static NewTopic topic(String name) {
        return new NewTopic(name, Optional.of(PARTITIONS), Optional.empty());
    }
}
