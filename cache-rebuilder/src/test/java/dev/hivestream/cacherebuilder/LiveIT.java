package dev.hivestream.cacherebuilder;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Fleet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class LiveIT {

    private static final int EVENTS = Integer.getInteger("live.events", 20_000);
    private static final int ACCOUNTS = Integer.getInteger("live.accounts", 1_000);

    @Test
    void a_rebuild_is_what_live_processing_left_key_by_key() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("LiveIT: -Dseed=" + seed);
        try (Fleet fleet = new Fleet("live")) {
            publish(fleet, seed);
            BootApp app = fleet.app("live").property("hive.lock.ttl", "8s")
                    .property("spring.cloud.stream.kafka.bindings.input.consumer.configuration.session.timeout.ms",
                            "15000")
                    .property(
                            "spring.cloud.stream.kafka.binder.transaction.producer.configuration.transaction.timeout.ms",
                            "10000");
            if (EVENTS >= 1_000_000) {
                // long enough for the optimizing compiler to pay off
                app.jvmOptions("-XX:TieredStopAtLevel=4", "-Xmx2g");
            }
            long begun = System.nanoTime();
            app.start().awaitReady(Fleet.PATIENCE);
            awaitDecided(fleet);
            System.out.printf("  %d commands decided in %.0f s%n", EVENTS, (System.nanoTime() - begun) / 1e9);
            assertThat(app.stop(Fleet.PATIENCE)).isEqualTo(143);

            var rebuilder = new Rebuilder(fleet.stack(), Fleet.PARTITIONS);
            Rebuilder.Ran ran = rebuilder.run("--json").andCode(0);
            assertThat(ran.json().path("events").asLong()).isEqualTo(EVENTS);
            System.out.println("  rebuilt: " + ran.json().path("eventsPerSecond") + " events/s");
            Map<String, String> live = rebuilder.snapshots(ran.generation().replace("g2-", "g1-"));
            Map<String, String> rebuilt = rebuilder.snapshots(ran.generation());
            assertThat(live).hasSize(ACCOUNTS);
            assertThat(rebuilt.equals(live)).as("all " + ACCOUNTS + " snapshots").isTrue();
            for (int partition = 0; partition < Fleet.PARTITIONS; partition++) {
                assertThat(checkpoint(rebuilder, partition, ran.generation()))
                        .isEqualTo(checkpoint(rebuilder, partition, ran.generation().replace("g2-", "g1-")));
            }
        }
    }

    /** However long it takes, as long as it goes on. */
    private static void awaitDecided(Fleet fleet) {
        long before = -1;
        while (true) {
            try {
                fleet.awaitQuiet("account");
                return;
            } catch (AssertionError e) {
                long now = fleet.records("account.events");
                if (now == before) {
                    throw e;
                }
                before = now;
            }
        }
    }

    /** Without its nonce, and without the marker that only a reader of the log counts. */
    private static String checkpoint(Rebuilder rebuilder, int partition, String generation) {
        String stored = rebuilder.redis("GET", rebuilder.checkpointKey(partition, generation));
        return stored.substring(stored.indexOf("\"command\""), stored.indexOf("\"nonce\""));
    }

    private static void publish(Fleet fleet, long seed) throws Exception {
        Random random = new Random(seed);
        Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers",
                fleet.stack().broker().bootstrapServers(), "linger.ms", 10, "batch.size", 262_144));
        try (Admin admin = Admin.create(settings);
                var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            admin.createTopics(List.of(new NewTopic("account.commands", Fleet.PARTITIONS, (short) 1))).all().get();
            for (int i = 0; i < EVENTS; i++) {
                boolean open = i < ACCOUNTS;
                String id = "a-" + (open ? i : random.nextInt(ACCOUNTS));
                var record = new ProducerRecord<>("account.commands", id.getBytes(UTF_8),
                        (open ? "{\"owner\":\"o\"}" : "{\"amount\":" + (1 + random.nextInt(100)) + "}")
                                .getBytes(UTF_8));
                record.headers().add("ce_id", ("c-" + i).getBytes(UTF_8)).add("ce_type",
                        (open ? "account.open" : "account.deposit").getBytes(UTF_8));
                var _ = producer.send(record);
            }
        }
    }
}
