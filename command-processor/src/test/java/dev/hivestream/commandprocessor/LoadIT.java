package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.Deposits;
import dev.hivestream.local.check.Event;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Load;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class LoadIT {

    private static final int CLIENTS = 64;
    private static final int DEPOSITS = Integer.getInteger("deposits", 4_000);

    @Test
    void every_200_is_one_event_and_the_balance_is_the_sum() throws Exception {
        try (Fleet fleet = new Fleet("load");
                Processor processor = Processor.start(fleet.stack(), Fleet.arguments())) {
            Deposits one = new Deposits("one", 1, DEPOSITS, 0, 1);
            Deposits thousand = new Deposits("many", 1_000, DEPOSITS, 0, 2);
            send(fleet, processor, "open", one.opening());
            send(fleet, processor, "open", thousand.opening());
            send(fleet, processor, DEPOSITS + " deposits to one account", one);
            send(fleet, processor, DEPOSITS + " deposits to 1000 accounts", thousand);

            EventLog log = fleet.requireClean("account");
            assertThat(fleet.history().answers()).hasSize(2 * DEPOSITS + 1_001);
            assertThat(log.events()).hasSize(2 * DEPOSITS + 1_001);
            assertThat(processor.get("/v1/account/one-0").headers().firstValue("ETag"))
                    .contains("\"" + (DEPOSITS + 1) + "\"");
            Map<String, Long> sums = log.events().stream().filter(event -> event.type().equals("account.deposited"))
                    .collect(Collectors.groupingBy(Event::id, Collectors.summingLong(LoadIT::amount)));
            assertThat(sums).containsEntry("one-0", one.sum.get());
            assertThat(sums.values().stream().mapToLong(sum -> sum).sum())
                    .isEqualTo(one.sum.get() + thousand.sum.get());
            for (String id : List.of("one-0", "many-0", "many-999")) {
                assertThat(JsonMapper.shared().readTree(processor.get("/v1/account/" + id).body()).path("balance")
                        .asLong()).isEqualTo(sums.getOrDefault(id, 0L));
            }
        }
    }

    private static void send(Fleet fleet, Processor processor, String what,
            java.util.function.Supplier<Load.Command> commands) throws InterruptedException {
        String url = processor.uri("").toString();
        try (Load load = new Load(fleet.history(), List.of(url), CLIENTS, commands)) {
            assertThat(load.awaitEnd(Duration.ofMinutes(3))).isTrue();
            System.out.println(what + ": " + load);
            assertThat(load.surprises()).isEmpty();
            assertThat(load.heard()).containsOnlyKeys("200");
        }
    }

    private static long amount(Event event) {
        return JsonMapper.shared().readTree(event.payload()).path("amount").asLong();
    }
}
