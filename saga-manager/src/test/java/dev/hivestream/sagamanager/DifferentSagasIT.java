package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Gateway;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Saga-managers that run different sagas, some of them the same, beside each other and in the same groups. */
@Tag("faults")
class DifferentSagasIT {

    private static final int EACH = 8;

    @Test
    void none_of_them_misses_an_event_that_another_one_reads() throws Exception {
        try (Fleet fleet = new Fleet("different-sagas");
                Admin admin = Admin.create(Map.of("bootstrap.servers", fleet.stack().broker().bootstrapServers()))) {
            BootApp processor = fleet.app("processor").property("hive.aggregates", "account,transfer,content,review");
            BootApp transfers = fleet.sagaManager("transfers").property("hive.sagas", "money-transfer");
            BootApp publications = fleet.sagaManager("publications").property("hive.sagas", "publication");
            processor.start();
            transfers.start();
            publications.start();
            processor.awaitReady(Fleet.PATIENCE);
            transfers.awaitReady(Fleet.PATIENCE);
            publications.awaitReady(Fleet.PATIENCE);
            try (Gateway gateway = new Gateway(processor.url())) {
                post(gateway, "account", "ada", "open", "{\"owner\":\"ada\"}");
                post(gateway, "account", "bob", "open", "{\"owner\":\"bob\"}");
                post(gateway, "account", "ada", "deposit", "{\"amount\":1000}");
                work(gateway, "one");

                BootApp all = fleet.sagaManager("all");
                all.start().awaitReady(Fleet.PATIENCE);
                work(gateway, "two");
                assertThat(gateway.get("account", "bob").body().path("balance").asInt()).isEqualTo(2 * EACH);
            }
            assertThat(admin.listGroups().all().get()).extracting(group -> group.groupId())
                    .contains("saga-manager", "saga-router-money-transfer", "saga-router-publication")
                    .doesNotContain("saga-router");
        }
    }

    /** Transfers and publications, each of which must come to its end. */
    private static void work(Gateway gateway, String name) throws Exception {
        for (int i = 0; i < EACH; i++) {
            post(gateway, "transfer", name + i, "request", "{\"from\":\"ada\",\"to\":\"bob\",\"amount\":1}");
            post(gateway, "content", name + i, "create", "{\"text\":\"text\"}");
        }
        await().atMost(Fleet.PATIENCE).untilAsserted(() -> assertThat(statuses(gateway, "transfer", name)).hasSize(EACH)
                .allSatisfy((_, status) -> assertThat(status).isEqualTo("COMPLETED")));
        await().atMost(Fleet.PATIENCE).untilAsserted(() -> assertThat(statuses(gateway, "review", name)).hasSize(EACH)
                .allSatisfy((_, status) -> assertThat(status).isEqualTo("REQUESTED")));
    }

    private static Map<String, String> statuses(Gateway gateway, String aggregate, String name) throws Exception {
        Map<String, String> statuses = new TreeMap<>();
        for (int i = 0; i < EACH; i++) {
            statuses.put(name + i, gateway.get(aggregate, name + i).body().path("status").asString(""));
        }
        return statuses;
    }

    private static void post(Gateway gateway, String aggregate, String id, String command, String json)
            throws Exception {
        Gateway.Answer answer = gateway.post(aggregate, id, command, aggregate + "-" + id + "-" + command, json);
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    }
}
