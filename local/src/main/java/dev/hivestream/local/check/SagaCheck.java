package dev.hivestream.local.check;

import dev.hivestream.local.check.Gateway.Answer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** Transfers that complete, are refunded and are refused; content that is approved, and content that nobody decides on. */
public final class SagaCheck implements Check {

    @Override
    public String name() {
        return "Sagas";
    }

    @Override
    public void run(Running running, Findings findings) throws Exception {
        try (var gateway = new Gateway(running.url()); var http = HttpClient.newHttpClient()) {
            new Story(running, gateway, http, findings).run();
        }
    }

    /** One run. */
    private record Story(Running running, Gateway gateway, HttpClient http, Findings findings, String ofRun) {

        Story(Running running, Gateway gateway, HttpClient http, Findings findings) {
            // ids of this run only: the data may be older than it
            this(running, gateway, http, findings, Long.toString(System.currentTimeMillis(), Character.MAX_RADIX));
        }

        void run() throws Exception {
            String forgotten = id("forgotten");
            command("content", forgotten, "create", "{\"text\":\"Nobody decides\"}");
            transfers();
            String approved = id("approved");
            command("content", approved, "create", "{\"text\":\"Somebody decides\"}");
            findings.equalSoon("content was created: its review is requested", "REQUESTED",
                    () -> state("review", approved).path("status").asString());
            command("review", approved, "approve", "{\"by\":\"ada\"}");
            findings.equalSoon("… approved: it is enabled", true,
                    () -> state("content", approved).path("enabled").asBoolean());
            findings.equalSoon("… and its instance is completed", "completed",
                    () -> instance("publication", approved).path("status").asString());
            deadline(forgotten);
            findings.equal("the picture of a saga is there", true,
                    get("/actuator/sagadiagrams/money-transfer").startsWith("flowchart"));
        }

        private void transfers() throws Exception {
            String ada = id("ada");
            String bob = id("bob");
            String closed = id("closed");
            for (String account : new String[]{ada, bob, closed}) {
                command("account", account, "open", "{\"owner\":\"o\"}");
            }
            command("account", ada, "deposit", "{\"amount\":100}");
            command("account", closed, "close", "{}");
            transfer("completes", ada, bob, 40, "COMPLETED");
            transfer("goes to a closed account", ada, closed, 10, "REFUNDED");
            transfer("is beyond the balance", bob, ada, 1_000, "REFUSED");
            findings.equal("the balances are what they have to be", "60 40",
                    state("account", ada).path("balance").asLong() + " "
                            + state("account", bob).path("balance").asLong());
            findings.equalSoon("the saga-manager shows how each ended", "completed compensated completed",
                    () -> shown("completes") + " " + shown("goes to a closed account") + " "
                            + shown("is beyond the balance"));
        }

        private String shown(String transfer) throws IOException, InterruptedException {
            return instance("money-transfer", id(transfer.replace(' ', '-'))).path("status").asString();
        }

        private void transfer(String what, String from, String to, long amount, String end) throws Exception {
            String transfer = id(what.replace(' ', '-'));
            command("transfer", transfer, "request",
                    "{\"from\":\"" + from + "\",\"to\":\"" + to + "\",\"amount\":" + amount + "}");
            findings.equalSoon("a transfer that " + what + ": " + end, end,
                    () -> state("transfer", transfer).path("status").asString());
        }

        private void deadline(String content) throws Exception {
            long end = System.nanoTime() + running.reviewWithin().plus(Duration.ofSeconds(10)).toNanos();
            while (!instance("publication", content).path("status").asString().equals("completed")
                    && System.nanoTime() - end < 0) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
            JsonNode line = instance("publication", content);
            findings.equal("content that nobody decides on reaches the deadline of its review", "completed",
                    line.path("status").asString());
            findings.equal("… and stays disabled", false, state("content", content).path("enabled").asBoolean());
            findings.equal("… the deadline stands in its time line, once", 1L, line.path("messages").valueStream()
                    .filter(message -> message.path("type").asString().equals("hive.deadline")).count());
        }

        private String id(String name) {
            return name + "-" + ofRun;
        }

        private void command(String aggregate, String id, String command, String json) throws Exception {
            Answer answer = gateway.post(aggregate, id, command, id + "-" + command, json);
            if (answer.status() != 200) {
                throw new IllegalStateException(command + " of " + aggregate + " " + id + ": " + answer);
            }
        }

        private JsonNode state(String aggregate, String id) throws Exception {
            return gateway.get(aggregate, id).body();
        }

        private JsonNode instance(String saga, String id) throws IOException, InterruptedException {
            return Json.read(get("/actuator/sagas/" + saga + "/" + id));
        }

        private String get(String path) throws IOException, InterruptedException {
            return http
                    .send(HttpRequest.newBuilder(URI.create(running.sagas() + path)).build(), BodyHandlers.ofString())
                    .body();
        }
    }
}
