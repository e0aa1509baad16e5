package dev.hivestream.sagamanager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.check.Committed;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Gateway;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The offsets of the saga-managers are lost when no account remembers the commands of a transfer any more. */
@Tag("faults")
class LostOffsetsIT {

    /** More commands than an account remembers. */
    private static final int DEPOSITS = 300;

    @Test
    void a_transfer_that_was_completed_is_not_made_again() throws Exception {
        try (Fleet fleet = new Fleet("lost-offsets");
                Admin admin = Admin.create(Map.of("bootstrap.servers", fleet.stack().broker().bootstrapServers()))) {
            BootApp processor = fleet.app("processor").property("hive.aggregates", "account,transfer");
            BootApp sagas = fleet.sagaManager("sagas").property("hive.sagas", "money-transfer");
            List.of(processor, sagas).forEach(BootApp::start);
            List.of(processor, sagas).forEach(app -> app.awaitReady(Fleet.PATIENCE));
            try (Gateway gateway = new Gateway(processor.url())) {
                for (String account : List.of("ada", "bob")) {
                    post(gateway, "account", account, "open", 0, "{\"owner\":\"" + account + "\"}");
                    post(gateway, "account", account, "deposit", 0, "{\"amount\":1000}");
                }
                transfer(gateway, "one");
                for (int i = 1; i <= DEPOSITS; i++) {
                    post(gateway, "account", "ada", "deposit", i, "{\"amount\":1}");
                    post(gateway, "account", "bob", "deposit", i, "{\"amount\":1}");
                }
            }
            assertThat(commands(fleet, "one")).isEqualTo(2);
            for (BootApp app : List.of(processor, sagas)) {
                app.stop(Fleet.PATIENCE);
            }
            await().atMost(Fleet.PATIENCE).ignoreExceptions().until(() -> {
                admin.deleteConsumerGroups(List.of("saga-manager")).all().get();
                return true;
            });
            List.of(processor, sagas).forEach(BootApp::start);
            List.of(processor, sagas).forEach(app -> app.awaitReady(Fleet.PATIENCE));
            try (Gateway gateway = new Gateway(processor.url())) {
                // a later transfer, whose messages come behind those of the first one
                transfer(gateway, "two");
                assertThat(commands(fleet, "one")).isEqualTo(2);
                assertThat(balance(gateway, "ada")).isEqualTo(1000 + DEPOSITS - 100);
                assertThat(balance(gateway, "bob")).isEqualTo(1000 + DEPOSITS + 100);
            }
        }
    }

    private static void transfer(Gateway gateway, String id) throws Exception {
        post(gateway, "transfer", id, "request", 0, "{\"from\":\"ada\",\"to\":\"bob\",\"amount\":50}");
        await().atMost(Fleet.PATIENCE).ignoreExceptions().until(
                () -> gateway.get("transfer", id).body().path("status").asString("").equals("COMPLETED"));
    }

    /** To accounts, from the instance of a transfer. */
    private static long commands(Fleet fleet, String transfer) {
        return Committed.read(fleet.stack().broker().bootstrapServers(), "account.commands").stream()
                .map(command -> command.headers().lastHeader("ce_saga"))
                .filter(saga -> saga != null && new String(saga.value(), UTF_8).equals("money-transfer:" + transfer))
                .count();
    }

    private static int balance(Gateway gateway, String account) throws Exception {
        return gateway.get("account", account).body().path("balance").asInt();
    }

    private static void post(Gateway gateway, String aggregate, String id, String command, int number, String json)
            throws Exception {
        Gateway.Answer answer = gateway.post(aggregate, id, command,
                aggregate + "-" + id + "-" + command + "-" + number, json);
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    }
}
